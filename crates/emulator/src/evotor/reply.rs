//! Writing Evotor answers: the API's media type, rate headers, and errors with a body only where one is known.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::rate::Window;
use crate::control::script::{ErrorCode, ErrorFault};
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
    code: Cow<'static, str>,
    /// In place of the usual message.
    message: Option<String>,
}

impl Refusal {
    /// An error without a body.
    pub(crate) const fn status(status: u16) -> Self {
        Self { status, violation: None, code: Cow::Borrowed(""), message: None }
    }

    /// An error about the request's content: `validation_failed` with one violation (assumption, reference 10.1; no code
    /// for images is published).
    pub(crate) fn violation(status: u16, subject: &'static str, reason: impl Into<String>) -> Self {
        let code = Cow::Borrowed("validation_failed");
        Self { status, violation: Some((reason.into(), subject)), code, message: None }
    }

    /// An error of the fault script: without a message or detail it has no body, as far as its code is a number.
    pub(crate) fn scripted(fault: ErrorFault) -> Self {
        let word = match &fault.code {
            ErrorCode::Word(word) => Some(word.clone()),
            ErrorCode::Number(_) => None,
        };
        let status = fault.status.unwrap_or_else(|| u16::try_from(fault.number()).unwrap_or(400).clamp(400, 599));
        let violation = word.as_ref().map(|_| (fault.detail.unwrap_or_else(|| "scripted".to_owned()), "scripted"));
        Self { status, violation, code: word.map_or(Cow::Borrowed(""), Cow::Owned), message: fault.message }
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
        Err(Refusal { status, violation, code, message }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            match violation {
                None => bare(status),
                Some((reason, subject)) => {
                    let body = json!({
                        "code": code,
                        "message": message.as_deref().unwrap_or("validation failed for specified payload"),
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
