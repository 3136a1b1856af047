//! From `[tls]`, `[auth]` and `[clients]` to who may call: the table of clients and the server's TLS.

use std::num::NonZeroU32;
use std::str::FromStr;

use polyptych_facade::auth::{
    Access, AccessError, Algorithm, Client, FileError, Guard, Issuer, Patterns, Rate, Reflection, Right, TokenRules,
};
use polyptych_facade::{ClientAuthorities, Tls, TlsFiles};

use crate::Config;
use crate::config::{
    ClientCertificates, ClientConfig, ClientRight, RateConfig, ReflectionAccess, TokenAlgorithm, TokensSection,
};
use crate::domain::ClientId;

/// Why callers cannot be known, or TLS not spoken.
#[derive(Debug, thiserror::Error)]
pub enum OpenAccessError {
    /// A setting cannot be meant.
    #[error("the setting `{setting}` {message}")]
    Setting {
        /// Its path, joined by dots.
        setting: String,
        /// Why; never a key.
        message: String,
    },
    /// The clients cannot be told apart, or the keys of their issuer cannot be used.
    #[error("callers cannot be known")]
    Access(#[from] AccessError),
    /// A certificate or a key cannot be used.
    #[error("TLS cannot be spoken")]
    Tls(#[source] FileError),
}

/// The table of clients of a configuration; absent if it names none, and everybody who reaches the server may do everything.
/// Reads the keys of tokens, which blocks.
///
/// # Errors
/// [`OpenAccessError`].
pub fn open_access(config: &Config) -> Result<Option<Access>, OpenAccessError> {
    if let Some((setting, message)) = odd(config) {
        return Err(OpenAccessError::Setting { setting: setting.join("."), message });
    }
    if config.clients.is_empty() {
        return Ok(None);
    }
    let issuer = config.auth.tokens.as_ref().map(issuer);
    let reflection = match config.auth.reflection {
        None | Some(ReflectionAccess::Open) => Reflection::Open,
        Some(ReflectionAccess::Clients) => Reflection::Clients,
        Some(ReflectionAccess::Off) => Reflection::Off,
    };
    let clients = config.clients.iter().map(|(name, client)| meant(name, client));
    let clients = clients.collect::<Result<_, _>>();
    let clients = clients.map_err(|(path, message)| OpenAccessError::Setting { setting: path.join("."), message })?;
    Ok(Some(Access::new(clients, issuer, reflection)?))
}

/// Who decides about callers: the clients of a configuration, or nobody if it names none. Reads the keys of tokens, which
/// blocks.
///
/// # Errors
/// [`OpenAccessError`].
pub fn open_guard(config: &Config) -> Result<Guard, OpenAccessError> {
    Ok(match open_access(config)? {
        Some(access) => Guard::new(access, jiff::Timestamp::now),
        None => Guard::open(),
    })
}

/// The server's TLS; absent if none is configured. Reads certificates and key, which blocks.
///
/// # Errors
/// [`OpenAccessError`].
pub fn open_tls(config: &Config) -> Result<Option<Tls>, OpenAccessError> {
    tls_files(config).map(|files| Tls::open(files).map_err(OpenAccessError::Tls)).transpose()
}

fn tls_files(config: &Config) -> Option<TlsFiles> {
    let tls = config.tls.as_ref()?;
    let clients = tls.client_ca_file.clone().map(|certificates| ClientAuthorities {
        certificates,
        required: tls.client_certificates == Some(ClientCertificates::Required),
    });
    let (certificate, key) = (tls.certificate_file.clone(), tls.key_file.clone());
    let http1 = config.server.web_origins.as_ref().is_some_and(|origins| !origins.is_empty());
    Some(TlsFiles { certificate, key, clients, http1 })
}

/// An entry of the configuration, and what is wrong with it.
type Odd = (Vec<String>, String);

fn path(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// The entry of the configuration to change before callers can be known and TLS spoken, and why. Looks into the files.
pub(crate) fn objection(config: &Config) -> Option<Odd> {
    if let Some(odd) = odd(config) {
        return Some(odd);
    }
    if let (Some(tls), Some(files)) = (&config.tls, tls_files(config))
        && let Err(error) = Tls::open(files)
    {
        let of = |file: &std::path::PathBuf| file == error.path();
        let setting = match tls {
            tls if of(&tls.key_file) => "key_file",
            tls if tls.client_ca_file.as_ref().is_some_and(of) => "client_ca_file",
            _ => "certificate_file",
        };
        return Some((path(&["tls", setting]), told(&error)));
    }
    match open_access(config) {
        Err(OpenAccessError::Access(AccessError::Keys(error))) => {
            Some((path(&["auth", "tokens", "keys_file"]), told(&error)))
        }
        Err(OpenAccessError::Access(error @ AccessError::Ambiguous { .. })) => {
            let AccessError::Ambiguous { second, .. } = &error else { return None };
            Some((path(&["clients", second.as_str()]), error.to_string()))
        }
        Err(error) => Some((path(&["clients"]), error.to_string())),
        Ok(_) => None,
    }
}

/// An error with its cause.
fn told(error: &FileError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What is wrong without looking into files.
fn odd(config: &Config) -> Option<Odd> {
    if let Some(tls) = &config.tls
        && tls.client_certificates.is_some()
        && tls.client_ca_file.is_none()
    {
        let message = "needs a `client_ca_file` to compare certificates with".to_owned();
        return Some((path(&["tls", "client_certificates"]), message));
    }
    if let Some(tokens) = &config.auth.tokens {
        let empty = [("issuer", tokens.issuer.is_empty()), ("audience", tokens.audience.is_empty())];
        let empty = empty.into_iter().chain([("algorithms", tokens.algorithms.is_empty())]);
        if let Some((setting, _)) = empty.into_iter().find(|(_, empty)| *empty) {
            return Some((path(&["auth", "tokens", setting]), "is empty".to_owned()));
        }
        if config.clients.is_empty() {
            return Some((path(&["auth", "tokens"]), "is of no use without a client that has `subjects`".to_owned()));
        }
    }
    let asked = config.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_some());
    config.clients.iter().find_map(|(name, client)| {
        let wrong = |setting: &str, message: &str| Some((path(&["clients", name, setting]), message.to_owned()));
        if let Err(odd) = meant(name, client) {
            return Some(odd);
        }
        if client.keys.is_empty() && client.certificates.is_empty() && client.subjects.is_empty() {
            let message = "the client has no `keys`, `certificates` or `subjects` to be known by".to_owned();
            return Some((path(&["clients", name]), message));
        }
        if !client.certificates.is_empty() && !asked {
            return wrong("certificates", "needs a `client_ca_file` in `[tls]`");
        }
        if !client.subjects.is_empty() && config.auth.tokens.is_none() {
            return wrong("subjects", "needs an issuer in `[auth.tokens]`");
        }
        None
    })
}

/// A client as it is meant.
fn meant(name: &str, client: &ClientConfig) -> Result<Client, Odd> {
    let of = |setting: &str| path(&["clients", name, setting]);
    let id = ClientId::new(name).map_err(|error| (path(&["clients", name]), error.to_string()))?;
    if id == ClientId::local() {
        let message = format!("`{id}` is who calls a server that knows no clients; give the client another name");
        return Err((path(&["clients", name]), message));
    }
    for library in &client.libraries {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-*".contains(&byte);
        if library.is_empty() || !library.bytes().all(plain) {
            let message = format!("`{library}` is no id of a library, nor one with `*` in it");
            return Err((of("libraries"), message));
        }
    }
    if client.libraries.is_empty() {
        return Err((of("libraries"), "names no library".to_owned()));
    }
    if client.rights.is_empty() {
        return Err((of("rights"), "names no right".to_owned()));
    }
    if client.subjects.iter().any(String::is_empty) {
        return Err((of("subjects"), "holds an empty subject".to_owned()));
    }
    Ok(Client {
        id,
        keys: all(&client.keys).map_err(|message| (of("keys"), message))?,
        certificates: all(&client.certificates).map_err(|message| (of("certificates"), message))?,
        subjects: client.subjects.clone(),
        libraries: Patterns::new(client.libraries.iter().cloned()),
        rights: client.rights.iter().map(|right| right_of(*right)).collect(),
        rate: rate(client.rate.unwrap_or_default()).map_err(|message| (of("rate"), message))?,
    })
}

fn all<T: FromStr<Err: std::fmt::Display>>(texts: &[String]) -> Result<Vec<T>, String> {
    texts.iter().map(|text| text.parse().map_err(|error: T::Err| error.to_string())).collect()
}

fn right_of(right: ClientRight) -> Right {
    match right {
        ClientRight::Read => Right::Read,
        ClientRight::Write => Right::Write,
        ClientRight::Admin => Right::Admin,
    }
}

fn rate(rate: RateConfig) -> Result<Rate, String> {
    let some = |number: Option<u32>| match number.map(NonZeroU32::new) {
        None => Ok(None),
        Some(Some(number)) if number.get() <= 1_000_000 => Ok(Some(number)),
        Some(_) => Err("holds a number that is not 1 to 1000000".to_owned()),
    };
    if rate.burst.is_some() && rate.per_second.is_none() {
        return Err("has a `burst` of calls `per_second`, which it does not limit".to_owned());
    }
    Ok(Rate { per_second: some(rate.per_second)?, burst: some(rate.burst)?, at_once: some(rate.at_once)? })
}

fn issuer(tokens: &TokensSection) -> Issuer {
    let algorithm = |name: &TokenAlgorithm| match name {
        TokenAlgorithm::RS256 => Algorithm::Rs256,
        TokenAlgorithm::RS384 => Algorithm::Rs384,
        TokenAlgorithm::RS512 => Algorithm::Rs512,
        TokenAlgorithm::PS256 => Algorithm::Ps256,
        TokenAlgorithm::PS384 => Algorithm::Ps384,
        TokenAlgorithm::PS512 => Algorithm::Ps512,
        TokenAlgorithm::ES256 => Algorithm::Es256,
        TokenAlgorithm::ES384 => Algorithm::Es384,
        TokenAlgorithm::EdDSA => Algorithm::EdDsa,
    };
    let rules = TokenRules {
        issuer: tokens.issuer.clone(),
        audience: tokens.audience.clone(),
        algorithms: tokens.algorithms.iter().map(algorithm).collect(),
    };
    Issuer { rules, keys_file: tokens.keys_file.clone() }
}
