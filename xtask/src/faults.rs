//! `cargo xtask faults`: what becomes of calls when things go wrong on the way. The work is done by the member crate
//! `tests/faults`, which is built and run here and not linked.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Options of the command, handed on as they are; `--help` lists them.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Runs the command: optimised, since it counts in thousands.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let status = Command::new("cargo")
        .args(["run", "--release", "--quiet", "--locked", "--package", "polyptych-faults", "--"])
        .args(&options.options)
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    Ok(status.success())
}
