//! From configuration to connected libraries: how each provider gets its version, its encoding and its own settings.

mod connection;

use std::collections::BTreeMap;
use std::sync::Arc;

use polyptych_providers::{
    Evotor, Facebook, Form, Settings, YandexEncoding, YandexIdentity, YandexLive4, YandexLogins, YandexV5,
    YandexV5Version as Version,
};

use polyptych_transport::Standing;

use crate::config::{Encoding, LibraryConfig, ProviderKind, TokenConfig};
use crate::domain::{AlbumId, ImageLibrary, LibraryId, NameError};
use crate::{Config, Together};

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
    #[error("the file of `{0}` cannot be read")]
    File(&'static str, #[source] std::io::Error),
    #[error("the setting `{0}` is for {1} only; leave it out")]
    Misplaced(&'static str, &'static str),
    #[error("`endpoint` names the host already; leave `{0}` out, or `endpoint`")]
    TwoHosts(&'static str),
    #[error("v4 Live answers at the zone `ru` only")]
    NoSuchHost,
    #[error("the login `{1}` of `{0}` is not one that a request can carry")]
    Login(&'static str, String),
    #[error("its application's secret is empty, not a text, or not where the setting says")]
    AppSecret,
    #[error("`app_secret_time` needs an `app_secret`")]
    NoAppSecret,
    #[error("`{0}` has a number that is out of range: {1}")]
    Range(&'static str, &'static str),
    #[error(transparent)]
    Transport(#[from] polyptych_transport::ConfigError),
}

impl Problem {
    /// The setting to change; none if it is the library as a whole.
    fn setting(&self) -> Option<&'static str> {
        use polyptych_transport::ConfigError::{Address, ClientCertificate, PlainHttp, RootCertificates, Scheme};
        match self {
            Self::Id(_) => None,
            Self::Album(_) => Some("default_album"),
            Self::Encoding { .. } => Some("encoding"),
            Self::Version { .. } => Some("version"),
            Self::Language(_) => Some("language"),
            Self::File(setting, _)
            | Self::Misplaced(setting, _)
            | Self::TwoHosts(setting)
            | Self::Login(setting, _)
            | Self::Range(setting, _) => Some(setting),
            Self::NoSuchHost => Some("zone"),
            Self::AppSecret => Some("app_secret"),
            Self::NoAppSecret => Some("app_secret_time"),
            Self::Transport(RootCertificates(_)) => Some("ca_file"),
            Self::Transport(ClientCertificate(_)) => Some("client_certificate"),
            Self::Transport(Address(_) | Scheme(_) | PlainHttp(_)) => Some("endpoint"),
            Self::Transport(_) => None,
        }
    }
}

/// Connects every configured library. Files of certificates and secrets of applications are
/// read; nothing is sent.
///
/// # Errors
/// [`OpenError`] of the first library that does not make sense.
pub fn open_libraries(config: &Config) -> Result<Vec<Arc<dyn ImageLibrary>>, OpenError> {
    open_libraries_together(config, &Together::default())
}

/// Like [`open_libraries`], for libraries that share limits and quotas with others.
///
/// # Errors
/// [`OpenError`] of the first library that does not make sense.
pub fn open_libraries_together(config: &Config, with: &Together) -> Result<Vec<Arc<dyn ImageLibrary>>, OpenError> {
    let shared = Shared { with: with.clone(), ..Shared::default() };
    config.libraries.iter().map(|one| open_one(one, &shared)).collect()
}

/// What the libraries of one process have in common.
#[derive(Debug, Default)]
struct Shared {
    with: Together,
    logins: YandexLogins,
}

/// The connected libraries of a server, each with what it was configured as and how it fares.
pub(crate) struct Opened {
    shared: Arc<Shared>,
    libraries: BTreeMap<String, Connected>,
}

/// A connected library.
#[derive(Clone)]
struct Connected {
    config: LibraryConfig,
    library: Arc<dyn ImageLibrary>,
    standing: Arc<Standing>,
}

impl Opened {
    /// Connects what is configured.
    ///
    /// # Errors
    /// [`OpenError`] of the first library that does not make sense.
    pub(crate) fn open(config: &Config, with: &Together) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared { with: with.clone(), ..Shared::default() });
        Self { shared, libraries: BTreeMap::new() }.reopened(config)
    }

    /// What another configuration comes to. A library that is configured as before stays connected, with all that is known of its
    /// quotas, unless files were read for it that may have changed.
    ///
    /// # Errors
    /// [`OpenError`] of the first library that does not make sense.
    pub(crate) fn reopened(&self, config: &Config) -> Result<Self, OpenError> {
        let mut libraries = BTreeMap::new();
        for (id, library) in &config.libraries {
            let kept = self.libraries.get(id).filter(|kept| kept.config == *library && !reads_files(library));
            let opened = match kept {
                Some(kept) => kept.clone(),
                None => {
                    let standing = Arc::new(Standing::default());
                    let opened = open(id, library, &self.shared, &standing);
                    let opened = opened.map_err(|source| OpenError { library: id.clone(), source })?;
                    Connected { config: library.clone(), library: opened, standing }
                }
            };
            libraries.insert(id.clone(), opened);
        }
        Ok(Self { shared: Arc::clone(&self.shared), libraries })
    }

    /// The libraries.
    pub(crate) fn libraries(&self) -> Vec<Arc<dyn ImageLibrary>> {
        self.libraries.values().map(|connected| Arc::clone(&connected.library)).collect()
    }

    /// Each library's id, and how it fares.
    pub(crate) fn standings(&self) -> impl Iterator<Item = (&str, &Arc<Standing>)> {
        self.libraries.iter().map(|(id, connected)| (id.as_str(), &connected.standing))
    }
}

