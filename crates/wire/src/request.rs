//! One call to a provider as data, ready for a transport.

use std::fmt;

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
/// ([`Body::wants_credential`]). `Debug` prints neither the query nor values of headers nor the body: they may hold what
/// a caller keeps to himself.
#[derive(Clone)]
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

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("effect", &self.effect)
            .field("method", &self.method)
            .field("path", &self.path.split('?').next().unwrap_or_default())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .finish()
    }
}
