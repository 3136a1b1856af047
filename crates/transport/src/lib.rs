//! Executes [`polyptych_wire::Request`]s over HTTP, one [`Transport`] per configured library.
//!
//! It answers with whatever the server said, for every status, and when there is no answer it says how far the request
//! got ([`Delivery`]). It never interprets a body, follows a redirect, uses a proxy, or lets a token, a query string or
//! image bytes into an error, a log line or a trace. It is the only crate that names the HTTP client.

mod attempt;
mod config;
mod credential;
mod error;
mod progress;
mod response;
mod tls;
mod transport;

pub use config::{Auth, Config, ConfigError, Timeouts};
pub use credential::{CredentialError, CredentialSource, Fixed, FromEnv, FromFile};
pub use error::{Delivery, Error, ErrorKind, TimeoutKind};
pub use response::Response;
pub use secrecy::SecretString;
pub use transport::Transport;
