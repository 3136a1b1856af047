//! The configuration: which libraries there are, how to reach them, and how they are served. It names where credentials are,
//! never the credentials. A file holds it; what the environment and the command line give goes over that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use tokio::io::AsyncReadExt;

pub use access::{
    AuthSection, ClientCertificates, ClientConfig, ClientRight, RateConfig, ReflectionAccess, TlsSection,
    TokenAlgorithm, TokensSection,
};
pub use check::{Mistake, Place};
pub use connection::{AuthKind, ClientCertificateConfig, RetryConfig, TimeoutsConfig, Zone};
pub use fetch::FetchSection;
pub use given::Given;
pub use server::{AdminSection, ServerSection};
pub use state::{S3Config, StateConfig};
pub use telemetry::{LogFormat, LogSection, TracesSection};

mod access;
mod check;
mod connection;
mod fetch;
mod given;
mod server;
mod state;
mod telemetry;

/// Far more than any number of libraries needs.
const MAX_BYTES: u64 = 1 << 20;

/// The configuration file of Polyptych, TOML. Unknown keys are refused, so that a misspelt one does not go unseen.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["libraries"]))]
pub struct Config {
    /// Libraries by id: up to 63 lower-case letters, digits and hyphens.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub libraries: BTreeMap<String, LibraryConfig>,
    /// From where pictures at addresses are fetched.
    #[serde(default)]
    pub fetch: FetchSection,
    /// Where is kept what outlives a process.
    #[serde(default)]
    pub state: StateConfig,
    /// The certificate that the server shows; absent means that it does not speak TLS.
    pub tls: Option<TlsSection>,
    /// How callers are known beside their own keys and certificates.
    #[serde(default)]
    pub auth: AuthSection,
    /// The clients by name. Without any, everybody who reaches the server may do everything.
    #[serde(default)]
    pub clients: BTreeMap<String, ClientConfig>,
    /// Where and how the API is served.
    #[serde(default)]
    pub server: ServerSection,
    /// Where the server is watched.
    #[serde(default)]
    pub admin: AdminSection,
    /// What is logged, and how.
    #[serde(default)]
    pub log: LogSection,
    /// Where traces are sent.
    #[serde(default)]
    pub traces: TracesSection,
}

/// One library: a connection to one provider.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibraryConfig {
    /// Which provider and API.
    pub provider: ProviderKind,
    /// How images travel to it; absent means `json` (both Yandex APIs), `bytes` (Facebook), `multipart` (Evotor).
    pub encoding: Option<Encoding>,
    /// Base address, https or, on this machine, http; absent means the provider's production host.
    pub endpoint: Option<String>,
    /// Where the token is; the token itself is never written here.
    pub token: TokenConfig,
    /// Album that is meant where none is named: a login or `self`, an ad account, `{store}~{product}`.
    pub default_album: Option<String>,
    /// API version: `v5` or `v501` (Yandex Direct v5), `v26.0` (Facebook); absent means the newest known.
    pub version: Option<String>,
    /// Language of provider messages, `en` by default.
    pub language: Option<String>,
    /// Yandex: which of its hosts to call; absent means `com` for v5 and `ru` for v4 Live, which has only that.
    pub zone: Option<Zone>,
    /// Yandex: whether to call the sandbox.
    pub sandbox: Option<bool>,
    /// Yandex: the login that the token belongs to, for the limit of calls at once; absent means that it is learnt from
    /// answers where they tell it.
    pub login: Option<String>,
    /// Yandex: logins of the advertisers that an agency's token serves. They are the albums that are listed; others can be
    /// named all the same.
    pub clients: Option<Vec<String>>,
    /// Yandex v5: whether an agency's token spends the agency's points and not its clients'.
    pub operator_units: Option<bool>,
    /// Yandex v5: images in one upload call at most, 1 to 100; 3 by default, as the provider advises. More cost fewer points.
    #[schemars(range(min = 1, max = 100))]
    pub uploads_per_call: Option<u32>,
    /// Yandex v5: bytes of images in one upload call at most, before base64; 24 MiB by default. A larger image goes alone.
    #[schemars(range(min = 1))]
    pub upload_bytes_per_call: Option<u64>,
    /// Facebook: where the secret of the token's application is, to prove every call with; absent means no proof.
    pub app_secret: Option<TokenConfig>,
    /// Facebook: whether a proof holds for five minutes only.
    pub app_secret_time: Option<bool>,
    /// Evotor: the header of the token; absent means `bearer`.
    pub auth: Option<AuthKind>,
    /// Certificate authority to trust beside the system's: a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Certificate to show to servers that ask for one.
    pub client_certificate: Option<ClientCertificateConfig>,
    /// Name of a host that may be called over plain http, which shows the token to everyone on the way. This machine may
    /// be without.
    pub plain_http: Option<String>,
    /// How long a try may take.
    pub timeouts: Option<TimeoutsConfig>,
    /// How calls are repeated.
    pub retry: Option<RetryConfig>,
}

