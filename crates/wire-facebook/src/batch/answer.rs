//! The answer to a batch: an entry for each request, each with a status, headers and a body of its own.

use polyptych_wire::json::{lenient_int, lenient_list, parse, refusal_text};
use polyptych_wire::rest::Operation;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::OPERATION;
use crate::error::Envelope;
use crate::{Answer, DecodeError, Usage, decode};

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchEntry {
    /// It was answered, or refused.
    Answered(BatchAnswer),
    /// There is no answer though one was to come: the batch ran out of time before the request ended or even began.
    /// A write may have been applied.
    NotRun,
    /// There is no answer, and that of a success was to be left out: the request was done, unless the batch ran out of
    /// time. The provider writes both alike.
    OmittedOrNotRun,
}

/// The answer to one request of a batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BatchAnswer {
    /// The HTTP status that the request would have got alone.
    #[serde(deserialize_with = "status")]
    pub code: u16,
    /// Its headers; empty where they were not to be included.
    #[serde(default, deserialize_with = "lenient_list")]
    pub headers: Vec<BatchHeader>,
    /// Its body, JSON as text; empty where there is none.
    #[serde(default, deserialize_with = "text")]
    pub body: String,
}

/// A header of an answer within a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BatchHeader {
    /// Name, in any case.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Value.
    #[serde(deserialize_with = "text")]
    pub value: String,
}

impl BatchAnswer {
    /// Reads the answer to `O`, as [`decode`] does for a request that went alone.
    ///
    /// # Errors
    /// Those of [`decode`].
    pub fn decode<O: Operation>(&self) -> Result<Answer<O::Answer>, DecodeError> {
        decode::<O>(self.code, self.body.as_bytes())
    }

    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_str())
    }

    /// How much of the limits is used, as this answer's headers tell.
    pub fn usage(&self) -> Usage {
        Usage::from_pairs(self.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())))
    }
}

/// Reads an answer with an entry for each of `omitted`, which tells where that of a success was to be left out.
pub(super) fn read(status: u16, body: &[u8], omitted: &[bool]) -> Result<Answer<Vec<BatchEntry>>, DecodeError> {
    if let Ok(Envelope { error: Some(error) }) = parse(body) {
        return Ok(Answer::Refused(Box::new(error)));
    }
    if !(200..300).contains(&status) {
        return Err(DecodeError::Status { status });
    }
    let unreadable = |source| DecodeError::Unreadable { operation: OPERATION, source };
    let entries: Vec<Option<BatchAnswer>> = parse(body).map_err(unreadable)?;
    if entries.len() != omitted.len() {
        let counts = format!("{} entries answer {} requests", entries.len(), omitted.len());
        return Err(unreadable(serde_json::Error::custom(counts)));
    }
    let entries = entries.into_iter().zip(omitted).map(|(entry, omitted)| match (entry, omitted) {
        (Some(answer), _) => BatchEntry::Answered(answer),
        (None, false) => BatchEntry::NotRun,
        (None, true) => BatchEntry::OmittedOrNotRun,
    });
    Ok(Answer::Success(entries.collect()))
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    lenient_int(deserializer)?.ok_or_else(|| D::Error::custom("an entry without a status"))
}

/// A text; of anything else but `null` its JSON text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(refusal_text(deserializer)?.unwrap_or_default())
}
