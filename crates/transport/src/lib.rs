//! Executes [`polyptych_wire::Request`]s over HTTP, one [`Transport`] per configured library.
//!
//! A call passes through layers: the call itself (span, deadline), retry (from the request's effect, how far a try got
//! and what the provider's [`Reading`] says of its answer), what a try waits for (suspension, quotas, limits of calls at
//! once), and the try (credential, timeouts, HTTP). It answers with whatever the server said last, for every status, and when
//! there is no answer it says how far the request got ([`Delivery`]). It never interprets a body itself, repeats a write
//! that may have been applied, follows a redirect, uses a proxy, or lets a token, a query string or image bytes into an
//! error, a log line or a trace. It is the only crate that names the HTTP client.

mod attempt;
mod backoff;
mod budget;
mod call;
mod clock;
mod config;
mod connecting;
mod credential;
mod cycle;
mod download;
mod error;
mod exchange;
mod fetch;
mod inflate;
mod keyed;
mod limits;
mod progress;
mod purse;
mod reading;
mod response;
mod retry;
mod rounds;
mod shared;
mod signing;
mod standing;
pub mod telemetry;
mod tls;
mod transport;
mod usage;

pub use call::Call;
pub use clock::{Clock, Jitter, Seeded, SystemClock};
pub use config::{Auth, Config, ConfigError, Timeouts};
pub use credential::{CredentialError, CredentialSource, Fixed, FromEnv, FromFile};
pub use download::{DownloadError, OpenFile};
pub use error::{Delivery, Error, ErrorKind, TimeoutKind};
pub use exchange::{Exchange, ExchangeBody, ExchangeConfig, ExchangeError};
pub use fetch::{
    Fetch, FetchConfig, FetchConfigError, FetchError, FetchErrorKind, FetchedPicture, HostRule, Resolver,
    SystemResolver,
};
pub use limits::{Limit, Limits, PlaceError, SharedLimits};
pub use reading::{ByStatus, Reading, Verdict};
pub use response::Response;
pub use retry::Retry;
pub use rounds::Rounds;
pub use secrecy::SecretString;
pub use shared::SharedQuotas;
pub use signing::Signing;
pub use standing::Standing;
pub use tls::settings as client_tls;
pub use transport::Transport;
pub use usage::{Gauge, Pace, Scope};
