//! Recorded exchanges with the real services, from the folder that `POLYPTYCH_REFERENCE_DIR` names.

use serde_json::Value;

use crate::server::Reply;

/// The file, or `None` with a note where there is no such folder; `POLYPTYCH_REQUIRE=reference` makes that a failure.
pub(crate) fn file(path: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("POLYPTYCH_REFERENCE_DIR") else {
        let required = std::env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "reference"), "POLYPTYCH_REFERENCE_DIR is not set");
        println!("skipped: {path}: POLYPTYCH_REFERENCE_DIR is not set");
        return None;
    };
    let path = std::path::Path::new(&folder).join(path);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A recorded answer: status, the headers that are read, body.
pub(crate) fn recorded(path: &str) -> Option<Reply> {
    let exchange: Value = serde_json::from_str(&file(path)?).unwrap();
    let answer = &exchange["response"];
    let body = match &answer["body"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut reply = Reply::new(answer["status"].as_u64().unwrap().try_into().unwrap(), body);
    for (name, value) in answer["headers"].as_object().unwrap() {
        if ["content-type", "requestid", "units", "x-fb-trace-id"].contains(&name.to_ascii_lowercase().as_str()) {
            reply = reply.with(name, value.as_str().unwrap());
        }
    }
    Some(reply)
}

/// A body of `facebook/derived/recorded_responses.json`.
pub(crate) fn graph(name: &str) -> Option<String> {
    let all: Value = serde_json::from_str(&file("facebook/derived/recorded_responses.json")?).unwrap();
    Some(all[name]["body"].to_string())
}
