//! Writing Graph answers: JSON with `\/`, the headers of the real service, entity tags on reads (reference 4).

use std::io;

use axum::response::Response;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::OK;
use super::error::GraphError;
use super::params::{self, Params};
use super::version::Served;
use crate::digest::{hex, sha256};
use crate::exchange::{Exchange, reply, set_header};
use crate::state::State;

/// What an answer depends on beside its content.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    pub(crate) exchange: &'a Exchange,
    pub(crate) served: Option<Served>,
    /// The account's number, when the path names one.
    pub(crate) account: Option<&'a str>,
    pub(crate) params: &'a Params,
}

/// Writes an answer.
pub(crate) fn write(context: &Context<'_>, result: &Result<Value, GraphError>) -> Response {
    let trace = context.state.ids.trace();
    let (status, body) = match result {
        Ok(value) => (OK, value.clone()),
        Err(error) => {
            let status = if context.params.flag("suppress_http_code") { 200 } else { error.status };
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), error.to_json(&trace))
        }
    };
    let body = to_text(&body);
    let method = params::method(context.exchange, context.params);
    let tag = (method == Method::GET && result.is_ok()).then(|| format!("\"{}\"", &hex(&sha256(&body))[..40]));
    let mut response = match &tag {
        // The tag covers the whole formatted answer; a 304 counts as a call (assumption, reference 16.23).
        Some(tag) if matches(context.exchange.header("if-none-match"), tag) => {
            reply(StatusCode::NOT_MODIFIED, media_type(context.exchange), Vec::new())
        }
        _ => reply(status, media_type(context.exchange), body),
    };
    if let Some(tag) = &tag {
        set_header(&mut response, "etag", tag);
    }
    headers(&mut response, context, &trace, method == Method::GET);
    if let Err(error) = result
        && let Some(word) = error.challenge()
    {
        let message = error.message.replace('"', "'");
        set_header(&mut response, "www-authenticate", &format!("OAuth \"Facebook Platform\" \"{word}\" \"{message}\""));
    }
    response
}

fn matches(wanted: &str, tag: &str) -> bool {
    wanted.split(',').any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == tag)
}

/// JSON for those who ask for it, a script's type for the others.
fn media_type(exchange: &Exchange) -> &'static str {
    if exchange.header("accept").contains("application/json") {
        "application/json"
    } else {
        "text/javascript; charset=UTF-8"
    }
}

fn headers(response: &mut Response, context: &Context<'_>, trace: &str, read: bool) {
    for (name, value) in [
        ("cache-control", "private, no-cache, no-store, must-revalidate"),
        ("expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("pragma", "no-cache"),
        ("access-control-allow-origin", "*"),
        ("vary", "Accept-Encoding"),
        ("strict-transport-security", "max-age=15552000; preload"),
        ("x-fb-rev", "1"),
    ] {
        set_header(response, name, value);
    }
    set_header(response, "x-fb-trace-id", trace);
    set_header(response, "x-fb-debug", trace);
    let Some(served) = &context.served else { return };
    let (major, minor) = served.version;
    set_header(response, "facebook-api-version", &format!("v{major}.{minor}"));
    if let Some((from_major, from_minor)) = served.upgraded_from {
        let warning = format!(
            "The call has been auto-upgraded to v{major}.{minor} as v{from_major}.{from_minor} has been deprecated"
        );
        set_header(response, "x-ad-api-version-warning", &warning);
    }
    if let Some(account) = context.account.filter(|account| super::exists(context.state, account)) {
        let (state, settings) = (context.state, context.state.live());
        let report = state.usage.count(account, !read, state.now(), &settings.facebook);
        set_header(response, "x-app-usage", &report.app);
        set_header(response, "x-ad-account-usage", &report.account);
        set_header(response, "x-business-use-case-usage", &report.business);
    }
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
