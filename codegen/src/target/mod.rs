//! What is generated from what: one list of targets, each in the file of its provider.

mod evotor;
mod facebook;
mod proto;
mod tables;
mod yandex;

use crate::ir::Api;
use crate::pass::overlay::Overlay;
use crate::pass::prune::Roots;
use crate::pass::{Stage, stages};
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

/// A provider's service as the targets read it: what `--dump`, `--explain` and the comparisons look at.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Name of its target.
    pub name: &'static str,
    /// The generated file, relative to the workspace root.
    pub file: &'static str,
    /// The schema as it is stored; for a Graph spec with its overlay, which is in the terms of the spec.
    pub parse: fn(&Inputs) -> Result<Api, Errors>,
    /// Corrections of what the schema says, in the terms of the representation.
    pub overlays: fn(&Inputs) -> Result<Vec<Overlay>, Errors>,
    /// Where generation starts.
    pub roots: Roots<'static>,
}

impl Service {
    /// What every pass makes of the stored schema; the first is what the parser read, the last is what is emitted.
    ///
    /// # Errors
    /// Those of the parser and of the first pass that finds something wrong.
    pub fn stages(&self, inputs: &Inputs) -> Result<Vec<Stage>, Errors> {
        stages((self.parse)(inputs)?, &(self.overlays)(inputs)?, self.roots)
    }
}

/// All services of providers.
pub fn services() -> Vec<Service> {
    [yandex::SERVICES, facebook::SERVICES, evotor::SERVICES].concat()
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
