//! `[tls]`, `[auth]` and `[clients.NAME]`: how callers reach the server and who they are. Plain data; what it comes to is
//! decided where the server is opened. Of an API key only its hash is written here.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// The certificate that the server shows, and those that it asks callers for. All files are PEM and are read again when they
/// change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    /// The server's certificate and those that it was signed with, its own first.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The authorities whose certificates callers may show; absent means that callers are not asked for one.
    pub client_ca_file: Option<PathBuf>,
    /// Whether callers have to show one; absent means `optional`.
    pub client_certificates: Option<ClientCertificates>,
}

/// Whether callers have to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificates {
    /// They may; one that is shown has to be good.
    Optional,
    /// They have to; health cannot be asked without one either.
    Required,
}

/// How callers are known beside their own keys and certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthSection {
    /// Who may read the description of the API (gRPC reflection); absent means `open`. It is the same for every server.
    pub reflection: Option<ReflectionAccess>,
    /// Whose tokens are accepted; absent means none.
    pub tokens: Option<TokensSection>,
}

/// Who may read the description of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReflectionAccess {
    /// Anybody.
    Open,
    /// Clients.
    Clients,
    /// Nobody.
    Off,
}

/// Whose tokens (JSON Web Tokens) are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokensSection {
    /// The issuer that a token has to name (`iss`), letter by letter.
    #[schemars(length(min = 1))]
    pub issuer: String,
    /// The audience that it has to be for (`aud`).
    #[schemars(length(min = 1))]
    pub audience: String,
    /// The algorithms that count.
    #[schemars(length(min = 1))]
    pub algorithms: Vec<TokenAlgorithm>,
    /// The issuer's public keys: a JSON Web Key Set, read again when it changes.
    pub keys_file: PathBuf,
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "they are the names of RFC 7518 and RFC 8037")]
pub enum TokenAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// A client: how it is known, what it may do, and where. It has at least one key, certificate or subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Hashes of its API keys, `sha256:` and 64 hex digits, as `polyptych keygen` prints them.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Its certificates: `dns:NAME` or `uri:URI`, which is among their alternative names, or `sha256:` and the digest of the
    /// whole certificate.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// The subjects (`sub`) of its tokens.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Ids of the libraries that it may use; `*` stands for any characters.
    #[schemars(length(min = 1))]
    pub libraries: Vec<String>,
    /// What it may do there. None includes another.
    #[schemars(length(min = 1))]
    pub rights: Vec<ClientRight>,
    /// How much at once; absent means no limit of its own.
    pub rate: Option<RateConfig>,
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientRight {
    /// Look: libraries, images, quotas, checks, its own events.
    Read,
    /// Change: upload, delete, copy, publish, associate, cancel.
    Write,
    /// See the operations and events of all clients, where all their libraries are its own, too.
    Admin,
}

/// How much a client may have. What exceeds it is refused with the time to wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// Calls per second in the long run.
    #[schemars(range(min = 1, max = 1000000))]
    pub per_second: Option<u32>,
    /// Calls that may come at once after a pause; absent means as many as in a second.
    #[schemars(range(min = 1, max = 1000000))]
    pub burst: Option<u32>,
    /// Calls at a time.
    #[schemars(range(min = 1, max = 1000000))]
    pub at_once: Option<u32>,
}
