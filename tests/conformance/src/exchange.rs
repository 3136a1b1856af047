//! Comparing an answer of the emulator with a recorded one: status, headers and body, by form where values differ from
//! run to run and by value where they mean something.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Headers that servers and proxies in between make, not the API.
const OF_THE_SERVER: [&str; 6] =
    ["connection", "content-length", "date", "set-cookie", "transfer-encoding", "keep-alive"];

/// Headers whose values are opaque: only that they are there counts.
const OPAQUE: [&str; 4] = ["x-fb-trace-id", "x-fb-debug", "facebook-api-version", "units-used-login"];

/// Members whose values are part of the contract.
const BY_VALUE: [&str; 14] = [
    "Code",
    "Message",
    "Details",
    "error_code",
    "error_string",
    "error_str",
    "code",
    "error_subcode",
    "type",
    "message",
    "error_user_title",
    "error_user_msg",
    "is_transient",
    "subject",
];

/// An answer, recorded or given.
#[derive(Debug, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// Sends a request to an emulator's router.
///
/// # Errors
/// When the request cannot be built or its answer breaks off.
pub async fn send(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Result<Answer> {
    let mut request = Request::builder().method(method).uri(path).header("host", "emulator.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = match router.clone().oneshot(request.body(body.into())?).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (head, body) = response.into_parts();
    let body = body.collect().await.context("the answer breaks off")?.to_bytes().to_vec();
    Ok(Answer { status: head.status.as_u16(), headers: by_name(&head.headers), body })
}

fn by_name(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Compares headers. Each recorded one must be there in the same form; others may be there only when `more` says so.
///
/// # Errors
/// For the first difference.
pub fn compare_headers(
    recorded: &BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
    more: bool,
) -> Result<()> {
    for (name, value) in recorded.iter().filter(|(name, _)| !OF_THE_SERVER.contains(&name.as_str())) {
        let Some(other) = given.get(name) else { bail!("the header {name} is missing") };
        let same = OPAQUE.contains(&name.as_str()) || form(value) == form(other);
        ensure!(same, "the header {name} is {other:?}, not of the form of {value:?}");
    }
    let unknown = given.keys().find(|name| !recorded.contains_key(*name) && !OF_THE_SERVER.contains(&name.as_str()));
    match unknown {
        Some(name) if !more => bail!("the header {name} was not recorded"),
        _ => Ok(()),
    }
}

/// A header's value with each number as `9`, each long hexadecimal word as `h`, and its separators without spaces.
fn form(value: &str) -> String {
    let words = value.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let form = |word: &str| {
        let (stem, end) = match word.char_indices().last() {
            Some((place, last)) if !last.is_ascii_alphanumeric() => word.split_at(place),
            _ => (word, ""),
        };
        let stem = if stem.len() >= 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "h"
        } else if !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()) {
            "9"
        } else {
            stem
        };
        format!("{stem}{}", end.trim())
    };
    words.map(form).collect::<String>().to_ascii_lowercase()
}

/// Compares JSON by member names and types, and by value where the member is an error's code or text. With `more`, objects
/// may have members that were not recorded.
///
/// # Errors
/// For the first difference, with its place.
pub fn compare_json(recorded: &Value, given: &Value, more: bool) -> Result<()> {
    compare_at("", "$", recorded, given, more)
}

fn compare_at(name: &str, place: &str, recorded: &Value, given: &Value, more: bool) -> Result<()> {
    match (recorded, given) {
        (Value::Object(recorded), Value::Object(given)) => {
            for (name, value) in recorded {
                let Some(other) = given.get(name) else { bail!("{place}.{name} is missing") };
                compare_at(name, &format!("{place}.{name}"), value, other, more)?;
            }
            match given.keys().find(|name| !recorded.contains_key(*name)) {
                Some(name) if !more => bail!("{place}.{name} was not recorded"),
                _ => Ok(()),
            }
        }
        (Value::Array(recorded), Value::Array(given)) => {
            ensure!(recorded.is_empty() == given.is_empty(), "{place} is empty in only one of the answers");
            let Some(first) = recorded.first() else { return Ok(()) };
            given.iter().try_for_each(|item| compare_at(name, &format!("{place}[]"), first, item, more))
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {
            let same = !BY_VALUE.contains(&name) || recorded == given;
            ensure!(same, "{place} is {given}, not {recorded}");
            Ok(())
        }
        _ => bail!("{place} is {given}, of another type than {recorded}"),
    }
}

/// The files below a folder, as paths relative to it with slashes.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &std::path::Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
                found.insert(relative);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_digests_differ_and_everything_else_must_not() {
        assert_eq!(form("40/146625/160000"), form("1/2/3"));
        assert_ne!(form("40/146625"), form("40/146625/160000"));
        assert_eq!(form("reqid:0,cmd:a.add,appcode:8000"), form("reqid:77,cmd:a.add,appcode:0"));
        assert_ne!(form("reqid:0,cmd:a.add"), form("reqid:0,cmd:a.get"));
        assert_eq!(form(&format!("\"{}\"", "0a".repeat(20))), form(&format!("\"{}\"", "bb".repeat(20))));
        assert_eq!(form("application/json; charset=utf-8"), form("application/json;charset=UTF-8"));
    }

    #[test]
    fn each_kind_of_difference_of_json_is_seen() {
        let recorded = json!({ "error": { "code": 1, "trace": "a" }, "items": [{ "id": 1 }] });
        let differs = |given: Value, more| compare_json(&recorded, &given, more).is_err();
        assert!(!differs(json!({ "error": { "code": 1, "trace": "b" }, "items": [{ "id": 2 }, { "id": 3 }] }), false));
        assert!(differs(json!({ "error": { "code": 2, "trace": "b" }, "items": [{ "id": 2 }] }), false));
        assert!(differs(json!({ "error": { "code": 1 }, "items": [{ "id": 2 }] }), false));
        assert!(differs(json!({ "error": { "code": 1, "trace": 5 }, "items": [{ "id": 2 }] }), false));
        assert!(differs(json!({ "error": { "code": 1, "trace": "b" }, "items": [] }), false));
        let extra = json!({ "error": { "code": 1, "trace": "b", "new": 1 }, "items": [{ "id": 2 }] });
        assert!(differs(extra.clone(), false) && !differs(extra, true));
    }
}
