//! Who may do what: callers are known before anything is done for them, and what they may not do is refused before anything
//! is looked for.
//!
//! A caller is known by `authorization: Bearer` and an API key or a token, or by the certificate of its connection. [`Access`]
//! is the table of clients, [`Guard`] decides by it. It never makes tokens, and never hands a credential on.

mod access;
mod certificate;
mod files;
mod guard;
mod jwks;
mod jwt;
mod keys;
mod methods;
mod patterns;
mod rate;
mod rights;

pub use access::{Access, AccessError, Client, Issuer, Reflection};
pub use certificate::{CertificateName, NotACertificateName, Peer};
pub use files::{FileError, Files};
pub use guard::Guard;
pub use jwks::Algorithm;
pub use jwt::TokenRules;
pub use keys::{ApiKey, KeyHash, NoRandomness, NotAHash};
pub use patterns::Patterns;
pub use rate::Rate;
pub use rights::{Right, Rights};

pub(crate) use files::Kept;
pub(crate) use guard::{Admitted, Guarded};
pub(crate) use rate::Place;
