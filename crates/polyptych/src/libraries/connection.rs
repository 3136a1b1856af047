//! From configuration to a library's connection: host, credential, certificates, patience.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_LANGUAGE, HeaderName, HeaderValue};
use polyptych_providers::facebook::AppSecretProof;
use polyptych_providers::{evotor, facebook, live4, yandex_v5};
use polyptych_transport::{Auth, Config, CredentialSource, Fixed, FromEnv, FromFile, Retry, SecretString, Timeouts};

use super::Problem;
use crate::config::{AuthKind, LibraryConfig, ProviderKind, RetryConfig, TimeoutsConfig, TokenConfig, Zone};

/// Language of messages where none is configured.
pub(super) const LANGUAGE: &str = "en";

const X_AUTHORIZATION: HeaderName = HeaderName::from_static("x-authorization");

/// Far more than a secret or a chain of certificates has.
const MAX_BYTES: u64 = 1 << 20;

/// The settings of a library's connection.
pub(super) fn connection(config: &LibraryConfig) -> Result<Config, Problem> {
    let credentials: Arc<dyn CredentialSource> = match &config.token {
        TokenConfig::Env(name) => Arc::new(FromEnv::new(name)),
        TokenConfig::File(path) => Arc::new(FromFile::new(path)),
        TokenConfig::Fixed(token) => Arc::new(Fixed::new(token.clone())),
    };
    let language = config.language.as_deref().unwrap_or(LANGUAGE);
    let language = HeaderValue::from_str(language).map_err(|_| Problem::Language(language.to_owned()))?;
    let mut settings = Config::new(endpoint(config)?, auth(config), credentials)
        .with_header(ACCEPT_LANGUAGE, language)
        .with_timeouts(timeouts(config.timeouts.unwrap_or_default())?)
        .with_retry(retry(config.retry.unwrap_or_default())?);
    if let Some(path) = &config.ca_file {
        settings = settings.with_root_certificates(file("ca_file", path)?);
    }
    if let Some(given) = &config.client_certificate {
        let chain = file("client_certificate", &given.certificate_file)?;
        let key = file("client_certificate", &given.key_file)?;
        let not_text = |_| Problem::File("client_certificate", std::io::ErrorKind::InvalidData.into());
        settings =
            settings.with_client_certificate(chain, SecretString::from(String::from_utf8(key).map_err(not_text)?));
    }
    if let Some(host) = &config.plain_http {
        settings = settings.allow_plain_http_to(host);
    }
    match (app_secret(config)?, config.app_secret_time) {
        (Some(secret), Some(true)) => Ok(settings.with_signing(Arc::new(AppSecretProof::new(secret).with_time()))),
        (Some(secret), _) => Ok(settings.with_signing(Arc::new(AppSecretProof::new(secret)))),
        (None, Some(true)) => Err(Problem::NoAppSecret),
        (None, _) => Ok(settings),
    }
}

fn endpoint(config: &LibraryConfig) -> Result<&str, Problem> {
    let sandbox = config.sandbox == Some(true);
    if let Some(endpoint) = &config.endpoint {
        return match (config.zone, sandbox) {
            (Some(_), _) => Err(Problem::TwoHosts("zone")),
            (None, true) => Err(Problem::TwoHosts("sandbox")),
            (None, false) => Ok(endpoint),
        };
    }
    Ok(match (config.provider, config.zone.unwrap_or(own_zone(config.provider)), sandbox) {
        (ProviderKind::YandexDirectV5, Zone::Com, false) => yandex_v5::ADDRESS,
        (ProviderKind::YandexDirectV5, Zone::Com, true) => yandex_v5::SANDBOX,
        (ProviderKind::YandexDirectV5, Zone::Ru, false) => yandex_v5::ADDRESS_RU,
        (ProviderKind::YandexDirectV5, Zone::Ru, true) => yandex_v5::SANDBOX_RU,
        (ProviderKind::YandexDirectLive4, Zone::Com, _) => return Err(Problem::NoSuchHost),
        (ProviderKind::YandexDirectLive4, Zone::Ru, false) => live4::ADDRESS,
        (ProviderKind::YandexDirectLive4, Zone::Ru, true) => live4::SANDBOX,
        (ProviderKind::Facebook, ..) => facebook::ADDRESS,
        (ProviderKind::Evotor, ..) => evotor::ADDRESS,
    })
}

fn own_zone(provider: ProviderKind) -> Zone {
    if provider == ProviderKind::YandexDirectLive4 { Zone::Ru } else { Zone::Com }
}

