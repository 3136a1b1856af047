//! Stored schemas and reference data.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The stored schema at `path`, relative to `schemas/`.
pub(crate) fn stored(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(path)).unwrap()
}

/// The folder of the reference data; `None` if it is not here and may be missing.
pub(crate) fn reference() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "reference"), "the reference data is required");
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}