impl LibraryConfig {
    /// A library in production with all else as it is by default.
    pub fn new(provider: ProviderKind, token: TokenConfig) -> Self {
        Self {
            provider,
            encoding: None,
            endpoint: None,
            token,
            default_album: None,
            version: None,
            language: None,
            zone: None,
            sandbox: None,
            login: None,
            clients: None,
            operator_units: None,
            uploads_per_call: None,
            upload_bytes_per_call: None,
            app_secret: None,
            app_secret_time: None,
            auth: None,
            ca_file: None,
            client_certificate: None,
            plain_http: None,
            timeouts: None,
            retry: None,
        }
    }
}

/// A provider and its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// Yandex Direct v5 AdImages.
    YandexDirectV5,
    /// Yandex Direct v4 Live AdImage.
    #[serde(rename = "yandex-direct-live4")]
    YandexDirectLive4,
    /// Facebook Graph adimages.
    Facebook,
    /// Evotor Cloud product images.
    Evotor,
}

/// How images travel to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// JSON with base64 (both Yandex APIs).
    Json,
    /// SOAP with base64 (both Yandex APIs).
    Soap,
    /// JSON with base64 (Facebook).
    Bytes,
    /// A form with the file (Facebook, Evotor).
    Multipart,
}

/// Where a token is: exactly one place.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenConfig {
    /// The environment variable of this name.
    Env(String),
    /// The file at this path, read again when it changes.
    File(PathBuf),
    /// The token itself: for programs that build a [`Config`] in memory; refused in files.
    #[serde(skip_deserializing)]
    Fixed(String),
}

impl std::fmt::Debug for TokenConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "Env({name})"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Fixed(_) => f.write_str("Fixed(…)"),
        }
    }
}

impl Encoding {
    /// As it is written in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Soap => "soap",
            Self::Bytes => "bytes",
            Self::Multipart => "multipart",
        }
    }
}

impl ProviderKind {
    /// The cargo feature of this crate that builds it in.
    pub fn feature(self) -> &'static str {
        match self {
            Self::YandexDirectV5 | Self::YandexDirectLive4 => "yandex",
            Self::Facebook => "facebook",
            Self::Evotor => "evotor",
        }
    }

    /// Whether it is built in.
    pub fn is_built(self) -> bool {
        match self {
            Self::YandexDirectV5 | Self::YandexDirectLive4 => cfg!(feature = "yandex"),
            Self::Facebook => cfg!(feature = "facebook"),
            Self::Evotor => cfg!(feature = "evotor"),
        }
    }

    /// The encodings that it speaks, the default first.
    pub fn encodings(self) -> &'static [Encoding] {
        match self {
            Self::YandexDirectV5 | Self::YandexDirectLive4 => &[Encoding::Json, Encoding::Soap],
            Self::Facebook => &[Encoding::Bytes, Encoding::Multipart],
            Self::Evotor => &[Encoding::Multipart],
        }
    }
}

/// Why a configuration file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the configuration file `{path}`")]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is longer than any configuration.
    #[error("the configuration file `{path}` is longer than {MAX_BYTES} bytes")]
    Length {
        /// Its path.
        path: PathBuf,
    },
    /// It is not what a configuration should be.
    #[error("the configuration `{path}` is not usable: {}", in_one_line(.mistakes))]
    Parse {
        /// Its path; `(none)` if there was no file.
        path: PathBuf,
        /// Where and what, in the order of the file, then what was given beside it; at least one.
        mistakes: Vec<Mistake>,
    },
}

fn in_one_line(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ")
}

impl Config {
    /// Reads a file and what the environment of this process sets beside it, as the program does: [`Self::load`].
    ///
    /// # Errors
    /// [`ConfigError`] with the place of everything that is wrong.
    pub async fn read(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load(Some(path.as_ref()), &Given::from_environment(std::env::vars_os())).await
    }

