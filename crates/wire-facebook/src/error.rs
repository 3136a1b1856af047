//! Refusals of the Graph API. They can come with any HTTP status, 200 included, so that the body decides.

use polyptych_wire::CompactString;
use polyptych_wire::fault::{ErrorEntry, Level};
use polyptych_wire::json::{parse, refusal_bool, refusal_int, refusal_record, refusal_text};
use polyptych_wire::rest::Operation;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ERRORS;

/// Why the Graph API refused a request.
///
/// Dispatch on `code` and `error_subcode`, or use [`GraphError::entry`]: messages change and are translated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GraphError {
    /// Text for developers, in English.
    #[serde(deserialize_with = "refusal_text")]
    pub message: Option<String>,
    /// Class of the error: `OAuthException`, `GraphMethodException`, `GraphBatchException`.
    #[serde(rename = "type", deserialize_with = "refusal_text")]
    pub kind: Option<CompactString>,
    /// The code; absent in errors of whole batches.
    #[serde(deserialize_with = "refusal_int")]
    pub code: Option<i64>,
    /// What the code is about.
    #[serde(deserialize_with = "refusal_int")]
    pub error_subcode: Option<i64>,
    /// Whether a repetition may succeed; absent where the provider does not say.
    #[serde(deserialize_with = "refusal_bool")]
    pub is_transient: Option<bool>,
    /// Heading for users, in their language.
    #[serde(deserialize_with = "refusal_text")]
    pub error_user_title: Option<String>,
    /// Text for users, in their language.
    #[serde(deserialize_with = "refusal_text")]
    pub error_user_msg: Option<String>,
    /// Details, such as the fields to blame; JSON inside a text is unpacked.
    #[serde(deserialize_with = "unpacked")]
    pub error_data: Option<Value>,
    /// Id of the failure for the provider's support; short-lived.
    #[serde(deserialize_with = "refusal_text")]
    pub fbtrace_id: Option<CompactString>,
}

impl GraphError {
    /// What the table of codes says; `None` for a code that it does not know.
    pub fn entry(&self) -> Option<&'static ErrorEntry> {
        let message = self.message.as_deref().unwrap_or_default();
        ERRORS.find(Level::Request, self.code.unwrap_or_default(), self.error_subcode, message)
    }
}

/// An `error` that is a text, as something before the API may answer: it is the message.
impl From<String> for GraphError {
    fn from(message: String) -> Self {
        Self { message: Some(message), ..Self::default() }
    }
}

/// What the Graph API answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// The operation's answer.
    Success(T),
    /// The request was refused.
    Refused(Box<GraphError>),
}

/// Why an answer says neither success nor refusal.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A failing status without an error in the body: a proxy, or an outage. A write may have been applied.
    #[error("http status {status} without a graph error in the body")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// A success whose body does not read. A write has been applied.
    #[error("the answer of {operation} does not read")]
    Unreadable {
        /// The operation in the provider's words.
        operation: &'static str,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// Reads the answer to `O` from the HTTP status and the body. An `error` in the body counts whatever the status.
///
/// # Errors
/// [`DecodeError`], whose cases say whether a write may have been applied.
pub fn decode<O: Operation>(status: u16, body: &[u8]) -> Result<Answer<O::Answer>, DecodeError> {
    let unreadable = |source| DecodeError::Unreadable { operation: O::NAME, source };
    match parse::<Envelope>(body) {
        Ok(Envelope { error: Some(error) }) => Ok(Answer::Refused(Box::new(error))),
        _ if !(200..300).contains(&status) => Err(DecodeError::Status { status }),
        Ok(Envelope { error: None }) => O::read_answer(body).map(Answer::Success).map_err(unreadable),
        Err(source) => Err(unreadable(source)),
    }
}

/// What tells a refusal from an answer.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    #[serde(default, deserialize_with = "refusal_record")]
    pub(crate) error: Option<GraphError>,
}

fn unpacked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::String(text)) => Some(serde_json::from_str(&text).unwrap_or(Value::String(text))),
        other => other,
    })
}
