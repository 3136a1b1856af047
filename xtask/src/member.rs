//! Commands that are done by a member crate of `tests/`, which is built and run here and not linked: what becomes of calls
//! when things go wrong on the way (`faults`), what uploads cost (`cost`), what becomes of operations when servers are killed (`crash`),
//! what the façade promises its callers (`service`), and how fast, small and cheap all of it is (`bench`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

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

/// Runs `crash` with the program built for it: with its failpoints, and as tests are built, since it waits more than it works.
pub(crate) fn crash(root: &Path, options: &Options) -> Result<bool> {
    beside(root, "polyptych-crash", "debug", &["--features", "polyptych/failpoints"], options)
}

/// Runs `service` with the program optimised, as it is given away.
pub(crate) fn service(root: &Path, options: &Options) -> Result<bool> {
    beside(root, "polyptych-service", "release", &["--release"], options)
}

/// Runs `bench` with the program optimised, and with the counter of allocations beside it.
pub(crate) fn bench(root: &Path, options: &Options) -> Result<bool> {
    beside(root, "polyptych-bench", "release", &["--release"], options)
}

/// Builds the program and `harness` with these arguments of cargo, and runs the latter, which takes the program that lies
/// beside it.
fn beside(root: &Path, harness: &str, profile: &str, arguments: &[&str], options: &Options) -> Result<bool> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--package", "polyptych", "--package", harness])
        .args(arguments)
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    if !built.success() {
        bail!("the program cannot be built");
    }
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec();
    let folder = metadata.context("cargo metadata failed")?.target_directory.into_std_path_buf().join(profile);
    let harness = folder.join(harness).with_extension(std::env::consts::EXE_EXTENSION);
    let status = Command::new(harness).args(&options.options).current_dir(root).status();
    Ok(status.context("cannot run what was built")?.success())
}
