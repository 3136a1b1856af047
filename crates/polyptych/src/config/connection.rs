//! How a configured library is reached beyond its address: host, credential's form, patience. Plain data; what it comes
//! to is decided where libraries are opened.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Top-level domain of the Yandex hosts; both serve the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// `api.direct.yandex.com`.
    Com,
    /// `api.direct.yandex.ru`.
    Ru,
}

/// In which header the token travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthKind {
    /// `Authorization: Bearer`.
    Bearer,
    /// `X-Authorization`.
    XAuthorization,
}

/// How long one try of a call may take, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsConfig {
    /// To connect, name resolution and TLS included; 10 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub connect_seconds: Option<u32>,
    /// In which no byte moves, while the provider works on an upload, for instance; 180 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub idle_seconds: Option<u32>,
    /// For the whole try; 600 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub total_seconds: Option<u32>,
}

/// How often and how patiently calls are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryConfig {
    /// Tries of a call, the first included; 1 for no retry, 4 by default.
    #[schemars(range(min = 1, max = 100))]
    pub tries: Option<u32>,
    /// The longest pause between two tries that the provider did not ask for, in whole seconds; 20 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub longest_wait_seconds: Option<u32>,
    /// How long after the start of a call another try may begin, in whole seconds; 120 by default. A provider that asks to
    /// wait longer ends the call.
    #[schemars(range(min = 1, max = 86400))]
    pub total_seconds: Option<u32>,
    /// Retries that an account may take before its successes pay for more; 10 by default.
    pub budget: Option<u32>,
    /// Whether to wait for used-up points like for too many calls, as far as the total allows; not by default.
    pub wait_for_quota: Option<bool>,
}

/// The certificate that is shown to servers that ask for one: two PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificateConfig {
    /// The certificate and those that it was signed with, its own first.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}
