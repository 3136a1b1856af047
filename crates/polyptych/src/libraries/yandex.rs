//! The libraries of Yandex Direct: which host, which version, and whose token it is.

use std::sync::Arc;

use polyptych_providers::{
    YandexEncoding, YandexIdentity, YandexLive4, YandexLogins, YandexV5, YandexV5Version as Version, live4, yandex_v5,
};
use polyptych_transport::Auth;

use super::{Problem, Wanted, connection, no_version, unknown_version};
use crate::config::{Encoding, LibraryConfig, ProviderKind, TokenConfig, Zone};
use crate::domain::ImageLibrary;

pub(super) fn v5(wanted: &Wanted<'_>, logins: &YandexLogins) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let config = wanted.config;
    let settings = wanted.settings(address(config)?, Auth::Bearer)?;
    let version = match config.version.as_deref() {
        None | Some("v5") => Version::V5,
        Some("v501") => Version::V501,
        Some(other) => return Err(unknown_version(other, "v5 or v501")),
    };
    let mut library = YandexV5::new(settings, encoding(wanted), version)?.with_identity(identity(wanted, logins)?);
    if config.operator_units == Some(true) {
        library = library.with_operator_units();
    }
    match config.uploads_per_call {
        None => {}
        Some(images @ 1..=100) => library = library.with_uploads_per_call(images),
        Some(_) => return Err(Problem::Range("uploads_per_call", "1 to 100")),
    }
    match config.upload_bytes_per_call {
        None => {}
        Some(0) => return Err(Problem::Range("upload_bytes_per_call", "at least 1")),
        Some(bytes) => library = library.with_upload_bytes_per_call(bytes),
    }
    Ok(Arc::new(library))
}

pub(super) fn live4(wanted: &Wanted<'_>, logins: &YandexLogins) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let config = wanted.config;
    let settings = wanted.settings(address(config)?, Auth::InBody)?;
    no_version(config)?;
    let language = config.language.as_deref().unwrap_or(connection::LANGUAGE);
    let library = YandexLive4::new(settings, encoding(wanted), language)?;
    Ok(Arc::new(library.with_identity(identity(wanted, logins)?)))
}

/// The provider's own address; it is of no use where an endpoint is configured, which names the host already.
fn address(config: &LibraryConfig) -> Result<&'static str, Problem> {
    let sandbox = config.sandbox == Some(true);
    if config.endpoint.is_some() && config.zone.is_some() {
        return Err(Problem::TwoHosts("zone"));
    }
    if config.endpoint.is_some() && sandbox {
        return Err(Problem::TwoHosts("sandbox"));
    }
    let live4 = config.provider == ProviderKind::YandexDirectLive4;
    let zone = config.zone.unwrap_or(if live4 { Zone::Ru } else { Zone::Com });
    Ok(match (live4, zone, sandbox) {
        (false, Zone::Com, false) => yandex_v5::ADDRESS,
        (false, Zone::Com, true) => yandex_v5::SANDBOX,
        (false, Zone::Ru, false) => yandex_v5::ADDRESS_RU,
        (false, Zone::Ru, true) => yandex_v5::SANDBOX_RU,
        (true, Zone::Com, _) => return Err(Problem::NoSuchHost),
        (true, Zone::Ru, false) => live4::ADDRESS,
        (true, Zone::Ru, true) => live4::SANDBOX,
    })
}

fn encoding(wanted: &Wanted<'_>) -> YandexEncoding {
    if wanted.encoding == Encoding::Soap { YandexEncoding::Soap } else { YandexEncoding::Json }
}

fn identity(wanted: &Wanted<'_>, logins: &YandexLogins) -> Result<YandexIdentity, Problem> {
    let config = wanted.config;
    let clients = config.clients.iter().flatten().map(|login| carried("clients", login.clone()));
    Ok(YandexIdentity {
        credential: place(wanted.id, config),
        login: config.login.clone().map(|login| carried("login", login)).transpose()?,
        logins: logins.clone(),
        clients: clients.collect::<Result<_, _>>()?,
    })
}

/// A login that a header can carry.
fn carried(setting: &'static str, login: String) -> Result<String, Problem> {
    let fits = (1..=256).contains(&login.len()) && login.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(login) } else { Err(Problem::Login(setting, login.chars().take(100).collect())) }
}

/// What tells the place of a token from others, so that libraries of one token are known as such. Not the token.
fn place(id: &str, config: &LibraryConfig) -> String {
    match &config.token {
        TokenConfig::Env(name) => format!("env {name}"),
        TokenConfig::File(path) => format!("file {}", path.display()),
        TokenConfig::Fixed(_) => format!("library {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_host_can_be_chosen() {
        use ProviderKind::{YandexDirectLive4, YandexDirectV5};
        let library = |provider, zone, sandbox| LibraryConfig {
            zone,
            sandbox,
            ..LibraryConfig::new(provider, TokenConfig::Env("T".to_owned()))
        };
        for (provider, zone, sandbox, expected) in [
            (YandexDirectV5, None, None, "https://api.direct.yandex.com"),
            (YandexDirectV5, Some(Zone::Com), Some(true), "https://api-sandbox.direct.yandex.com"),
            (YandexDirectV5, Some(Zone::Ru), Some(false), "https://api.direct.yandex.ru"),
            (YandexDirectV5, Some(Zone::Ru), Some(true), "https://api-sandbox.direct.yandex.ru"),
            (YandexDirectLive4, None, None, "https://api.direct.yandex.ru"),
            (YandexDirectLive4, Some(Zone::Ru), Some(true), "https://api-sandbox.direct.yandex.ru"),
        ] {
            assert_eq!(address(&library(provider, zone, sandbox)).unwrap(), expected);
        }
        let unknown = address(&library(YandexDirectLive4, Some(Zone::Com), None));
        assert!(matches!(unknown, Err(Problem::NoSuchHost)));
    }
}
