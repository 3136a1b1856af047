//! From `[fetch]` to what imports need: a guarded fetcher and a spool.

use std::io::Read;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use polyptych_providers::GuardedFetcher;
use polyptych_transport::{Fetch, FetchConfig, FetchConfigError, HostRule};

use crate::Config;
use crate::config::FetchSection;
use crate::domain::{Pictures, Spool};

/// Longest picture where none is configured, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Far more than a chain of certificates has.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// Seconds that a limit of time may have.
const SECONDS: RangeInclusive<u32> = 1..=86_400;

/// Why pictures cannot be fetched as configured. Nothing was sent anywhere.
#[derive(Debug, thiserror::Error)]
#[error("the setting `{setting}` of [fetch] is not usable")]
pub struct OpenFetchError {
    setting: &'static str,
    source: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Fetch(#[from] FetchConfigError),
    #[error("it must be {0}")]
    Range(&'static str),
    #[error("the file cannot be read")]
    File(#[from] std::io::Error),
}

/// What it takes to import pictures as `[fetch]` says: bytes go into `spool`.
///
/// # Errors
/// [`OpenFetchError`] of the first setting that does not make sense.
pub fn open_pictures(config: &Config, spool: Arc<dyn Spool>) -> Result<Pictures, OpenFetchError> {
    let (fetch, max_bytes) = open(&config.fetch)?;
    Ok(Pictures::new(Arc::new(GuardedFetcher::new(fetch)), spool, max_bytes))
}

/// The entry of the configuration to change before pictures can be fetched, and why.
pub(crate) fn objection(config: &Config) -> Option<(Vec<String>, String)> {
    let error = open(&config.fetch).err()?;
    let path = vec!["fetch".to_owned(), error.setting.to_owned()];
    Some((path, format!("{error}: {}", error.source)))
}

fn open(section: &FetchSection) -> Result<(Fetch, u64), OpenFetchError> {
    let usual = FetchConfig::default();
    let max_bytes = section.max_bytes.unwrap_or(MAX_BYTES);
    if !(1..=1 << 30).contains(&max_bytes) {
        return Err(wrong("max_bytes")(Problem::Range("1 byte to 1 GiB")));
    }
    let certificates = section.ca_file.as_deref().map(read).transpose().map_err(wrong("ca_file"))?;
    let fetch = Fetch::new(FetchConfig {
        hosts: hosts("hosts", section.hosts.as_deref())?,
        private_hosts: hosts("private_hosts", section.private_hosts.as_deref())?,
        connect: seconds("connect_seconds", section.connect_seconds, usual.connect)?,
        idle: seconds("idle_seconds", section.idle_seconds, usual.idle)?,
        total: seconds("total_seconds", section.total_seconds, usual.total)?,
        root_certificates: certificates,
        ..usual
    });
    Ok((fetch.map_err(|error| wrong("ca_file")(error.into()))?, max_bytes))
}

fn wrong(setting: &'static str) -> impl Fn(Problem) -> OpenFetchError {
    move |source| OpenFetchError { setting, source }
}

fn hosts(setting: &'static str, given: Option<&[String]>) -> Result<Vec<HostRule>, OpenFetchError> {
    let rules = given.unwrap_or_default().iter().map(|host| host.parse().map_err(Problem::Fetch));
    rules.collect::<Result<_, _>>().map_err(wrong(setting))
}

fn seconds(setting: &'static str, given: Option<u32>, usual: Duration) -> Result<Duration, OpenFetchError> {
    match given {
        None => Ok(usual),
        Some(seconds) if SECONDS.contains(&seconds) => Ok(Duration::from_secs(seconds.into())),
        Some(_) => Err(wrong(setting)(Problem::Range("1 to 86400 seconds"))),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_CERTIFICATES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
