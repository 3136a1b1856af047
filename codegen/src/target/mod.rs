//! What is generated from what: one list of targets, each in the file of its provider.

mod evotor;
mod facebook;
mod proto;
mod tables;
mod yandex;

use crate::{Error, ErrorKind, Errors, Inputs, Output};

/// A group of generated files and the stored inputs that they come from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Short name for reports: `yandex-direct-v5`.
    pub name: &'static str,
    /// Inputs, relative to `schemas/`.
    pub inputs: &'static [&'static str],
    /// Folder of the outputs, relative to the workspace root; files in it that no target writes are orphans.
    pub folder: &'static str,
    /// Makes the outputs.
    pub generate: fn(&Inputs) -> Result<Output, Errors>,
}

/// All targets, in the order in which they run.
pub fn all() -> Vec<Target> {
    [yandex::TARGETS, facebook::TARGETS, evotor::TARGETS, proto::TARGETS, tables::TARGETS].concat()
}

/// The input at `path`.
///
/// # Errors
/// If it is not among `inputs`.
pub fn input<'i>(inputs: &'i Inputs, path: &str) -> Result<&'i [u8], Error> {
    match inputs.get(path) {
        Some(content) => Ok(content),
        None => Err(Error::in_file(ErrorKind::MissingInput, path, "the stored input is missing")),
    }
}