fn auth(config: &LibraryConfig) -> Auth {
    match (config.provider, config.auth) {
        (ProviderKind::YandexDirectLive4, _) => Auth::InBody,
        (ProviderKind::Evotor, Some(AuthKind::XAuthorization)) => Auth::Header(X_AUTHORIZATION),
        _ => Auth::Bearer,
    }
}

fn timeouts(given: TimeoutsConfig) -> Result<Timeouts, Problem> {
    let usual = Timeouts::default();
    Ok(Timeouts {
        connect: seconds("timeouts", given.connect_seconds, usual.connect)?,
        idle: seconds("timeouts", given.idle_seconds, usual.idle)?,
        total: seconds("timeouts", given.total_seconds, usual.total)?,
    })
}

fn retry(given: RetryConfig) -> Result<Retry, Problem> {
    let usual = Retry::default();
    let tries = given.tries.unwrap_or(usual.tries);
    if !(1..=100).contains(&tries) {
        return Err(Problem::Range("retry", "1 to 100 tries"));
    }
    Ok(Retry {
        tries,
        longest_wait: seconds("retry", given.longest_wait_seconds, usual.longest_wait)?,
        total: seconds("retry", given.total_seconds, usual.total)?,
        budget: given.budget.unwrap_or(usual.budget),
        wait_for_quota: given.wait_for_quota.unwrap_or(usual.wait_for_quota),
        ..usual
    })
}

fn seconds(setting: &'static str, given: Option<u32>, usual: Duration) -> Result<Duration, Problem> {
    match given {
        None => Ok(usual),
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds.into())),
        Some(_) => Err(Problem::Range(setting, "1 to 86400 seconds")),
    }
}

/// Read once: an application's secret is changed far more rarely than a token, and never without a restart.
fn app_secret(config: &LibraryConfig) -> Result<Option<SecretString>, Problem> {
    let text = match &config.app_secret {
        None => return Ok(None),
        Some(TokenConfig::Env(name)) => std::env::var(name).map_err(|_| Problem::AppSecret)?,
        Some(TokenConfig::File(path)) => {
            String::from_utf8(file("app_secret", path)?).map_err(|_| Problem::AppSecret)?
        }
        Some(TokenConfig::Fixed(secret)) => secret.clone(),
    };
    let secret = text.trim();
    if secret.is_empty() || secret.chars().any(char::is_control) {
        return Err(Problem::AppSecret);
    }
    Ok(Some(SecretString::from(secret)))
}

fn file(setting: &'static str, path: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match opened {
        Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(Problem::File(setting, std::io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(bytes),
        Err(error) => Err(Problem::File(setting, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(provider: ProviderKind, zone: Option<Zone>, sandbox: Option<bool>) -> LibraryConfig {
        LibraryConfig { zone, sandbox, ..LibraryConfig::new(provider, TokenConfig::Env("T".to_owned())) }
    }

    #[test]
    fn every_documented_host_can_be_chosen() {
        use ProviderKind::{Evotor, Facebook, YandexDirectLive4, YandexDirectV5};
        for (provider, zone, sandbox, expected) in [
            (YandexDirectV5, None, None, "https://api.direct.yandex.com"),
            (YandexDirectV5, Some(Zone::Com), Some(true), "https://api-sandbox.direct.yandex.com"),
            (YandexDirectV5, Some(Zone::Ru), Some(false), "https://api.direct.yandex.ru"),
            (YandexDirectV5, Some(Zone::Ru), Some(true), "https://api-sandbox.direct.yandex.ru"),
            (YandexDirectLive4, None, None, "https://api.direct.yandex.ru"),
            (YandexDirectLive4, Some(Zone::Ru), Some(true), "https://api-sandbox.direct.yandex.ru"),
            (Facebook, None, None, "https://graph.facebook.com"),
            (Evotor, None, None, "https://api.evotor.ru"),
        ] {
            assert_eq!(endpoint(&library(provider, zone, sandbox)).unwrap(), expected);
        }
        assert!(matches!(endpoint(&library(YandexDirectLive4, Some(Zone::Com), None)), Err(Problem::NoSuchHost)));
    }

    #[test]
    fn the_header_of_a_token_is_the_providers_or_the_chosen_one() {
        use ProviderKind::{Evotor, YandexDirectLive4, YandexDirectV5};
        assert_eq!(auth(&library(YandexDirectV5, None, None)), Auth::Bearer);
        assert_eq!(auth(&library(YandexDirectLive4, None, None)), Auth::InBody);
        assert_eq!(auth(&library(Evotor, None, None)), Auth::Bearer);
        let other = LibraryConfig { auth: Some(AuthKind::XAuthorization), ..library(Evotor, None, None) };
        assert_eq!(auth(&other), Auth::Header(X_AUTHORIZATION));
    }
}
