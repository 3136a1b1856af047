//! Who a token belongs to. Every login has a library of its own; a token without a configured login has one derived
//! from it, so that two tokens never share a library by accident.

use crate::digest::{hex, sha256};
use crate::settings::{Role, Settings, Token};

/// The most bytes of a login.
const LONGEST_LOGIN: usize = 255;

/// The login of a token's owner, in lower case.
pub(crate) fn own_login(token: &Token) -> String {
    match &token.login {
        Some(login) => login.to_lowercase(),
        None => format!("user-{}", &hex(&sha256(token.value.as_bytes()))[..8]),
    }
}

/// Why a client login cannot be acted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// An agency named no client.
    Missing,
    /// The login does not exist, or is not this owner's client.
    Unknown,
    /// The token does not cover the login.
    NoRights,
}

/// The login whose library a call works on. Logins are compared in lower case, `client` may be empty.
///
/// # Errors
/// See [`Denied`].
pub(crate) fn advertiser(settings: &Settings, token: &Token, client: &str) -> Result<String, Denied> {
    let login = named(settings, token, client)?;
    if token.covers(&login) { Ok(login) } else { Err(Denied::NoRights) }
}

fn named(settings: &Settings, token: &Token, client: &str) -> Result<String, Denied> {
    let own = own_login(token);
    let client = client.to_lowercase();
    if client.is_empty() {
        return if token.role == Role::Agency { Err(Denied::Missing) } else { Ok(own) };
    }
    let listed = &settings.yandex.logins;
    let named = listed.is_empty() || listed.iter().any(|login| login.to_lowercase() == client);
    let exists = named && client.len() <= LONGEST_LOGIN;
    if client == own && token.role != Role::Agency {
        Ok(own)
    } else if token.role == Role::Advertiser || !exists {
        Err(Denied::Unknown)
    } else {
        Ok(client)
    }
}

/// The token of an `Authorization` header with the scheme `Bearer`; `None` when absent or of another form.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ')).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_of_the_owner_decides_about_client_logins() {
        let mut settings = Settings::default();
        settings.yandex.logins = vec!["Client".to_owned()];
        let token = |role| Token { login: Some("me".to_owned()), role, ..Token::new("t") };
        let listed = settings.clone();
        let asked = |role, client: &str| advertiser(&listed, &token(role), client);
        assert_eq!(asked(Role::Either, ""), Ok("me".to_owned()));
        assert_eq!(asked(Role::Either, "CLIENT"), Ok("client".to_owned()));
        assert_eq!(asked(Role::Either, "other"), Err(Denied::Unknown));
        assert_eq!(asked(Role::Advertiser, "client"), Err(Denied::Unknown));
        assert_eq!(asked(Role::Agency, ""), Err(Denied::Missing));
        settings.yandex.logins.clear();
        let long = "x".repeat(256);
        assert_eq!(advertiser(&settings, &token(Role::Either), &long), Err(Denied::Unknown));
        assert_eq!(bearer("Bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
    }
}
