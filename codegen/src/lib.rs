//! The generator: bytes of stored schemas in, files out. Offline and deterministic; it never touches a file itself:
//! [`xtask`](https://github.com/matklad/cargo-xtask) reads and writes.
//!
//! Sources ([`source`]) are parsed into one representation ([`ir`]), ordered pure passes ([`pass`]) make it ready, and
//! emitters ([`emit`]) write Rust. What is generated from what is listed in [`target`].

use std::collections::BTreeMap;

pub mod compare;
pub mod diff;
pub mod dump;
pub mod emit;
mod error;
pub mod explain;
pub mod import;
pub mod ir;
pub mod pass;
pub mod source;
pub mod standalone;
pub mod structure;
pub mod target;

pub use error::{Error, ErrorKind, Errors};

/// The stored inputs: path relative to `schemas/`, with `/`, to content.
pub type Inputs = BTreeMap<String, Vec<u8>>;

/// The generated files: path relative to the workspace root, with `/`, to content.
pub type Output = BTreeMap<String, Vec<u8>>;

/// Generates every file of every target.
///
/// # Errors
/// All errors of all targets, so that one run shows everything that is wrong.
pub fn generate(inputs: &Inputs) -> Result<Output, Errors> {
    let mut output = Output::new();
    let mut errors = Errors::default();
    for target in target::all() {
        match (target.generate)(inputs) {
            Ok(files) => output.extend(files),
            Err(more) => errors.extend(more),
        }
    }
    errors.into_result(output)
}
