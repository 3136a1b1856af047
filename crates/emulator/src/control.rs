//! The emulator's own paths under `/_emulator/`: the state of a test in JSON. None of them is part of an emulated API;
//! each only does what a method of [`crate::Emulator`] does.

pub(crate) mod apply;
pub(crate) mod effect;
pub(crate) mod script;
pub(crate) mod seed;
pub(crate) mod setup;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::body::{self, Unread};
use crate::clock::date_text;
use crate::exchange::{reply, without_reading};
use crate::lock::hold;
use crate::state::State;
use setup::Setup;

/// The most bytes of a control document.
const BODY_CAP: usize = 64 << 20;

const PATHS: &str =
    "GET health, GET journal, GET counts, GET calls, GET clock, GET or DELETE faults, POST setup, POST reset";

/// Answers a control request; `rest` is the path after `/_emulator/`.
pub(crate) async fn answer(state: &Arc<State>, head: &Parts, body: Body, rest: &[&str]) -> Response {
    if matches!((rest, &head.method), (["setup"], &Method::POST)) {
        return set_up(Arc::clone(state), body).await;
    }
    let response = match (rest, &head.method) {
        (["health"], &Method::GET) => {
            let library = hold(&state.library);
            let (pictures, bytes) = (library.distinct(), library.bytes());
            reply_json(&json!({ "status": "ok", "pictures": pictures, "picture_bytes": bytes }))
        }
        (["journal"], &Method::GET) => journal(state, head),
        (["counts"], &Method::GET) => reply_json(&state.journal.counts()),
        (["calls"], &Method::GET) => reply_json(&state.gate.highest()),
        (["clock"], &Method::GET) => {
            let now = state.now();
            reply_json(&json!({ "now": date_text(now, true), "unix_millis": now }))
        }
        (["faults"], &Method::GET) => reply_json(&state.script.left()),
        (["faults"], &Method::DELETE) => {
            state.script.clear();
            done()
        }
        (["reset"], &Method::POST) => {
            apply::reset(state);
            done()
        }
        (["health" | "journal" | "counts" | "calls" | "clock" | "faults" | "setup" | "reset"], _) => {
            refuse(StatusCode::METHOD_NOT_ALLOWED, PATHS)
        }
        _ => refuse(StatusCode::NOT_FOUND, PATHS),
    };
    without_reading(&body, response)
}

/// `POST /_emulator/setup`: the images that were made, as `{"images":[…]}`.
async fn set_up(state: Arc<State>, body: Body) -> Response {
    let body = match body::read(body, BODY_CAP, state.settings.body_patience).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the document is above 64 MiB"),
        Err(Unread::Stalled) => return refuse(StatusCode::REQUEST_TIMEOUT, "no more of the document came in time"),
        Err(Unread::Broken) => return refuse(StatusCode::BAD_REQUEST, "the document broke off"),
    };
    // Making thousands of images takes its time.
    let work = move || Setup::from_json(&body).and_then(|setup| apply::apply(&state, setup));
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(images)) => reply_json(&json!({ "images": images })),
        Ok(Err(error)) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the emulator failed; this is a defect of it"),
    }
}

/// `GET /_emulator/journal[?after=N]`: a JSON array, oldest first, of the entries numbered above N.
fn journal(state: &State, head: &Parts) -> Response {
    let mut after = None;
    for pair in head.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("after=").map(str::parse) {
            Some(Ok(number)) => after = Some(number),
            Some(Err(_)) => return refuse(StatusCode::BAD_REQUEST, "after must be a sequence number"),
            None => return refuse(StatusCode::BAD_REQUEST, &format!("unknown parameter `{pair}`; there is after=N")),
        }
    }
    reply_json(&state.journal.entries(after))
}

fn reply_json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => reply(StatusCode::OK, "application/json", body),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written as JSON"),
    }
}

/// Control's own error: `{"error":"…"}`.
fn refuse(status: StatusCode, reason: &str) -> Response {
    reply(status, "application/json", json!({ "error": reason }).to_string())
}

fn done() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
