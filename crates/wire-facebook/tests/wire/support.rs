//! Reference data and bodies.

use std::path::PathBuf;
use std::{env, fs};

use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::Request;
use serde_json::Value;

/// The folder of the reference data; `None` if that is not here and may be missing.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "reference"), "the reference data is required");
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}

/// The JSON file at `path` below `facebook/` of the reference data.
pub(crate) fn reference(path: &str) -> Option<Value> {
    let text = fs::read(folder()?.join("facebook").join(path)).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// The bytes of the body, checked against the announced length.
pub(crate) fn sent(request: &Request) -> Vec<u8> {
    let outgoing = request.body.outgoing("");
    let announced = outgoing.len();
    let sent = block_on(outgoing.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    }));
    let sent = sent.unwrap();
    assert_eq!(sent.len() as u64, announced);
    sent
}
