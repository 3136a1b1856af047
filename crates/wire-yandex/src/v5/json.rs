//! The JSON envelope of v5: `{"method", "params"}`, answered by `{"result"}` or `{"error"}`.

use http::Method;
use polyptych_wire::json::{ObjectWriter, WriteJson, parse, refusal_int, refusal_record, refusal_text};
use polyptych_wire::soap::Operation;
use polyptych_wire::{BodyWriter, Request};
use serde::Deserialize;

use super::{Version, service};
use crate::encode::json_headers;
use crate::{Answer, ApiFault, DecodeError};

pub(super) fn request<O: Operation>(version: Version, parameters: &O::Request) -> Request {
    let mut body = BodyWriter::with_capacity(512);
    let mut envelope = ObjectWriter::new(&mut body);
    O::METHOD.write_json(envelope.key("method"));
    parameters.write_json(envelope.key("params"));
    envelope.end();
    Request {
        operation: O::NAME,
        effect: O::EFFECT,
        method: Method::POST,
        path: format!("/json/{}/{}", version.as_str(), service::<O>()),
        headers: json_headers(),
        body: body.finish(),
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    result: Option<T>,
    #[serde(default, deserialize_with = "refusal_record")]
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    #[serde(deserialize_with = "refusal_text")]
    request_id: Option<String>,
    #[serde(deserialize_with = "refusal_int")]
    error_code: Option<i64>,
    #[serde(deserialize_with = "refusal_text")]
    error_string: Option<String>,
    #[serde(deserialize_with = "refusal_text")]
    error_detail: Option<String>,
}

/// An `error` that is a text, as something before the API may answer: it is the message.
impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { error_string: Some(message), ..Self::default() }
    }
}

pub(super) fn decode<O: Operation>(body: &[u8]) -> Result<Answer<O::Response>, DecodeError> {
    let envelope: Envelope<O::Response> = parse(body).map_err(DecodeError::Json)?;
    match (envelope.error, envelope.result) {
        (Some(error), _) => Ok(Answer::Fault(error.into())),
        (None, Some(result)) => Ok(Answer::Response(result)),
        (None, None) => Err(DecodeError::NoResult),
    }
}

impl From<Refusal> for ApiFault {
    fn from(error: Refusal) -> Self {
        Self {
            code: error.error_code,
            message: error.error_string.unwrap_or_default(),
            detail: error.error_detail.filter(|detail| !detail.is_empty()),
            request_id: error.request_id.filter(|id| !id.is_empty()),
            soap_code: None,
        }
    }
}