    /// Reads a file, puts what was given beside it over it, and refuses what [`crate::open_libraries`],
    /// [`crate::open_pictures`], [`crate::State::open`], [`crate::open_guard`], [`crate::open_tls`] and a server would refuse
    /// without looking for tokens, keys and certificates. A file names at least one library; without one none needs to be
    /// named. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of everything that is wrong. A file of more than 1 MiB is refused.
    pub async fn load(path: Option<&Path>, given: &Given) -> Result<Self, ConfigError> {
        let object = |config: &Self| {
            crate::libraries::objection(config)
                .or_else(|| crate::fetching::objection(config))
                .or_else(|| config.objection_of_state())
                .or_else(|| config.objection_of_server())
        };
        let text = match path {
            Some(path) => Some(read(path).await?),
            None => None,
        };
        let path = path.unwrap_or(Path::new("(none)"));
        check::examine(text.as_deref(), given, object)
            .map_err(|mistakes| ConfigError::Parse { path: path.to_owned(), mistakes })
    }

    #[cfg(feature = "state")]
    fn objection_of_state(&self) -> Option<(Vec<String>, String)> {
        crate::state::objection(&self.state)
    }

    /// A program without a state leaves that section to one that has it.
    #[cfg(not(feature = "state"))]
    fn objection_of_state(&self) -> Option<(Vec<String>, String)> {
        None
    }

    #[cfg(feature = "server")]
    fn objection_of_server(&self) -> Option<(Vec<String>, String)> {
        crate::access::objection(self).or_else(|| crate::serving::objection(self))
    }

    /// A program that does not serve leaves those sections to one that does.
    #[cfg(not(feature = "server"))]
    fn objection_of_server(&self) -> Option<(Vec<String>, String)> {
        None
    }
}

async fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).await.map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::Length { path: path.to_owned() });
    }
    Ok(text)
}

/// The JSON Schema (draft 2020-12) of the configuration file, for editors and other tools that read TOML.
pub fn schema() -> Schema {
    schema_of::<Config>()
}

/// The schema of a type that is read from TOML.
pub(crate) fn schema_of<T: JsonSchema>() -> Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let settings = settings.with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<T>()
}

/// TOML has no null: what may be absent is left out.
fn without_null(schema: &mut Schema) {
    if let Some(kinds) = schema.get_mut("type").and_then(|kinds| kinds.as_array_mut()) {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(|choices| choices.as_array_mut()) {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [serde_json::Value::Object(choice)] = choices.as_mut_slice() {
            let choice = std::mem::take(choice);
            schema.remove("anyOf");
            schema.ensure_object().extend(choice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
        check::examine(Some(text), &Given::default(), |_| None)
    }

    #[test]
    fn a_library_needs_only_its_provider_and_its_token() {
        let config = parse(
            "[libraries.ads]\nprovider = \"facebook\"\ntoken = { env = \"FB_TOKEN\" }\n\
             [libraries.live]\nprovider = \"yandex-direct-live4\"\nencoding = \"soap\"\ntoken = { file = \"t\" }\n",
        )
        .unwrap();
        assert_eq!(config.libraries["ads"].token, TokenConfig::Env("FB_TOKEN".to_owned()));
        assert_eq!(config.libraries["live"].encoding, Some(Encoding::Soap));
    }

    #[test]
    fn unknown_keys_and_tokens_in_the_file_are_refused_with_the_place() {
        for (text, hint) in [
            ("[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\nendpont = \"x\"\n", "endpont"),
            ("[libraries.a]\nprovider = \"myspace\"\ntoken = { env = \"T\" }\n", "myspace"),
            ("[libraries.a]\nprovider = \"facebook\"\ntoken = { fixed = \"secret\" }\n", "never written"),
            ("[libraries.a]\nprovider = \"facebook\"\n", "token"),
        ] {
            let message = in_one_line(&parse(text).unwrap_err());
            assert!(message.contains(hint) && message.contains("line"), "{message}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_configuration_by_its_length_is_not_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        let error = Config::load(Some(file.path()), &Given::default()).await.unwrap_err();
        assert!(error.to_string().contains("longer than 1048576 bytes"), "{error}");
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(format!("{:?}", TokenConfig::Fixed("canary".to_owned())), "Fixed(…)");
    }
}
