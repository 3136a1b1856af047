//! Commands that are done by a member crate of `tests/`, which is built and run here and not linked: what becomes of calls
//! when things go wrong on the way (`faults`), what uploads cost (`cost`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Options of the command, handed on as they are; `--help` lists them.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Runs the program of `package`: optimised, since it counts in thousands.
pub(crate) fn run(root: &Path, package: &str, options: &Options) -> Result<bool> {
    let status = Command::new("cargo")
        .args(["run", "--release", "--quiet", "--locked", "--package", package, "--"])
        .args(&options.options)
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    Ok(status.success())
}
