//! `cargo xtask schemas`: the life of a stored schema. It reads and writes files; what is said about them is decided in
//! the library.

mod compare;
mod diff;
mod import;

use std::path::{Path, PathBuf};

use anyhow::Result;

/// What to do with schemas.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Compare what is stored with what the providers publish: structure, not text.
    ///
    /// Prints every type and operation that was compared and each difference with both places. Fails on a difference
    /// that no overlay explains. Without the folder it says so and passes, unless POLYPTYCH_REQUIRE names `reference`.
    Compare {
        /// The folder of the published schemas (the folder `data` of the reference).
        #[arg(env = "POLYPTYCH_REFERENCE_DIR")]
        folder: Option<PathBuf>,
    },
    /// Tell what a new version of a schema adds, removes and changes, and whether that breaks Rust users or the wire.
    ///
    /// Takes what `codegen --schema` takes; imports are looked for beside each file.
    Diff {
        /// The version in use.
        old: PathBuf,
        /// The version to come.
        new: PathBuf,
        /// Fail if anything breaks.
        #[arg(long)]
        deny_breaking: bool,
    },
    /// Store a published schema: pruned to the roots of its target, in our layout, our annotations kept, entered in
    /// `SOURCES.toml`.
    Import(import::Options),
}

/// Runs the command.
pub(crate) fn run(root: &Path, command: &Command) -> Result<bool> {
    match command {
        Command::Compare { folder } => compare::run(root, folder.as_deref()),
        Command::Import(options) => import::run(root, options),
        Command::Diff { old, new, deny_breaking } => diff::run(old, new, *deny_breaking),
    }
}
