//! Plain exchanges for what is no image library and signs and repeats its requests itself, as a bucket's client does: one
//! request, one answer, both streamed, over the same TLS as libraries. It adds no credential and never repeats, follows a
//! redirect or uses a proxy.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;

use crate::config::address;
use crate::transport::USER_AGENT;
use crate::{ConfigError, tls};

/// Connections that are kept for later requests.
const KEPT: usize = 32;

/// A body on its way, in pieces.
pub type ExchangeBody = BoxBody<Bytes, ExchangeError>;

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct ExchangeConfig {
    /// The only address that is called: `https://host[:port]`, or plain `http` to this machine and to `plain_http`.
    pub base: String,
    /// Name resolution, TCP and TLS together. 10 s.
    pub connect: Duration,
    /// The longest wait for an answer to begin, sending the request included, and for each further piece of it. 60 s.
    pub idle: Duration,
    /// Names of hosts that may be called over plain `http`, beside this machine.
    pub plain_http: Vec<String>,
    /// Certificate authorities to trust beside the system's, PEM.
    pub root_certificates: Option<Vec<u8>>,
}

impl ExchangeConfig {
    /// Calls this address, with all else as it is by default.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            plain_http: Vec::new(),
            root_certificates: None,
        }
    }
}

/// Why there is no answer, or not all of one. Holds neither headers nor query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The request goes somewhere else than it may. It was not sent.
    #[error("the request does not go to the configured address")]
    Address,
    /// The request's body could not be had. Part of it may have been sent.
    #[error("the request's body cannot be read")]
    Body(#[source] Box<dyn StdError + Send + Sync>),
    /// There is no connection. The request was not sent.
    #[error("the host cannot be connected to")]
    Connect(#[source] Box<dyn StdError + Send + Sync>),
    /// It took too long. The request may have been carried out.
    #[error("the host did not answer in time")]
    Timeout,
    /// The connection failed. The request may have been carried out.
    #[error("the connection failed")]
    Interrupted(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<reqwest::Error> for ExchangeError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        match () {
            () if error.is_connect() => Self::Connect(error.into()),
            () if error.is_timeout() => Self::Timeout,
            () => Self::Interrupted(error.into()),
        }
    }
}

/// Sends requests to one address. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Exchange {
    client: reqwest::Client,
    origin: reqwest::Url,
}

impl Exchange {
    /// Checks the settings and sets up a client; connects to nothing.
    ///
    /// # Errors
    /// If a setting is unusable, or `https` is asked for and there are no root certificates.
    pub fn new(config: &ExchangeConfig) -> Result<Self, ConfigError> {
        let origin = address(&config.base, &config.plain_http)?;
        let tls = match origin.scheme() {
            "https" => tls::settings(config.root_certificates.as_deref(), None)?,
            _ => tls::unused()?,
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            .connect_timeout(config.connect)
            .read_timeout(config.idle)
            .pool_max_idle_per_host(KEPT)
            .build()
            .map_err(|error| ConfigError::Client(error.without_url().into()))?;
        Ok(Self { client, origin })
    }

    /// Sends a request, whose headers are all that it has, and answers with whatever the server says.
    ///
    /// # Errors
    /// [`ExchangeError`] says whether the request may have been carried out.
    pub async fn send(
        &self,
        request: http::Request<ExchangeBody>,
    ) -> Result<http::Response<ExchangeBody>, ExchangeError> {
        let request =
            reqwest::Request::try_from(request.map(reqwest::Body::wrap)).map_err(|_| ExchangeError::Address)?;
        if request.url().origin() != self.origin.origin() {
            return Err(ExchangeError::Address);
        }
        let answer = http::Response::from(self.client.execute(request).await?);
        Ok(answer.map(|body: reqwest::Body| body.map_err(ExchangeError::from).boxed()))
    }
}
