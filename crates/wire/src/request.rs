//! One call to a provider as data, ready for a transport.

use http::{HeaderMap, Method};

use crate::Body;

/// What repeating a request does to the provider's state; retry is decided from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Reads only.
    Safe,
    /// Writes, and a second time changes nothing more (a delete).
    Idempotent,
    /// Writes, and a second time may write again or cost again (an upload).
    Write,
}

/// A request relative to a library's base address.
///
/// It holds no token: the transport adds the credential as a header, or writes it where the body asks for it
/// ([`Body::wants_credential`]).
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation in the provider's words, for spans and errors: `AdImages.add`.
    pub operation: &'static str,
    /// What a repetition would do.
    pub effect: Effect,
    /// HTTP method.
    pub method: Method,
    /// Path and query, percent-encoded, starting with `/`; appended to the base address.
    pub path: String,
    /// Headers beside `Content-Length` and the credential.
    pub headers: HeaderMap,
    /// The body; empty for reads over GET.
    pub body: Body,
}
