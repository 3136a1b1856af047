//! The emulator's own paths under `/_emulator/`: journal, reset and health. None of them is part of an emulated API.

use std::sync::Arc;

use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::json;

use crate::exchange::{reply, text};
use crate::lock::hold;
use crate::state::State;

/// Answers a control request; `rest` is the path after `/_emulator/`.
pub(crate) fn answer(state: &Arc<State>, head: &Parts, rest: &[&str]) -> Response {
    match (rest, &head.method) {
        (["health"], &Method::GET) => {
            let library = hold(&state.library);
            let body = json!({
                "status": "ok",
                "pictures": library.distinct(),
                "picture_bytes": library.bytes(),
            });
            reply(StatusCode::OK, "application/json", body.to_string())
        }
        (["journal"], &Method::GET) => journal(state, head),
        (["reset"], &Method::POST) => {
            state.reset();
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        (["health" | "journal" | "reset"], _) => {
            text(StatusCode::METHOD_NOT_ALLOWED, "GET health, GET journal, POST reset")
        }
        _ => text(StatusCode::NOT_FOUND, "the emulator's own paths are health, journal and reset"),
    }
}

/// `GET /_emulator/journal[?after=N]`: a JSON array, oldest first, of the entries numbered above N.
fn journal(state: &State, head: &Parts) -> Response {
    let query = head.uri.query().unwrap_or_default();
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    let after = match after.map(str::parse).transpose() {
        Ok(after) => after,
        Err(_) => return text(StatusCode::BAD_REQUEST, "after must be a sequence number"),
    };
    match serde_json::to_vec(&state.journal.entries(after)) {
        Ok(body) => reply(StatusCode::OK, "application/json", body),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the journal cannot be written as JSON"),
    }
}
