//! From configuration to connected libraries. What only one provider has is in its module; a provider that is not built in is
//! refused by the name of its cargo feature.

#![cfg_attr(
    not(all(feature = "evotor", feature = "facebook", feature = "yandex")),
    allow(dead_code, reason = "what providers share is whole also where those that need it are left out")
)]

mod connection;
#[cfg(feature = "evotor")]
mod evotor;
#[cfg(feature = "facebook")]
mod facebook;
#[cfg(feature = "server")]
mod opened;
#[cfg(feature = "yandex")]
mod yandex;

use std::sync::Arc;

use polyptych_providers::Settings;
use polyptych_transport::{Auth, Standing};

use crate::config::{Encoding, LibraryConfig, ProviderKind};
use crate::domain::{AlbumId, ImageLibrary, LibraryId, NameError};
use crate::{Config, Together};

#[cfg(feature = "server")]
pub(crate) use opened::Opened;

/// Why a configured library cannot be connected. Nothing was sent anywhere.
#[derive(Debug, thiserror::Error)]
#[error("the library `{library}` cannot be connected")]
pub struct OpenError {
    library: String,
    source: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[cfg_attr(
        all(feature = "evotor", feature = "facebook", feature = "yandex"),
        expect(dead_code, reason = "every provider is built in")
    )]
    #[error("its provider is not built in; turn on the feature `{0}` of `polyptych`")]
    NotBuilt(&'static str),
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
            Self::NotBuilt(_) => Some("provider"),
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
    #[cfg(feature = "yandex")]
    logins: polyptych_providers::YandexLogins,
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
    let with = &shared.with;
    in_its_place(config)?;
    let wanted = Wanted { id, config, with, standing, encoding: encoding(config)? };
    match config.provider {
        #[cfg(feature = "yandex")]
        ProviderKind::YandexDirectV5 => yandex::v5(&wanted, &shared.logins),
        #[cfg(feature = "yandex")]
        ProviderKind::YandexDirectLive4 => yandex::live4(&wanted, &shared.logins),
        #[cfg(feature = "facebook")]
        ProviderKind::Facebook => facebook::open(&wanted),
        #[cfg(feature = "evotor")]
        ProviderKind::Evotor => evotor::open(&wanted),
        #[cfg(not(all(feature = "evotor", feature = "facebook", feature = "yandex")))]
        absent => Err(Problem::NotBuilt(absent.feature())),
    }
}

/// A library to be opened, whose settings are in their places.
struct Wanted<'c> {
    id: &'c str,
    config: &'c LibraryConfig,
    with: &'c Together,
    standing: &'c Arc<Standing>,
    encoding: Encoding,
}

impl Wanted<'_> {
    /// What every provider is made from; `address` is the provider's own.
    fn settings(&self, address: &str, auth: Auth) -> Result<Settings, Problem> {
        let config = self.config;
        let mut connection = connection::connection(config, address, auth)?.with_limits(Arc::clone(&self.with.limits));
        connection = connection.with_standing(Arc::clone(self.standing));
        if let Some(quotas) = &self.with.quotas {
            connection = connection.with_shared_quotas(Arc::clone(quotas));
        }
        let id = LibraryId::new(self.id).map_err(Problem::Id)?;
        let default_album = config.default_album.clone().map(AlbumId::new).transpose().map_err(Problem::Album)?;
        Ok(Settings { id, default_album, connection })
    }
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

fn no_version(config: &LibraryConfig) -> Result<(), Problem> {
    config.version.as_deref().map_or(Ok(()), |given| Err(unknown_version(given, "it has only one; leave version out")))
}

fn unknown_version(given: &str, known: &'static str) -> Problem {
    Problem::Version { given: given.to_owned(), known }
}
