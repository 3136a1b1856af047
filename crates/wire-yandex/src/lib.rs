//! Yandex Direct, the image services: API v5 `AdImages` ([`v5`]) and v4 Live `AdImage` and `AdImageAssociation`
//! ([`live4`]), each over JSON and over SOAP.
//!
//! With the feature `schema` the types that travel as JSON derive `schemars::JsonSchema`.
//!
//! A call is data: `v5::request` and `live4::request` make a [`polyptych_wire::Request`], `v5::decode` and
//! `live4::decode` read the body of an answer. Nothing here sends anything or knows a token.

mod answer;
mod encode;
pub mod headers;
pub mod live4;
pub mod v5;

#[rustfmt::skip]
mod generated {
    pub(crate) mod errors_live4;
    pub(crate) mod errors_v5;
    pub(crate) mod live4;
    pub(crate) mod v5;
}

pub use answer::{Answer, ApiFault, DecodeError};
pub use encode::{EncodeError, Encoding};
