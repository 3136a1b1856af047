//! The program that commands ask or run: the one that is named, or the one that cargo builds now. CI names the one that its
//! tests were linked with, since to build it alone is to build most of what is below it once more, with other features.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Which program to use.
#[derive(clap::Args)]
pub(crate) struct Program {
    /// Use this program instead of building it.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Program {
    /// Where it is; `None` if it cannot be built, which the compiler has explained.
    pub(crate) fn path(&self, root: &Path) -> Result<Option<PathBuf>> {
        if let Some(given) = &self.program {
            return Ok(Some(root.join(given)));
        }
        let arguments = ["build", "--quiet", "--package", "polyptych", "--bin", "polyptych"];
        let built = Command::new("cargo").args(arguments).current_dir(root).status().context("cannot run cargo")?;
        let name = format!("polyptych{}", std::env::consts::EXE_SUFFIX);
        Ok(built.success().then(|| target(root).join("debug").join(name)))
    }
}

/// The folder that cargo builds in.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}
