//! `cargo xtask schemas compare`: reads both folders and prints the library's report.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};
use polyptych_codegen::compare;

use crate::tree::{print, read_tree};

/// Runs the command.
pub(crate) fn run(root: &Path, folder: Option<&Path>) -> Result<bool> {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        let what = match folder {
            Some(folder) => format!("{} is no folder", folder.display()),
            None => "no folder of published schemas is given".to_owned(),
        };
        if required.split(',').any(|name| name.trim() == "reference") {
            eprintln!("failed: {what}, and POLYPTYCH_REQUIRE names `reference`");
            return Ok(false);
        }
        println!("skipped: {what}; nothing was compared");
        return Ok(true);
    };
    let stored = read_tree(&root.join("schemas"), "").context("cannot read the schemas")?;
    let published = read_tree(folder, "").context("cannot read the published schemas")?;
    let report = match compare::run(&stored, &published) {
        Ok(report) => report,
        Err(errors) => {
            // A place in a published file is told under `schemas/` too; the folder tells them apart.
            eprintln!("{errors}\nnothing was compared; published files are under {}", folder.display());
            return Ok(false);
        }
    };
    print(&report.render(&stored, &published, &folder.display().to_string()))?;
    Ok(report.is_well())
}
