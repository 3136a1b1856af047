//! What the server answered, read whole and within the cap.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use crate::Verdict;

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
    /// The credential, and what was made from it.
    pub(crate) secrets: Vec<SecretString>,
    /// Whether the server can hold the whole request that it answers.
    pub(crate) sent_whole: bool,
    pub(crate) verdict: Verdict,
    pub(crate) tries: u32,
    pub(crate) applied_before: bool,
    pub(crate) retry_after: Option<Duration>,
}

impl Response {
    /// `text` without the credential of the request: some servers quote a malformed token in their messages. Texts of
    /// an answer pass through here before they become part of an error.
    pub fn redacted(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), "[redacted]"))
    }

    /// An answer that travelled in this one's body (an entry of a batch), as if it had come alone. It keeps what is known
    /// of the call, save for the verdict, which was on the whole.
    #[must_use]
    pub fn within(&self, status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body, verdict: Verdict::default(), ..self.clone() }
    }

    /// What the provider's [`crate::Reading`] made of it.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// How many tries were made; this is the answer to the last.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Whether a try before the last may have been applied. Never so for a [`polyptych_wire::Effect::Write`]; a repeated
    /// deletion that is answered with "not found" may well have deleted before.
    pub fn may_have_been_applied_before(&self) -> bool {
        self.applied_before
    }

    /// When it is worth calling again, if the provider said so and the call could not wait that long.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
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
