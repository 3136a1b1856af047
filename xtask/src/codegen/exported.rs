//! What the program says of itself: schemas of what users write (`schemas/exported/`), and the page of errors. The program
//! prints them, because its types say what they are; where it cannot be built, they are skipped aloud, so that the code that
//! breaks it can be generated again.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use polyptych_codegen::Output;

use crate::program::Program;

/// Name that `--target` takes for all of them.
pub(super) const TARGET: &str = "exported";

/// Where they are.
pub(super) const FOLDER: &str = "schemas/exported";

/// Where pages are, beside others that are written by hand.
pub(super) const PAGES: &str = "docs";

/// Each file and the arguments with which the program prints it.
const FILES: &[(&str, &[&str])] = &[
    ("docs/errors.md", &["errors"]),
    ("schemas/exported/config.schema.json", &["config", "schema"]),
    ("schemas/exported/manifest.schema.json", &["config", "schema", "manifest"]),
];

/// What the program prints now, by path; `None` after saying what is skipped, because there is no program to ask.
pub(super) fn generate(root: &Path, program: &Program) -> Result<Option<Output>> {
    let Some(program) = program.path(root)? else {
        eprintln!("skipped: what the program prints, since it does not build; mend it, then run again");
        return Ok(None);
    };
    let mut made = Output::new();
    for (path, arguments) in FILES {
        let output = Command::new(&program).args(*arguments).current_dir(root).stderr(Stdio::inherit()).output();
        let output = output.with_context(|| format!("cannot run {}", program.display()))?;
        if !output.status.success() {
            bail!("{path}: `polyptych {}` fails ({})", arguments.join(" "), output.status);
        }
        made.insert((*path).to_owned(), output.stdout);
    }
    Ok(Some(made))
}
