//! Where PostgreSQL's programs are: where Debian puts them, whose commands on the path want a cluster to be chosen, or else on
//! the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folders that may hold them, in the order in which they are looked at.
#[derive(Debug, Clone)]
pub struct Programs(Vec<PathBuf>);

impl Programs {
    /// Debian's folders, the newest version first, then those of the path.
    pub(crate) fn find() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        let newest_first = versions.into_iter().rev().map(|(_, folder)| folder);
        Self(newest_first.chain(std::env::split_paths(&path)).collect())
    }

    /// Whether these are all there.
    pub(crate) fn have(&self, programs: &[&str]) -> bool {
        programs.iter().all(|program| self.path(program).is_some())
    }

    /// A program that does not depend on the folder from which it is called.
    pub(crate) fn path(&self, program: &str) -> Option<PathBuf> {
        self.0.iter().find_map(|folder| folder.join(program).canonicalize().ok())
    }

    /// A command that runs one.
    pub(crate) fn command(&self, program: &str) -> Command {
        Command::new(self.path(program).unwrap_or_else(|| program.into()))
    }

    /// Has a server execute a statement.
    pub(crate) fn execute(&self, url: &str, sql: &str) -> Result<()> {
        run(self.command("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url]))
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).to_owned();
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
