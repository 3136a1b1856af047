//! One library's connection: checked settings and a pooled HTTP client.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use polyptych_wire::Request;
use tracing::{Instrument, field, info_span};

use crate::attempt::{self, OURS};
use crate::{Auth, Config, ConfigError, CredentialSource, Error, Response, Timeouts, tls};

const USER_AGENT: &str = concat!("polyptych/", env!("CARGO_PKG_VERSION"));

/// Executes requests of one library. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Transport(Arc<Settings>);

/// What a try needs, checked once.
pub(crate) struct Settings {
    pub(crate) client: reqwest::Client,
    /// The base address without a slash at its end.
    pub(crate) base: String,
    /// Host and port for spans and errors.
    pub(crate) host: String,
    pub(crate) auth: Auth,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_response_bytes: u64,
    pub(crate) headers: HeaderMap,
}

impl Transport {
    /// Checks the settings and sets up a client; connects to nothing.
    ///
    /// # Errors
    /// If a setting is unusable, or `https` is asked for and there are no root certificates.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let url = config.address()?;
        let Timeouts { connect, idle, total } = config.timeouts;
        for (name, limit) in [("connect", connect), ("idle", idle), ("total", total)] {
            if limit.is_zero() {
                return Err(ConfigError::Timeout(name));
            }
        }
        if let Some(name) = config.headers.keys().find(|name| OURS.contains(name)) {
            return Err(ConfigError::Header(name.clone()));
        }
        let tls = match url.scheme() {
            "https" => tls::settings(config.root_certificates.as_deref())?,
            _ => tls::unused()?,
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            // Whether to try again is decided above, from what a repetition would do.
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(connect)
            .build()
            .map_err(|error| ConfigError::Client(error.without_url().into()))?;
        let mut headers = config.headers;
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        let name = url.host_str().unwrap_or_default();
        Ok(Self(Arc::new(Settings {
            client,
            base: url.as_str().trim_end_matches('/').to_owned(),
            host: url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")),
            auth: config.auth,
            credentials: config.credentials,
            timeouts: config.timeouts,
            max_response_bytes: config.max_response_bytes,
            headers,
        })))
    }

    /// Host, and port where it is not the scheme's own, that requests go to.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Sends `request` and reads the whole answer, of any status. Redirects are answers like others.
    ///
    /// Dropping the future gives the call up; a request that has left may still be applied.
    ///
    /// # Errors
    /// If there is no whole answer. [`Error::delivery`] says whether the request may have been applied.
    pub async fn execute(&self, request: &Request) -> Result<Response, Error> {
        let span = info_span!(
            "call",
            operation = request.operation,
            host = self.0.host,
            status = field::Empty,
            delivery = field::Empty,
        );
        let outcome = attempt::run(&self.0, request, 1).instrument(span.clone()).await;
        match &outcome {
            Ok(response) => span.record("status", response.status.as_u16()),
            Err(error) => span.record("delivery", field::debug(error.delivery())),
        };
        outcome
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("host", &self.0.host).field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
