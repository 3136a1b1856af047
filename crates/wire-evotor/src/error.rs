//! Refusals of Evotor Cloud. The HTTP status decides; the body, where there is one, only explains.

use polyptych_wire::fault::{ErrorEntry, Level};
use polyptych_wire::json::parse;
use polyptych_wire::rest::Operation;

use crate::{ERRORS, Error};

/// Why Evotor Cloud refused a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The explanation; absent where the body was empty or something else than a JSON object.
    pub error: Option<Error>,
}

impl Refusal {
    /// What the table says about the status and the members that are blamed; `None` for a status that it does not know.
    pub fn entry(&self) -> Option<&'static ErrorEntry> {
        let violations = self.error.iter().flat_map(|error| &error.violations);
        let subjects: Vec<&str> = violations.filter_map(|violation| violation.subject.as_deref()).collect();
        ERRORS.find(Level::Request, self.status.into(), None, &subjects.join(" "))
    }
}

/// What Evotor Cloud answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// The operation's answer.
    Success(T),
    /// The request was refused.
    Refused(Refusal),
}

/// Why a success does not read. A write has been applied.
#[derive(Debug, thiserror::Error)]
#[error("the answer of {operation} does not read")]
pub struct DecodeError {
    /// The operation in the provider's words.
    pub operation: &'static str,
    /// Where and why.
    pub source: serde_json::Error,
}

/// Reads the answer to `O` from the HTTP status and the body.
///
/// # Errors
/// If the status is a success and the body is not of the answer's shape.
pub fn decode<O: Operation>(status: u16, body: &[u8]) -> Result<Answer<O::Answer>, DecodeError> {
    if (200..300).contains(&status) {
        let answer = O::read_answer(body).map(Answer::Success);
        return answer.map_err(|source| DecodeError { operation: O::NAME, source });
    }
    Ok(Answer::Refused(Refusal { status, error: parse(body).ok() }))
}
