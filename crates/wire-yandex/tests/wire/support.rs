//! Reference data, tools and bodies.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::Request;

/// The folder of the reference data; `None` if it is not here and may be missing.
pub(crate) fn reference() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        missing("reference", "POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}

/// Whether xmllint is here.
pub(crate) fn has_xmllint() -> bool {
    let found = Command::new("xmllint").arg("--version").output().is_ok();
    if !found {
        missing("xmllint", "xmllint is not on the path");
    }
    found
}

fn missing(what: &str, why: &str) {
    let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|required| required.trim() == what), "{what} is required, but {why}");
    println!("skipped: {why}");
}

/// Body of the recorded answer in `path`, below the reference folder, and its HTTP status.
pub(crate) fn recorded(path: &str) -> Option<(u64, String)> {
    let text = fs::read_to_string(reference()?.join(path)).unwrap();
    let exchange: serde_json::Value = serde_json::from_str(&text).unwrap();
    let response = &exchange["response"];
    Some((response["status"].as_u64().unwrap(), response["body"].as_str().unwrap().to_owned()))
}

/// Text of a reference file.
pub(crate) fn file(path: &str) -> Option<String> {
    Some(fs::read_to_string(reference()?.join(path)).unwrap())
}

/// A SOAP envelope around `body`.
pub(crate) fn envelope(body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header/><e:Body>{body}</e:Body></e:Envelope>"
    )
}

/// What the transport would send, checked against the announced length.
pub(crate) fn sent(request: &Request, credential: &str) -> String {
    let outgoing = request.body.outgoing(credential);
    let announced = outgoing.len();
    let bytes = block_on(outgoing.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    }))
    .unwrap();
    assert_eq!(bytes.len() as u64, announced, "the announced length is the number of bytes");
    String::from_utf8(bytes).unwrap()
}
