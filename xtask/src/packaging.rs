//! `cargo xtask packaging`: whether the crates can be given away and what is in `packaging/` is sound, by the tools of others:
//! `cargo package` for each crate that is published, systemd's own reading of the unit, hadolint for the file of the container.
//! What is not installed is skipped aloud. Nothing is published, and no image is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};

use crate::{clients, program};

const UNIT: &str = "packaging/polyptych.service";
const CONTAINER: &str = "packaging/Containerfile";

/// The program of the unit, which a machine that only checks it need not have.
const PROGRAM: &str = "/usr/bin/polyptych";

/// The most that `systemd-analyze security` may find exposed, in tenths of ten.
const EXPOSURE: &str = "--threshold=15";

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let scratch = program::target(root).join("packaging");
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let mut well = crates(root, &scratch)?;
    well &= unit(root, &scratch)?;
    well &= container(root)?;
    Ok(well)
}

/// Every crate that is published says what it is, and can be packed.
fn crates(root: &Path, scratch: &Path) -> Result<bool> {
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec();
    let packages = metadata.context("cargo metadata failed")?.packages;
    let published: Vec<&Package> = packages.iter().filter(|package| is_published(package)).collect();
    let mute: Vec<String> = published.iter().flat_map(|package| untold(package)).collect();
    mute.iter().for_each(|line| eprintln!("{line}"));
    let mut pack = Command::new("cargo");
    pack.args(["package", "--quiet", "--locked", "--no-verify", "--allow-dirty", "--target-dir"]).arg(scratch);
    for package in &published {
        pack.args(["--package", package.name.as_str()]);
    }
    let packed = passed(&format!("cargo package of {} crates", published.len()), pack.current_dir(root))?;
    Ok(packed && mute.is_empty())
}

/// Whether a package goes to a registry.
fn is_published(package: &Package) -> bool {
    package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
}

/// What a registry shows of a package and it does not say.
fn untold(package: &Package) -> Vec<String> {
    let told =
        [("description", &package.description), ("license", &package.license), ("repository", &package.repository)];
    let empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let missing = told.iter().filter(|(_, text)| empty(text)).map(|(key, _)| *key);
    let readme = package.readme.is_none().then_some("readme");
    missing.chain(readme).map(|key| format!("{}: its manifest has no `{key}`", package.name)).collect()
}

/// The unit is one, and gives no more rights than it says.
fn unit(root: &Path, scratch: &Path) -> Result<bool> {
    if let Err(error) = clients::available("systemd-analyze", "--version") {
        return Ok(skipped(UNIT, &error));
    }
    let text = std::fs::read_to_string(root.join(UNIT)).with_context(|| format!("cannot read {UNIT}"))?;
    let copy = scratch.join("polyptych.service");
    std::fs::write(&copy, text.replace(PROGRAM, "/bin/true")).context("cannot write a copy of the unit")?;
    let verify =
        passed("systemd-analyze verify", Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy))?;
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", EXPOSURE]).arg(&copy).stdout(Stdio::null());
    Ok(passed("systemd-analyze security", &mut security)? && verify)
}

/// The file of the container follows what is known to go wrong in others.
fn container(root: &Path) -> Result<bool> {
    let hadolint = match clients::available("hadolint", "--version") {
        Ok(()) => PathBuf::from("hadolint"),
        Err(_) => match clients::install_hadolint(root) {
            Ok(hadolint) => hadolint,
            Err(error) => return Ok(skipped(CONTAINER, &error)),
        },
    };
    passed("hadolint", Command::new(hadolint).arg(root.join(CONTAINER)))
}

/// Runs a tool and tells whether it had nothing to object to.
fn passed(name: &str, tool: &mut Command) -> Result<bool> {
    let status = tool.stdin(Stdio::null()).status().with_context(|| format!("cannot run {name}"))?;
    println!("{name}: {}", if status.success() { "passed" } else { "failed" });
    Ok(status.success())
}

/// Tells what is skipped; whether that may be.
fn skipped(what: &str, why: &anyhow::Error) -> bool {
    println!("skipped: {what}: {why:#}");
    !clients::required()
}
