//! From configuration to connected libraries: how each provider gets its token, its version and its encoding.

use std::sync::Arc;

use http::header::{ACCEPT_LANGUAGE, HeaderValue};
use polyptych_providers::{
    Evotor, Facebook, Form, Settings, YandexEncoding, YandexLive4, YandexV5, YandexV5Version as Version,
};
use polyptych_transport::{Auth, CredentialSource, Fixed, FromEnv, FromFile, Transport};

use crate::Config;
use crate::config::{Encoding, LibraryConfig, ProviderKind, TokenConfig};
use crate::domain::{AlbumId, ImageLibrary, LibraryId, NameError};

const LANGUAGE: &str = "en";

/// Why a configured library cannot be connected. Nothing was sent anywhere.
#[derive(Debug, thiserror::Error)]
#[error("the library `{library}` cannot be connected")]
pub struct OpenError {
    library: String,
    source: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Id(NameError),
    #[error(transparent)]
    Album(NameError),
    #[error("its provider does not speak the encoding `{given}`; it speaks {spoken}")]
    Encoding { given: &'static str, spoken: String },
    #[error("its version `{given}` is not one of this provider: {known}")]
    Version { given: String, known: &'static str },
    #[error("its language `{0}` is not a language such as `en`")]
    Language(String),
    #[error("its certificate authority cannot be read")]
    Authority(#[source] std::io::Error),
    #[error(transparent)]
    Transport(#[from] polyptych_transport::ConfigError),
}

impl Problem {
    /// The setting to change; none if it is the library as a whole.
    fn setting(&self) -> Option<&'static str> {
        use polyptych_transport::ConfigError::{Address, PlainHttp, RootCertificates, Scheme};
        match self {
            Self::Id(_) => None,
            Self::Album(_) => Some("default_album"),
            Self::Encoding { .. } => Some("encoding"),
            Self::Version { .. } => Some("version"),
            Self::Language(_) => Some("language"),
            Self::Authority(_) | Self::Transport(RootCertificates(_)) => Some("ca_file"),
            Self::Transport(Address(_) | Scheme(_) | PlainHttp(_)) => Some("endpoint"),
            Self::Transport(_) => None,
        }
    }
}

/// Connects every configured library. Files of certificate authorities are read; nothing is sent.
///
/// # Errors
/// [`OpenError`] of the first library that does not make sense.
pub fn open_libraries(config: &Config) -> Result<Vec<Arc<dyn ImageLibrary>>, OpenError> {
    config.libraries.iter().map(open_one).collect()
}

fn open_one((id, library): (&String, &LibraryConfig)) -> Result<Arc<dyn ImageLibrary>, OpenError> {
    open(id, library).map_err(|source| OpenError { library: id.clone(), source })
}

/// The entry of the configuration to change before all its libraries can be connected, and why.
pub(crate) fn objection(config: &Config) -> Option<(Vec<String>, String)> {
    let error = config.libraries.iter().find_map(|one| open_one(one).err())?;
    let path = ["libraries", &error.library].into_iter().chain(error.source.setting());
    let reasons = std::iter::successors(std::error::Error::source(&error), |reason| reason.source());
    let message = reasons.fold(error.to_string(), |message, reason| format!("{message}: {reason}"));
    Some((path.map(str::to_owned).collect(), message))
}

fn open(id: &str, config: &LibraryConfig) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let encoding = encoding(config)?;
    let settings = Settings {
        id: LibraryId::new(id).map_err(Problem::Id)?,
        default_album: config.default_album.clone().map(AlbumId::new).transpose().map_err(Problem::Album)?,
        transport: transport(config)?,
    };
    let yandex = if encoding == Encoding::Soap { YandexEncoding::Soap } else { YandexEncoding::Json };
    Ok(match config.provider {
        ProviderKind::YandexDirectV5 => {
            let version = match config.version.as_deref() {
                None | Some("v5") => Version::V5,
                Some("v501") => Version::V501,
                Some(other) => return Err(unknown_version(other, "v5 or v501")),
            };
            Arc::new(YandexV5::new(settings, yandex, version))
        }
        ProviderKind::YandexDirectLive4 => {
            no_version(config)?;
            Arc::new(YandexLive4::new(settings, yandex, config.language.as_deref().unwrap_or(LANGUAGE)))
        }
        ProviderKind::Facebook => {
            let form = if encoding == Encoding::Multipart { Form::Multipart } else { Form::Bytes };
            let version = config.version.clone();
            if let Some(given) = version.as_deref().filter(|version| !is_graph_version(version)) {
                return Err(unknown_version(given, "it has the form v26.0"));
            }
            Arc::new(Facebook::new(settings, form, version))
        }
        ProviderKind::Evotor => {
            no_version(config)?;
            Arc::new(Evotor::new(settings))
        }
    })
}

fn encoding(config: &LibraryConfig) -> Result<Encoding, Problem> {
    let spoken = config.provider.encodings();
    match config.encoding {
        None => Ok(spoken[0]),
        Some(given) if spoken.contains(&given) => Ok(given),
        Some(given) => {
            let spoken: Vec<_> = spoken.iter().map(|encoding| encoding.as_str()).collect();
            Err(Problem::Encoding { given: given.as_str(), spoken: spoken.join(" and ") })
        }
    }
}

fn transport(config: &LibraryConfig) -> Result<Transport, Problem> {
    let credentials: Arc<dyn CredentialSource> = match &config.token {
        TokenConfig::Env(name) => Arc::new(FromEnv::new(name)),
        TokenConfig::File(path) => Arc::new(FromFile::new(path)),
        TokenConfig::Fixed(token) => Arc::new(Fixed::new(token.clone())),
    };
    let auth = match config.provider {
        ProviderKind::YandexDirectLive4 => Auth::InBody,
        ProviderKind::YandexDirectV5 | ProviderKind::Facebook | ProviderKind::Evotor => Auth::Bearer,
    };
    let language = config.language.as_deref().unwrap_or(LANGUAGE);
    let language = HeaderValue::from_str(language).map_err(|_| Problem::Language(language.to_owned()))?;
    let endpoint = config.endpoint.as_deref().unwrap_or(config.provider.endpoint());
    let mut settings =
        polyptych_transport::Config::new(endpoint, auth, credentials).with_header(ACCEPT_LANGUAGE, language);
    if let Some(path) = &config.ca_file {
        settings = settings.with_root_certificates(std::fs::read(path).map_err(Problem::Authority)?);
    }
    Ok(Transport::new(settings)?)
}

/// `v` and two numbers; it becomes part of each request's path.
fn is_graph_version(version: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    version.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(a, b)| number(a) && number(b))
}

fn no_version(config: &LibraryConfig) -> Result<(), Problem> {
    config.version.as_deref().map_or(Ok(()), |given| Err(unknown_version(given, "it has only one; leave version out")))
}

fn unknown_version(given: &str, known: &'static str) -> Problem {
    Problem::Version { given: given.to_owned(), known }
}
