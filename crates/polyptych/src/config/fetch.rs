//! `[fetch]`: from where pictures at addresses are fetched, and how patiently. Plain data; what it comes to is decided where
//! the fetcher is opened.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// From where pictures at addresses are fetched. Only public addresses are called, unless told otherwise here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchSection {
    /// Hosts that may be called: `host`, `host:port` or `*.domain`; absent means any, at the ports 80 and 443.
    pub hosts: Option<Vec<String>>,
    /// Hosts that may also be of this machine or of a private network: `host` or `host:port`. Addresses of the link, where
    /// clouds keep their metadata, are never called.
    pub private_hosts: Option<Vec<String>>,
    /// Longest picture in bytes; 64 MiB by default.
    #[schemars(range(min = 1, max = 1073741824))]
    pub max_bytes: Option<u64>,
    /// To connect, TLS included, in whole seconds; 10 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub connect_seconds: Option<u32>,
    /// The longest silence while a picture comes, in whole seconds; 30 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub idle_seconds: Option<u32>,
    /// For the whole picture with its redirects, in whole seconds; 120 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub total_seconds: Option<u32>,
    /// Certificate authority to trust beside the system's: a PEM file.
    pub ca_file: Option<PathBuf>,
}
