//! One library's connection: checked settings and a pooled HTTP client.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use tracing::{Instrument, field, info_span};

use crate::attempt::OURS;
use crate::budget::Budgets;
use crate::connecting::Watch;
use crate::cycle::Cycle;
use crate::purse::Purses;
use crate::usage::Usage;
use crate::{
    Auth, Call, Clock, Config, ConfigError, CredentialSource, Error, Gauge, Jitter, Limits, Reading, Response, Retry,
    Rounds, SharedQuotas, Signing, Standing, Timeouts, tls,
};

pub(crate) const USER_AGENT: &str = concat!("polyptych/", env!("CARGO_PKG_VERSION"));

/// How long a call waits for what other processes know of quotas.
const LEARNING: Duration = Duration::from_secs(1);

/// How much newer than what this process knows a reading of another one has to be, since clocks are never quite the same.
pub(crate) const NEWER: Duration = Duration::from_millis(100);

/// Idle connections that are kept for later calls.
const KEPT: usize = 32;

/// Executes calls of one library. Cheap to clone; clones share connections, quotas and retry budgets.
#[derive(Clone)]
pub struct Transport(Arc<Settings>);

/// What calls and tries need, checked once, and what they learn.
pub(crate) struct Settings {
    pub(crate) client: reqwest::Client,
    /// For writes: each gets a connection of its own. On a kept one, an answer too many to an earlier request could be
    /// taken for the write's, and a peer that closes it at that moment would leave the outcome open.
    pub(crate) unshared: reqwest::Client,
    /// The base address without a slash at its end.
    pub(crate) base: String,
    /// Host and port for spans and errors.
    pub(crate) host: String,
    pub(crate) auth: Auth,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_response_bytes: u64,
    pub(crate) headers: HeaderMap,
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
    pub(crate) budgets: Budgets,
    pub(crate) usage: Usage,
    pub(crate) purses: Purses,
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
        if config.retry.tries == 0 {
            return Err(ConfigError::Retry("tries"));
        }
        if !(0.0..=1.0).contains(&config.retry.refund) {
            return Err(ConfigError::Retry("refund"));
        }
        let tls = match url.scheme() {
            "https" => tls::settings(config.root_certificates.as_deref(), config.client_certificate.as_ref())?,
            _ => tls::unused()?,
        };
        let client = |kept: usize| {
            reqwest::Client::builder()
                // Copies share the sessions that a new connection resumes.
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                // Whether to try again is decided above, from what a repetition would do.
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                // The claims about delivery rest on one request at a time per connection.
                .http1_only()
                .tcp_nodelay(true)
                .connect_timeout(connect)
                .connector_layer(Watch)
                .pool_max_idle_per_host(kept)
                .build()
                .map_err(|error| ConfigError::Client(error.without_url().into()))
        };
        let (client, unshared) = (client(KEPT)?, client(0)?);
        let mut headers = config.headers;
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        let name = url.host_str().unwrap_or_default();
        Ok(Self(Arc::new(Settings {
            client,
            unshared,
            base: url.as_str().trim_end_matches('/').to_owned(),
            host: url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")),
            auth: config.auth,
            credentials: config.credentials,
            timeouts: config.timeouts,
            max_response_bytes: config.max_response_bytes,
            headers,
            provider: config.provider,
            library: config.library,
            reading: config.reading,
            signing: config.signing,
            retry: config.retry,
            limits: config.limits,
            quotas: config.quotas,
            clock: config.clock,
            jitter: config.jitter,
            standing: config.standing,
            budgets: Budgets::new(config.retry),
            usage: Usage::default(),
            purses: Purses::default(),
        })))
    }

    /// The time of day as the library's clock has it.
    pub fn wall(&self) -> SystemTime {
        self.0.clock.wall()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0
    }

    /// Host, and port where it is not the scheme's own, that requests go to.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Sends a request and reads the whole answer, of any status, repeating it as [`Retry`] says. Redirects are answers
    /// like others. An error in the last answer is an answer, too: reading it is the provider's part.
    ///
    /// Dropping the future gives the call up and closes its connection; a request that has left may still be applied.
    ///
    /// # Errors
    /// If there is no whole answer. [`Error::delivery`] says whether the request may have been applied in any of its
    /// tries.
    pub async fn execute<'a>(&self, call: impl Into<Call<'a>>) -> Result<Response, Error> {
        let call = call.into();
        let span = info_span!(
            "call",
            provider = self.0.provider,
            library = self.0.library,
            operation = call.request.operation,
            host = self.0.host,
            tries = field::Empty,
            status = field::Empty,
            outcome = field::Empty,
            delivery = field::Empty,
            code = field::Empty,
            request_id = field::Empty,
            sent_bytes = field::Empty,
            received_bytes = field::Empty,
        );
        Cycle::new(&self.0, &call).run().instrument(span).await
    }

    /// Rounds of work of `account` that is repeated by its caller, the first of which is being done. Each further one waits
    /// and is paid for as another try of a call is. `operation` names it in metrics.
    pub fn rounds<'a>(&'a self, operation: &'static str, account: Option<&'a str>) -> Rounds<'a> {
        Rounds::new(&self.0, operation, account)
    }

    /// The quotas that limit calls of `account`, as answers told them last, each with the time of that answer. Empty
    /// before the first answer that told one.
    pub fn usage(&self, account: Option<&str>) -> Vec<(Gauge, SystemTime)> {
        self.0.known(account).into_iter().filter(|(gauge, _)| gauge.is_told()).collect()
    }
}

impl Settings {
    /// The quotas that limit calls of `account`, each with the time of the answer that told it.
    pub(crate) fn known(&self, account: Option<&str>) -> Vec<(Gauge, SystemTime)> {
        let (now, wall) = (self.clock.now(), self.clock.wall());
        let told = self.usage.read(account, now).into_iter();
        told.map(|(gauge, at)| (gauge, wall.checked_sub(now.saturating_duration_since(at)).unwrap_or(wall))).collect()
    }

    /// Takes what other processes were told of quotas for this one's, where it is newer.
    pub(crate) async fn learn(&self, account: Option<&str>) {
        let Some(quotas) = &self.quotas else { return };
        let told = tokio::time::timeout(LEARNING, quotas.told(&self.library, account)).await.unwrap_or_default();
        let (now, wall) = (self.clock.now(), self.clock.wall());
        for (gauge, time) in told {
            // One from the future is as new as can be: its clock is ahead of ours.
            let Some(at) = now.checked_sub(wall.duration_since(time).unwrap_or_default()) else { continue };
            self.purses.learn(account, &gauge, at);
            self.usage.learn(account, gauge, at, now);
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("host", &self.0.host).field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
