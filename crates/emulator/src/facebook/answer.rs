//! Answers of the Graph API: JSON with `\/`, the headers of the real service, entity tags on reads (reference 4). The same
//! answer goes out as a response or into the list of a batch.

use std::io;

use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::call::Call;
use super::error::GraphError;
use super::usage::Report;
use super::version::Served;
use crate::digest::{hex, sha256};
use crate::exchange::reply;
use crate::state::State;

/// What was found out about a call before it was carried out.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) served: Option<Served>,
    pub(super) report: Option<Report>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    error: bool,
}

impl Answer {
    /// Writes the outcome of a call.
    pub(super) fn new(state: &State, call: &Call, context: &Context, result: &Result<Value, GraphError>) -> Self {
        let trace = state.ids.trace();
        let (mut status, mut body) = match result {
            Ok(value) => (200, to_text(value)),
            Err(error) => {
                let status = if call.params.flag("suppress_http_code") { 200 } else { error.status };
                (status, to_text(&error.to_json(&trace)))
            }
        };
        let json = call.accept.contains("application/json");
        let media_type = if json { "application/json" } else { "text/javascript; charset=UTF-8" };
        let mut headers = vec![("Content-Type", media_type.to_owned())];
        if call.method == Method::GET && result.is_ok() {
            // The tag covers the whole formatted answer; a 304 counts as a call (assumption, reference 16.23).
            let tag = format!("\"{}\"", &hex(&sha256(&body))[..40]);
            if matches(&call.if_none_match, &tag) {
                (status, body) = (304, Vec::new());
            }
            headers.push(("ETag", tag));
        }
        let cache = if result.is_ok() { "private, no-cache, no-store, must-revalidate" } else { "no-store" };
        for (name, value) in [
            ("Cache-Control", cache),
            ("Expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
            ("Pragma", "no-cache"),
            ("Access-Control-Allow-Origin", "*"),
            ("Vary", "Accept-Encoding"),
            ("Strict-Transport-Security", "max-age=15552000; preload"),
            ("x-fb-rev", "1"),
            ("x-fb-trace-id", trace.as_str()),
            ("x-fb-debug", trace.as_str()),
        ] {
            headers.push((name, value.to_owned()));
        }
        headers.extend(context.headers());
        if let Err(error) = result
            && let Some(word) = error.challenge()
        {
            let message = error.message.replace('"', "'");
            headers.push(("WWW-Authenticate", format!("OAuth \"Facebook Platform\" \"{word}\" \"{message}\"")));
        }
        Self { status, headers, body, error: result.is_err() }
    }

    /// An answer to what never became a call.
    pub(super) fn refused(state: &State, call: &Call, error: &GraphError) -> Self {
        Self::new(state, call, &Context::default(), &Err(error.clone()))
    }

    /// Whether the operation was carried out; the status alone does not say so.
    pub(super) fn succeeded(&self) -> bool {
        !self.error
    }

    /// The answer as a response of its own.
    pub(super) fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = reply(status, "application/json", self.body);
        for (name, value) in &self.headers {
            // A value that cannot stand in a header is left out, like a name that holds another alphabet.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl Context {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(Served { version: (major, minor), upgraded_from }) = &self.served {
            headers.push(("Facebook-API-Version", format!("v{major}.{minor}")));
            if let Some((from_major, from_minor)) = upgraded_from {
                let warning = format!(
                    "The call has been auto-upgraded to v{major}.{minor} as v{from_major}.{from_minor} has been deprecated"
                );
                headers.push(("X-Ad-Api-Version-Warning", warning));
            }
        }
        if let Some(report) = &self.report {
            headers.push(("X-App-Usage", report.app.clone()));
            if let Some((account, business)) = &report.account {
                headers.push(("X-Ad-Account-Usage", account.clone()));
                headers.push(("X-Business-Use-Case-Usage", business.clone()));
            }
        }
        headers
    }
}

fn matches(wanted: &str, tag: &str) -> bool {
    wanted.split(',').any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == tag)
}

fn to_text(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing a value into memory cannot fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, Slashes));
    out
}

/// Compact JSON whose strings have `\/` for `/`.
struct Slashes;

impl Formatter for Slashes {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut parts = fragment.split('/');
        if let Some(first) = parts.next() {
            writer.write_all(first.as_bytes())?;
        }
        parts.try_for_each(|part| {
            writer.write_all(b"\\/")?;
            writer.write_all(part.as_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_escaped_and_read_back() {
        let value = serde_json::json!({ "url": "http://a/b//\"c\"" });
        let text = to_text(&value);
        assert_eq!(text, br#"{"url":"http:\/\/a\/b\/\/\"c\""}"#);
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value);
    }
}
