//! Development commands of the workspace: `cargo xtask help` lists them. It links the generator and nothing else of
//! ours, so that broken generated code can always be generated again.

mod api;
mod ci;
mod clients;
mod codegen;
mod layers;
mod member;
mod metadata;
mod packaging;
mod policy;
mod program;
mod schemas;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development commands of the workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate code from `schemas/`.
    Codegen(codegen::Options),
    /// Compare, tell apart and take over schemas.
    #[command(subcommand)]
    Schemas(schemas::Command),
    /// Check who knows whom: the layers of the workspace.
    Layers,
    /// Check licences, sources and duplicate versions of dependencies against `deny.toml`.
    Policy,
    /// Pack the crates that are published, and judge `packaging/` by tools that others wrote.
    Packaging,
    /// Judge our `.proto` files by tools that others wrote: conventions, what breaks callers, the restated Google files.
    Api(api::Options),
    /// Run clients that others wrote: SDKs against the emulator, and clients of our API against the server.
    Clients(program::Program),
    /// Break exchanges with the providers on purpose, and print what became of the calls.
    #[command(disable_help_flag = true)]
    Faults(member::Options),
    /// Count what uploads cost, beside a client that sends one per call and checks nothing.
    #[command(disable_help_flag = true)]
    Cost(member::Options),
    /// Kill servers at work, start them again, and compare what they told with what was done.
    #[command(disable_help_flag = true)]
    Crash(member::Options),
    /// Measure what the façade promises its callers: deadlines, draining, slow callers, shedding, memory.
    #[command(disable_help_flag = true)]
    Service(member::Options),
    /// Measure how fast, small and cheap it is, beside floors and peers.
    #[command(disable_help_flag = true)]
    Bench(member::Options),
    /// Run every check, in the order of cost, up to the first that fails.
    Ci(ci::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well; what is not has been printed.
fn run(command: &Command) -> Result<bool> {
    let root = root()?;
    match command {
        Command::Codegen(options) => codegen::run(&root, options),
        Command::Schemas(command) => schemas::run(&root, command),
        Command::Layers => layers::run(&root),
        Command::Policy => policy::run(&root),
        Command::Api(options) => api::run(&root, options),
        Command::Clients(program) => clients::run(&root, program),
        Command::Faults(options) => member::run(&root, "polyptych-faults", options),
        Command::Cost(options) => member::run(&root, "polyptych-cost", options),
        Command::Crash(options) => member::crash(&root, options),
        Command::Service(options) => member::service(&root, options),
        Command::Bench(options) => member::bench(&root, options),
        Command::Packaging => packaging::run(&root),
        Command::Ci(options) => ci::run(&root, options),
    }
}

/// The root of the workspace: the parent of this package, as cargo tells it.
fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run me as `cargo xtask`")?;
    Path::new(&package).parent().map(Path::to_owned).context("the package has no parent folder")
}
