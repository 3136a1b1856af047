//! `cargo xtask api`: judges our `.proto` files by tools that others wrote. `buf` says whether they follow the conventions
//! and whether they break callers of the last release; the Google files that we restate are compared with the published ones.
//! What is not installed is skipped aloud.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use prost::Message;
use prost_types::FileDescriptorSet;

use crate::clients;

/// Our API as it is, with comments.
const CURRENT: &str = "crates/proto/src/generated/descriptor_set.binpb";

/// Our API as it was at the last release, without comments: a `FileDescriptorSet`.
const RELEASED: &str = "crates/proto/released.binpb";

/// Options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take the API as it is for the released one: what breaks its callers from now on is told. For releases only.
    #[arg(long)]
    release: bool,
}

/// Runs the command.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if options.release {
        return release(root);
    }
    let mut well = true;
    if clients::available("buf", "--version").is_ok() {
        well &= buf(root, &["lint", "schemas"])?;
        well &= buf(root, &["breaking", "schemas", "--against", RELEASED])?;
    } else {
        well &= skipped("buf lint and buf breaking", "buf is not there");
    }
    match clients::install_grpc(root) {
        Ok(python) => {
            let script = root.join("tests/clients/google_protos.py");
            let status = Command::new(python).arg(script).arg(root.join(CURRENT)).status();
            well &= status.context("cannot run python")?.success();
        }
        Err(error) => well &= skipped("comparison with Google's files", &format!("{error:#}")),
    }
    Ok(well)
}

fn buf(root: &Path, arguments: &[&str]) -> Result<bool> {
    let status = Command::new("buf").args(arguments).current_dir(root).stdin(Stdio::null()).status();
    let well = status.context("cannot run buf")?.success();
    println!("buf {}: {}", arguments.join(" "), if well { "passed" } else { "failed" });
    Ok(well)
}

/// Tells what is skipped; whether that may be.
fn skipped(what: &str, why: &str) -> bool {
    println!("skipped: {what}: {why}");
    !clients::required()
}

/// Writes the image of the API as it is.
fn release(root: &Path) -> Result<bool> {
    let current = std::fs::read(root.join(CURRENT)).with_context(|| format!("cannot read {CURRENT}"))?;
    let mut image = FileDescriptorSet::decode(current.as_slice()).with_context(|| format!("{CURRENT} is none"))?;
    if image.file.is_empty() {
        bail!("{CURRENT} holds no file");
    }
    for file in &mut image.file {
        file.source_code_info = None;
    }
    std::fs::write(root.join(RELEASED), image.encode_to_vec()).with_context(|| format!("cannot write {RELEASED}"))?;
    println!("wrote {RELEASED}");
    Ok(true)
}
