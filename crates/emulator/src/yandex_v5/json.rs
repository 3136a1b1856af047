//! The JSON form of AdImages: `{"method","params"}` in, `{"result"}` or `{"error"}` out, HTTP 200 in any case.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::fault::Fault;
use super::request::{Call, Method};
use super::service::Outcome;
use crate::exchange::{Exchange, reply, set_header};
use crate::state::State;

/// Reads a call. Keys beside `method` and `params` are ignored.
pub(crate) fn read(state: &State, exchange: &Exchange) -> Result<Call, Fault> {
    let body: Value =
        serde_json::from_slice(&exchange.body).map_err(|_| Fault::invalid("The request is not valid JSON"))?;
    let Value::Object(mut body) = body else { return Err(Fault::invalid("The request must be a JSON object")) };
    let method = match body.remove("method") {
        Some(Value::String(name)) => Method::named(&name).ok_or_else(|| Fault::new(55, "The method is not known"))?,
        Some(_) => return Err(Fault::invalid("The field method must contain a string")),
        None => return Err(Fault::invalid("The required field method is omitted")),
    };
    let params = body.remove("params");
    let params = params.ok_or_else(|| Fault::invalid("The required field params is omitted").during(method))?;
    Call::read(&state.settings.yandex, method, params).map_err(|fault| fault.during(method))
}

#[derive(Serialize)]
struct Success<'a> {
    result: &'a Answer,
}

/// Writes an answer.
pub(crate) fn write(outcome: &Outcome) -> Response {
    let (body, code) = match &outcome.result {
        // Straight into the body: a page has up to 10,000 images. Writing into memory cannot fail.
        Ok(answer) => (serde_json::to_vec(&Success { result: answer }).unwrap_or_default(), 0),
        Err(fault) => (
            Value::to_string(&json!({ "error": {
                "request_id": outcome.request_id,
                "error_code": fault.code,
                "error_string": fault.message(outcome.language),
                "error_detail": fault.detail,
            }}))
            .into_bytes(),
            // Recorded of error 1000.
            if fault.code == 1000 { -1 } else { fault.code },
        ),
    };
    let mut response = reply(StatusCode::OK, "application/json; charset=utf-8", body);
    let command = outcome.method.map_or("", Method::name);
    let info = format!("reqid:{},cmd:direct.json-api/adimages.{command},appcode:{code}", outcome.request_id);
    set_header(&mut response, "x-accel-info", &info);
    response
}
