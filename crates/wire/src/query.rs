//! Paths and query strings, percent-encoded as RFC 3986 asks.

mod style;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

pub use style::{Style, simple};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes everything but the unreserved characters, so that the text stays within its path segment or query value.
///
/// An empty text and the dot segments `.` and `..` name other resources whatever their encoding; the caller and the
/// transport refuse them.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A query string in the making.
#[derive(Debug, Default)]
pub struct Query(String);

impl Query {
    /// Starts without parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `name=value`, both encoded.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.extend(utf8_percent_encode(name, RESERVED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, RESERVED));
    }

    /// Adds `name=value` with the value as JSON text.
    ///
    /// # Panics
    /// If `Serialize` of the value fails, which the generated types (string keys only) never do.
    #[expect(clippy::expect_used, reason = "generated types have string keys and no failing fields")]
    pub fn push_json(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        self.push(name, &serde_json::to_string(value).expect("generated types serialise to JSON"));
    }

    /// The parameters without the leading `?`: a body of `application/x-www-form-urlencoded`.
    pub fn finish_form(self) -> String {
        self.0.strip_prefix('?').unwrap_or_default().to_owned()
    }

    /// The query with its leading `?`; empty without parameters.
    pub fn finish(self) -> String {
        self.0
    }
}
