//! Where the published documents are, and what happens when they are not.

use std::path::PathBuf;

/// Whether `what` must be there: `POLYPTYCH_REQUIRE` is a list separated by commas.
fn required(what: &str) -> bool {
    std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|item| item.trim() == what))
}

/// Says that a test is skipped for want of `what`.
///
/// # Panics
/// If `what` is required.
pub fn skipped(what: &str, why: &str) {
    assert!(!required(what), "{what} is required and missing: {why}");
    println!("skipped: {why}");
}

/// The folder of published documents; `None` after saying that the test is skipped.
///
/// # Panics
/// If `reference` is required and the folder is missing.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        skipped("reference", "POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}
