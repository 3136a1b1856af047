//! What the server answered, read whole and within the cap.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};

/// An answer of any status; whether it is an error is for the provider to say.
///
/// `Debug` prints the status and the length of the body, never headers or bytes.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers, names in lower case; a value that repeated the credential reads `[redacted]`.
    pub headers: HeaderMap,
    /// The whole body; empty when there was none. A server may repeat the credential in it: see
    /// [`Response::redacted`].
    pub body: Bytes,
    pub(crate) credential: SecretString,
}

impl Response {
    /// `text` without the credential of the request: some servers quote a malformed token in their messages. Texts of
    /// an answer pass through here before they become part of an error.
    pub fn redacted(&self, text: &str) -> String {
        text.replace(self.credential.expose_secret(), "[redacted]")
    }

    /// The value of a header as text; `None` when it is absent or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}
