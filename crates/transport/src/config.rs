//! The settings of one library's transport, checked before the first request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::SecretString;

use crate::{
    ByStatus, Clock, CredentialSource, Jitter, Limits, Reading, Retry, Seeded, SharedQuotas, Signing, Standing,
    SystemClock,
};

/// Where the credential goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <credential>` (Yandex v5, Facebook, Evotor).
    Bearer,
    /// The bare credential in the named header (Evotor's `X-Authorization`).
    Header(HeaderName),
    /// In the body, where the request marks the place (Yandex v4 Live); no header.
    InBody,
}

/// How long one try may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution, TCP and TLS together. Default 10 s.
    pub connect: Duration,
    /// The longest silence: no byte sent and none received. It covers the time in which the provider works on an
    /// upload. Default 180 s.
    pub idle: Duration,
    /// The whole try, from asking for the credential to the last byte of the answer. Default 600 s.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), idle: Duration::from_secs(180), total: Duration::from_secs(600) }
    }
}

/// Settings of a [`crate::Transport`].
#[derive(Clone)]
pub struct Config {
    pub(crate) base: String,
    pub(crate) auth: Auth,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_response_bytes: u64,
    pub(crate) headers: HeaderMap,
    pub(crate) plain_http: Vec<String>,
    pub(crate) root_certificates: Option<Vec<u8>>,
    pub(crate) client_certificate: Option<(Vec<u8>, SecretString)>,
    pub(crate) provider: &'static str,
    pub(crate) library: String,
    pub(crate) reading: Arc<dyn Reading>,
    pub(crate) signing: Option<Arc<dyn Signing>>,
    pub(crate) retry: Retry,
    pub(crate) limits: Arc<Limits>,
    pub(crate) quotas: Option<Arc<dyn SharedQuotas>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<dyn Jitter>,
    pub(crate) standing: Arc<Standing>,
}

impl Config {
    /// The largest answer that is read by default, in bytes: 16 MiB.
    pub const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

    /// Settings for the library at `base`: `https://host[:port][/path]`, without user, query and fragment. Paths of
    /// requests are appended to it. Checked by [`crate::Transport::new`].
    pub fn new(base: impl Into<String>, auth: Auth, credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            base: base.into(),
            auth,
            credentials,
            timeouts: Timeouts::default(),
            max_response_bytes: Self::MAX_RESPONSE_BYTES,
            headers: HeaderMap::new(),
            plain_http: Vec::new(),
            root_certificates: None,
            client_certificate: None,
            provider: "http",
            library: String::new(),
            reading: Arc::new(ByStatus),
            signing: None,
            retry: Retry::default(),
            limits: Arc::new(Limits::new()),
            quotas: None,
            clock: Arc::new(SystemClock),
            jitter: Arc::new(Seeded::from_system()),
            standing: Arc::default(),
        }
    }

    /// Tells `standing` of every call.
    #[must_use]
    pub fn with_standing(mut self, standing: Arc<Standing>) -> Self {
        self.standing = standing;
        self
    }

    /// Sets the limits of time.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the largest answer that is read, in bytes.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Adds a header to every request (`Accept-Language`, `Accept`); a header of the same name in a request wins.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Allows plain `http` to the host of this name (as it stands in the address, without a port). Without it only
    /// loopback hosts are reached that way, because the credential would travel in the clear.
    #[must_use]
    pub fn allow_plain_http_to(mut self, host: impl Into<String>) -> Self {
        self.plain_http.push(host.into());
        self
    }

    /// Names provider and library for spans and metrics; the provider should be one of a few words, since it is a label
    /// of every metric. Default `http` and nothing.
    #[must_use]
    pub fn with_names(mut self, provider: &'static str, library: impl Into<String>) -> Self {
        self.provider = provider;
        self.library = library.into();
        self
    }

    /// Sets how answers are read. Default [`ByStatus`].
    #[must_use]
    pub fn with_reading(mut self, reading: Arc<dyn Reading>) -> Self {
        self.reading = reading;
        self
    }

    /// Adds parameters to every query that prove the credential.
    #[must_use]
    pub fn with_signing(mut self, signing: Arc<dyn Signing>) -> Self {
        self.signing = Some(signing);
        self
    }

    /// Sets how often and how patiently calls are repeated.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Shares the limits of calls at once with other libraries of the process. Default: its own.
    #[must_use]
    pub fn with_limits(mut self, limits: Arc<Limits>) -> Self {
        self.limits = limits;
        self
    }

    /// Tells other processes what answers told of quotas, and learns from them. Default: knows only its own.
    #[must_use]
    pub fn with_shared_quotas(mut self, quotas: Arc<dyn SharedQuotas>) -> Self {
        self.quotas = Some(quotas);
        self
    }

    /// Sets the clock of waits, quotas and deadlines.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where in its range a wait falls.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Arc<dyn Jitter>) -> Self {
        self.jitter = jitter;
        self
    }

    /// Trusts these certificate authorities (PEM) beside those of the system.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one: the chain (PEM, the client's own first) and its private key
    /// (PEM; PKCS #8, PKCS #1 or SEC 1).
    #[must_use]
    pub fn with_client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<SecretString>) -> Self {
        self.client_certificate = Some((chain.into(), key.into()));
        self
    }

    /// The base address as a URL, checked.
    pub(crate) fn address(&self) -> Result<Url, ConfigError> {
        address(&self.base, &self.plain_http)
    }
}

/// An address that requests with credentials may go to, as a URL: over TLS, or without it to this machine and to the hosts
/// of these names.
pub(crate) fn address(text: &str, plain_http: &[String]) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|error| ConfigError::Address(error.to_string()))?;
    let host = url.host_str().ok_or_else(|| ConfigError::Address("it has no host".to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::Address("it holds a user, a query or a fragment".to_owned()));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) || plain_http.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) => {}
        "http" => return Err(ConfigError::PlainHttp(host.to_owned())),
        scheme => return Err(ConfigError::Scheme(scheme.to_owned())),
    }
    Ok(url)
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = Url::parse(&self.base).ok().and_then(|url| url.host_str().map(str::to_owned));
        f.debug_struct("Config")
            .field("host", &host)
            .field("auth", &self.auth)
            .field("timeouts", &self.timeouts)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("plain_http", &self.plain_http)
            .field("provider", &self.provider)
            .field("library", &self.library)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// `localhost` and addresses that never leave the machine (RFC 6761, RFC 1122, RFC 4291).
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Why a [`Config`] is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base address is not one.
    #[error("the base address is not usable: {0}")]
    Address(String),
    /// The scheme is neither `https` nor `http`.
    #[error("the scheme `{0}` is not supported")]
    Scheme(String),
    /// Plain `http` to a host that is not this machine.
    #[error("plain http to `{0}` would send the credential in the clear; use https or allow it")]
    PlainHttp(String),
    /// A limit of time is zero.
    #[error("the {0} timeout is zero")]
    Timeout(&'static str),
    /// A setting of [`Retry`] cannot be meant: no try at all, or a refund that is no number from 0 to 1.
    #[error("the retry setting `{0}` is out of range")]
    Retry(&'static str),
    /// The header is set by the transport itself.
    #[error("the header `{0}` is set by the transport")]
    Header(HeaderName),
    /// The extra certificates are not PEM, or there is none among them.
    #[error("the root certificates are not usable: {0}")]
    RootCertificates(String),
    /// The client certificate or its key is not PEM, or they do not belong together. Holds no part of the key.
    #[error("the client certificate is not usable: {0}")]
    ClientCertificate(String),
    /// TLS cannot be set up: no root certificates on this system.
    #[error("tls cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("the http client cannot be set up")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}
