//! From configuration to a library's connection, as far as all providers have it: address, credential, certificates, patience.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_LANGUAGE, HeaderValue};
use polyptych_transport::{Auth, Config, CredentialSource, Fixed, FromEnv, FromFile, Retry, SecretString, Timeouts};

use super::Problem;
use crate::config::{LibraryConfig, RetryConfig, TimeoutsConfig, TokenConfig};

/// Language of messages where none is configured.
pub(super) const LANGUAGE: &str = "en";

/// Far more than a secret or a chain of certificates has.
const MAX_BYTES: u64 = 1 << 20;

/// The settings of a library's connection; `address` is where it is unless something else is configured.
pub(super) fn connection(config: &LibraryConfig, address: &str, auth: Auth) -> Result<Config, Problem> {
    let credentials: Arc<dyn CredentialSource> = match &config.token {
        TokenConfig::Env(name) => Arc::new(FromEnv::new(name)),
        TokenConfig::File(path) => Arc::new(FromFile::new(path)),
        TokenConfig::Fixed(token) => Arc::new(Fixed::new(token.clone())),
    };
    let language = config.language.as_deref().unwrap_or(LANGUAGE);
    let language = HeaderValue::from_str(language).map_err(|_| Problem::Language(language.to_owned()))?;
    let mut settings = Config::new(config.endpoint.as_deref().unwrap_or(address), auth, credentials)
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
    Ok(settings)
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

/// The bytes of a file that a setting names.
pub(super) fn file(setting: &'static str, path: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match opened {
        Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(Problem::File(setting, std::io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(bytes),
        Err(error) => Err(Problem::File(setting, error)),
    }
}
