//! Writing Evotor answers: the API's media type, rate headers, and errors with a body only where one is known.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::rate::Window;
use crate::exchange::{reply, set_header};

/// The media type of answers (assumption, reference 10.22).
pub(crate) const MEDIA_TYPE: &str = "application/vnd.evotor.v2+json";

/// A success.
#[derive(Debug)]
pub(crate) enum Reply {
    /// 200 with a body.
    Body(Value),
    /// 204.
    Gone,
}

/// An error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    /// Reason and subject of a violation; absent: no body (assumption, reference 10.6).
    violation: Option<(String, &'static str)>,
    code: &'static str,
}

impl Refusal {
    /// An error without a body.
    pub(crate) const fn status(status: u16) -> Self {
        Self { status, violation: None, code: "" }
    }

    /// An error about the request's content: `validation_failed` with one violation (assumption, reference 10.1; no code
    /// for images is published).
    pub(crate) fn violation(status: u16, subject: &'static str, reason: impl Into<String>) -> Self {
        Self { status, violation: Some((reason.into(), subject)), code: "validation_failed" }
    }

    /// The status, and the code where there is one, for the journal.
    pub(crate) fn journal_code(&self) -> String {
        if self.code.is_empty() { self.status.to_string() } else { format!("{}/{}", self.status, self.code) }
    }
}

/// Writes an answer.
pub(crate) fn write(result: Result<Reply, Refusal>, window: &Window) -> Response {
    let mut response = match result {
        Ok(Reply::Body(body)) => reply(StatusCode::OK, MEDIA_TYPE, body.to_string()),
        Ok(Reply::Gone) => bare(StatusCode::NO_CONTENT),
        Err(Refusal { status, violation, code }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            match violation {
                None => bare(status),
                Some((reason, subject)) => {
                    let body = json!({
                        "code": code,
                        "message": "validation failed for specified payload",
                        "violations": [{ "reason": reason, "subject": subject }],
                    });
                    reply(status, MEDIA_TYPE, body.to_string())
                }
            }
        }
    };
    set_header(&mut response, "x-ratelimit-limit", &window.limit.to_string());
    set_header(&mut response, "x-ratelimit-remaining", &window.remaining.to_string());
    set_header(&mut response, "x-ratelimit-reset", &window.reset_seconds.to_string());
    response
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
