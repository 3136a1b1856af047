//! The libraries of Evotor Cloud: in which header the token travels.

use std::sync::Arc;

use http::header::HeaderName;
use polyptych_providers::Evotor;
use polyptych_providers::evotor::ADDRESS;
use polyptych_transport::Auth;

use super::{Problem, Wanted, no_version};
use crate::config::{AuthKind, LibraryConfig};
use crate::domain::ImageLibrary;

const X_AUTHORIZATION: HeaderName = HeaderName::from_static("x-authorization");

pub(super) fn open(wanted: &Wanted<'_>) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let settings = wanted.settings(ADDRESS, auth(wanted.config))?;
    no_version(wanted.config)?;
    Ok(Arc::new(Evotor::new(settings)?))
}

fn auth(config: &LibraryConfig) -> Auth {
    match config.auth {
        Some(AuthKind::XAuthorization) => Auth::Header(X_AUTHORIZATION),
        Some(AuthKind::Bearer) | None => Auth::Bearer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ProviderKind, TokenConfig};

    #[test]
    fn the_header_of_a_token_is_the_usual_or_the_chosen_one() {
        let usual = LibraryConfig::new(ProviderKind::Evotor, TokenConfig::Env("T".to_owned()));
        assert_eq!(auth(&usual), Auth::Bearer);
        let other = LibraryConfig { auth: Some(AuthKind::XAuthorization), ..usual };
        assert_eq!(auth(&other), Auth::Header(X_AUTHORIZATION));
    }
}
