//! From `[server]`, `[admin]`, `[log]` and `[traces]` to what serves: limits, addresses, filters.

use std::net::SocketAddr;
use std::time::Duration;

use polyptych_facade::Settings;
use tracing_subscriber::EnvFilter;

use crate::Config;
use crate::config::{AdminSection, ServerSection};

/// Where the API is served unless something else is configured.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50051);

/// The entry of the configuration to change before it can be served, and why.
pub(crate) fn objection(config: &Config) -> Option<(Vec<String>, String)> {
    let wrong =
        |section: &str, setting: &str, message: String| Some((vec![section.to_owned(), setting.to_owned()], message));
    if let Some(message) = exposed(&config.admin) {
        return wrong("admin", "listen", message);
    }
    if let Some(level) = &config.log.level
        && let Err(error) = EnvFilter::try_new(level)
    {
        return wrong("log", "level", format!("this is no level and no list of levels: {error}"));
    }
    if let Some(endpoint) = &config.traces.endpoint
        && !(endpoint.starts_with("http://") && is_origin(endpoint))
    {
        return wrong("traces", "endpoint", "it must be http:// and a host, without a path".to_owned());
    }
    if let Some(ratio) = config.traces.ratio
        && !(0.0..=1.0).contains(&ratio)
    {
        return wrong("traces", "ratio", "it must be 0 to 1".to_owned());
    }
    let origins = config.server.web_origins.as_deref().unwrap_or_default();
    let odd = origins.iter().find(|origin| *origin != "*" && !is_origin(origin));
    odd.and_then(|origin| {
        wrong("server", "web_origins", format!("`{origin}` is no origin such as https://app.example"))
    })
}

/// What cannot be reached from other machines needs no leave.
fn exposed(admin: &AdminSection) -> Option<String> {
    let listen = admin.listen.filter(|listen| !listen.ip().is_loopback())?;
    (admin.exposed != Some(true))
        .then(|| format!("{listen} is not a loopback address; set `exposed` if others may see metrics and readiness"))
}

/// Scheme, host and perhaps port, and nothing else.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let uri = text.parse::<http::Uri>();
    !host.ends_with('/') && uri.is_ok_and(|uri| uri.path() == "/" && uri.query().is_none() && uri.host().is_some())
}

/// The limits of a façade.
pub fn settings(section: &ServerSection) -> Settings {
    let usual = Settings::default();
    let seconds = |given: Option<u32>, usual: Duration| given.map_or(usual, |given| Duration::from_secs(given.into()));
    let unless_zero = |time: Duration| (!time.is_zero()).then_some(time);
    let count = |given: Option<u32>, usual: usize| given.map_or(usual, |given| given as usize);
    let max_upload_bytes = section.max_upload_bytes.unwrap_or(usual.max_upload_bytes);
    let spool_bytes = section.spool_bytes.unwrap_or(usual.spool_bytes);
    Settings {
        drain: seconds(section.drain_seconds, usual.drain),
        calls_at_once: count(section.calls_at_once, usual.calls_at_once),
        calls_at_once_per_client: count(section.calls_at_once_per_client, usual.calls_at_once_per_client),
        streams_per_connection: section.streams_per_connection.unwrap_or(usual.streams_per_connection),
        connections_at_once: count(section.connections_at_once, usual.connections_at_once),
        max_header_bytes: section.max_header_bytes.unwrap_or(usual.max_header_bytes),
        max_upload_bytes,
        max_chunk_bytes: count(section.max_chunk_bytes, usual.max_chunk_bytes),
        spool_dir: section.spool_folder.clone().unwrap_or(usual.spool_dir),
        spool_bytes,
        spool_bytes_per_client: section.spool_bytes_per_client.unwrap_or((spool_bytes / 2).max(max_upload_bytes)),
        spool_memory_bytes: section
            .spool_memory_bytes
            .map_or(usual.spool_memory_bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        upload_rate: section.upload_rate.unwrap_or(usual.upload_rate),
        download_idle: seconds(section.download_idle_seconds, usual.download_idle),
        download_rate: section.download_rate.unwrap_or(usual.download_rate),
        keepalive: unless_zero(seconds(section.keepalive_seconds, usual.keepalive.unwrap_or_default())),
        keepalive_timeout: seconds(section.keepalive_timeout_seconds, usual.keepalive_timeout),
        connection_age: unless_zero(seconds(section.connection_age_seconds, usual.connection_age.unwrap_or_default())),
        connection_grace: seconds(section.connection_grace_seconds, usual.connection_grace),
        web_origins: section.web_origins.clone().unwrap_or_default(),
        ..usual
    }
}
