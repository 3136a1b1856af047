//! Why a picture was not fetched. Neither a query nor an address of the network that this machine stands in is told.

use reqwest::Url;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The address, or one that it redirects to, must not be called. Nothing was sent to it.
    Refused,
    /// The picture cannot be had: no such host, no connection, another status than 200, too slow.
    Unavailable,
    /// It is longer than was asked for.
    TooLarge,
}

/// Why a picture was not fetched. Nothing was changed anywhere.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    kind: FetchErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl FetchError {
    /// What kind of failure it is.
    pub fn kind(&self) -> FetchErrorKind {
        self.kind
    }

    fn new(kind: FetchErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::new(FetchErrorKind::Refused, why)
    }

    pub(super) fn unavailable(why: impl Into<String>) -> Self {
        Self::new(FetchErrorKind::Unavailable, why)
    }

    pub(super) fn too_slow() -> Self {
        Self::unavailable("the host takes too long")
    }

    pub(super) fn too_large(most_bytes: u64) -> Self {
        Self::new(FetchErrorKind::TooLarge, format!("it is longer than {most_bytes} bytes"))
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says which redirect it is about; hop 0 is the address that was given.
    pub(super) fn behind(mut self, hop: usize, url: &Url) -> Self {
        if hop > 0 {
            let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
            self.message = format!("redirected to {scheme}://{host}: {}", self.message);
        }
        self
    }
}

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchConfigError {
    /// It is no host.
    #[error("`{0}` is not a host; write `pictures.test`, `pictures.test:8080` or `*.pictures.test`")]
    Host(String),
    /// A limit of time is zero.
    #[error("the {0} limit of time is zero")]
    Timeout(&'static str),
    /// The extra certificates cannot be read, or there is none among them.
    #[error("the root certificates are not usable: {0}")]
    RootCertificates(String),
    /// TLS cannot be set up.
    #[error("tls cannot be set up: {0}")]
    Tls(String),
}
