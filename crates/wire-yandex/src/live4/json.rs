//! The JSON envelope of v4 Live: `{"method", "param", "locale", "token"}`, answered by `{"data"}` or by an error whose
//! members stand at the top.

use http::Method;
use polyptych_wire::json::{ObjectWriter, WriteJson, parse, refusal_int, refusal_text};
use polyptych_wire::soap::Operation;
use polyptych_wire::{BodyWriter, Escape, Request};
use serde::Deserialize;

use super::ActionRequest;
use crate::encode::json_headers;
use crate::{Answer, ApiFault, DecodeError};

pub(super) fn request<R: ActionRequest>(locale: &str, parameters: &R) -> Request {
    let mut body = BodyWriter::with_capacity(512);
    let mut envelope = ObjectWriter::new(&mut body);
    R::Operation::METHOD.write_json(envelope.key("method"));
    parameters.write_json(envelope.key("param"));
    locale.write_json(envelope.key("locale"));
    let token = envelope.key("token");
    token.push_str("\"");
    token.push_credential(Escape::Json);
    token.push_str("\"");
    envelope.end();
    let call = parameters.call();
    Request {
        operation: call.name,
        effect: call.effect,
        method: Method::POST,
        path: "/live/v4/json/".to_owned(),
        headers: json_headers(),
        body: body.finish(),
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<T>,
    #[serde(default, deserialize_with = "refusal_int")]
    error_code: Option<i64>,
    #[serde(default, deserialize_with = "refusal_text")]
    error_str: Option<String>,
    #[serde(default, deserialize_with = "refusal_text")]
    error_detail: Option<String>,
}

pub(super) fn decode<R: ActionRequest>(body: &[u8]) -> Result<Answer<R::Response>, DecodeError> {
    let Envelope { data, error_code, error_str, error_detail } =
        parse::<Envelope<R::Response>>(body).map_err(DecodeError::Json)?;
    if error_code.is_some_and(|code| code != 0) || (data.is_none() && error_str.is_some()) {
        return Ok(Answer::Fault(ApiFault {
            code: error_code,
            message: error_str.unwrap_or_default(),
            detail: error_detail.filter(|detail| !detail.is_empty()),
            request_id: None,
            soap_code: None,
        }));
    }
    data.map(Answer::Response).ok_or(DecodeError::NoResult)
}
