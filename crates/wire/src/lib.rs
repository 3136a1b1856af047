//! Runtime of the generated wire crates: what a request is before it is sent, and how its bytes are written and read.
//!
//! A [`Request`] is data: method, path, headers and a [`Body`] made of segments. It never does I/O, never knows a
//! token and never holds a base64 copy of an image; the transport executes it. Codecs for JSON ([`json`]), XML
//! ([`xml`]), SOAP ([`soap`]), query strings ([`query`]) and [`multipart`] live here, so that generated code stays small.
//! XML and SOAP are there with the feature `xml`, which is on by default.

pub mod body;
pub mod fault;
pub mod json;
pub mod multipart;
pub mod open_enum;
pub mod query;
pub mod request;
pub mod rest;
#[cfg(feature = "xml")]
pub mod soap;
#[cfg(feature = "xml")]
pub mod xml;

mod blob;
mod plain;

pub use blob::{Blob, ChunkStream, Source};
pub use body::{Body, BodyWriter, Escape, Outgoing};
pub use compact_str::CompactString;
pub use request::{Effect, Request};
