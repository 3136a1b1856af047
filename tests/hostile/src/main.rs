//! Writes the corpus of the fuzz targets: `polyptych-hostile FOLDER` fills `FOLDER/{target}` with seeds of our own and,
//! where `POLYPTYCH_REFERENCE_DIR` names it, with what the reference folder holds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use polyptych_hostile::{TARGETS, reference, seeds};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: polyptych-hostile FOLDER")?;
    let recorded = std::env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from);
    if recorded.is_none() {
        println!("skipped: POLYPTYCH_REFERENCE_DIR is not set, the corpus holds our own seeds only");
    }
    for (target, _) in TARGETS {
        let mut inputs = seeds(target);
        if let Some(root) = &recorded {
            inputs.extend(reference(target, root)?);
        }
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for (index, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index:03}")), input)?;
        }
        println!("{target}: {} inputs", inputs.len());
    }
    Ok(())
}