/// Whether files were read once when it was opened. A file of a token is read again when it changes.
fn reads_files(config: &LibraryConfig) -> bool {
    config.app_secret.is_some() || config.ca_file.is_some() || config.client_certificate.is_some()
}

fn open_one((id, library): (&String, &LibraryConfig), shared: &Shared) -> Result<Arc<dyn ImageLibrary>, OpenError> {
    open(id, library, shared, &Arc::default()).map_err(|source| OpenError { library: id.clone(), source })
}

/// The entry of the configuration to change before all its libraries can be connected, and why.
pub(crate) fn objection(config: &Config) -> Option<(Vec<String>, String)> {
    let shared = Shared::default();
    let error = config.libraries.iter().find_map(|one| open_one(one, &shared).err())?;
    let path = ["libraries", &error.library].into_iter().chain(error.source.setting());
    let reasons = std::iter::successors(std::error::Error::source(&error), |reason| reason.source());
    let message = reasons.fold(error.to_string(), |message, reason| format!("{message}: {reason}"));
    Some((path.map(str::to_owned).collect(), message))
}

fn open(
    id: &str,
    config: &LibraryConfig,
    shared: &Shared,
    standing: &Arc<Standing>,
) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let encoding = encoding(config)?;
    in_its_place(config)?;
    let mut connection = connection::connection(config)?.with_limits(Arc::clone(&shared.with.limits));
    connection = connection.with_standing(Arc::clone(standing));
    if let Some(quotas) = &shared.with.quotas {
        connection = connection.with_shared_quotas(Arc::clone(quotas));
    }
    let settings = Settings {
        id: LibraryId::new(id).map_err(Problem::Id)?,
        default_album: config.default_album.clone().map(AlbumId::new).transpose().map_err(Problem::Album)?,
        connection,
    };
    let identity = YandexIdentity {
        credential: place(id, config),
        login: config.login.clone().map(|login| carried("login", login)).transpose()?,
        logins: shared.logins.clone(),
        clients: clients(config)?,
    };
    let yandex = if encoding == Encoding::Soap { YandexEncoding::Soap } else { YandexEncoding::Json };
    Ok(match config.provider {
        ProviderKind::YandexDirectV5 => {
            let version = match config.version.as_deref() {
                None | Some("v5") => Version::V5,
                Some("v501") => Version::V501,
                Some(other) => return Err(unknown_version(other, "v5 or v501")),
            };
            let mut library = YandexV5::new(settings, yandex, version)?.with_identity(identity);
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
            Arc::new(library)
        }
        ProviderKind::YandexDirectLive4 => {
            no_version(config)?;
            let language = config.language.as_deref().unwrap_or(connection::LANGUAGE);
            Arc::new(YandexLive4::new(settings, yandex, language)?.with_identity(identity))
        }
        ProviderKind::Facebook => {
            let form = if encoding == Encoding::Multipart { Form::Multipart } else { Form::Bytes };
            let version = config.version.clone();
            if let Some(given) = version.as_deref().filter(|version| !is_graph_version(version)) {
                return Err(unknown_version(given, "it has the form v26.0"));
            }
            Arc::new(Facebook::new(settings, form, version)?)
        }
        ProviderKind::Evotor => {
            no_version(config)?;
            Arc::new(Evotor::new(settings)?)
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

/// Refuses settings that the provider has no use for: whoever wrote one expects it to do something.
fn in_its_place(config: &LibraryConfig) -> Result<(), Problem> {
    use ProviderKind::{Evotor, Facebook, YandexDirectLive4, YandexDirectV5};
    let both: &[ProviderKind] = &[YandexDirectV5, YandexDirectLive4];
    let settings: [(&'static str, bool, &[ProviderKind], &'static str); 10] = [
        ("zone", config.zone.is_some(), both, "Yandex Direct"),
        ("sandbox", config.sandbox.is_some(), both, "Yandex Direct"),
        ("login", config.login.is_some(), both, "Yandex Direct"),
        ("clients", config.clients.is_some(), both, "Yandex Direct"),
        ("operator_units", config.operator_units.is_some(), &[YandexDirectV5], "Yandex Direct v5"),
        ("uploads_per_call", config.uploads_per_call.is_some(), &[YandexDirectV5], "Yandex Direct v5"),
        ("upload_bytes_per_call", config.upload_bytes_per_call.is_some(), &[YandexDirectV5], "Yandex Direct v5"),
        ("app_secret", config.app_secret.is_some(), &[Facebook], "Facebook"),
        ("app_secret_time", config.app_secret_time.is_some(), &[Facebook], "Facebook"),
        ("auth", config.auth.is_some(), &[Evotor], "Evotor"),
    ];
    match settings.iter().find(|(_, given, of, _)| *given && !of.contains(&config.provider)) {
        Some((setting, _, _, whose)) => Err(Problem::Misplaced(setting, whose)),
        None => Ok(()),
    }
}

/// The logins of an agency's clients.
fn clients(config: &LibraryConfig) -> Result<Vec<String>, Problem> {
    config.clients.iter().flatten().map(|login| carried("clients", login.clone())).collect()
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
