//! The JSON form of Live 4: `{"method","param","token","locale"}` in, `{"data"}` or the error members out, HTTP 200 in
//! any case. `application_id`, `login` and other keys are ignored, and so is the request's content type.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Outcome, Param, Received};
use crate::exchange::{Exchange, reply, set_header};
use crate::shape::take_text;
use crate::state::State;
use crate::yandex::account::bearer;
use crate::yandex::texts::Language;

/// Reads a call.
pub(crate) fn read(state: &State, exchange: &Exchange) -> Result<Received, Fault> {
    let body: Value =
        serde_json::from_slice(&exchange.body).map_err(|_| Fault::invalid("The request is not valid JSON"))?;
    let Value::Object(mut body) = body else { return Err(Fault::invalid("The request must be a JSON object")) };
    let mut token = take_text(&mut body, "token");
    if token.is_empty() && state.settings.yandex.live4_header_token {
        token = bearer(exchange.header("authorization")).unwrap_or_default().to_owned();
    }
    Ok(Received {
        method: take_text(&mut body, "method"),
        token,
        language: Language::of(&take_text(&mut body, "locale")),
        param: Param::Json(body.remove("param").unwrap_or_default()),
    })
}

/// Writes an answer.
pub(crate) fn write(state: &State, outcome: &Outcome) -> Response {
    let body = match &outcome.result {
        Ok(data) => json!({ "data": data.to_json(state.settings.yandex.live4_count_as_text) }),
        Err(fault) => json!({
            "error_code": fault.code,
            "error_str": fault.message(outcome.language),
            "error_detail": fault.detail,
        }),
    };
    let mut response = reply(StatusCode::OK, "application/json; charset=utf-8", body.to_string());
    let info = format!("reqid:{},cmd:direct.json-api/{}", outcome.request_id, outcome.method);
    set_header(&mut response, "x-accel-info", &info);
    response
}
