//! Crates made from published schemas are accepted by the compiler, without a warning.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use polyptych_codegen::Inputs;
use polyptych_codegen::standalone::{Made, Request, generate};

/// The folder of the reference data; `None` if it is not here and may be missing.
fn reference() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "reference"), "the reference data is required");
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}

fn make(folder: &Path, files: &[&str], package: &str) -> Made {
    let name = |path: &str| path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
    let inputs: Inputs = files.iter().map(|path| (name(path), fs::read(folder.join(path)).unwrap())).collect();
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wire").canonicalize().unwrap();
    generate(&Request { package, file: &name(files[0]), wire: wire.to_str().unwrap() }, &inputs).unwrap()
}

/// Checks the crate with the versions that the workspace has locked, in a target folder that lasts between runs.
fn check(made: &Made, package: &str) {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    let folder = scratch.join(package);
    for (path, content) in &made.files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .env("RUSTFLAGS", "-D warnings")
        .output()
        .unwrap();
    assert!(output.status.success(), "{package}:\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn crates_of_published_schemas_compile() {
    let Some(folder) = reference() else { return };
    for (files, package, operations, replaced) in [
        (&["yandex-direct-live4/live.wsdl"][..], "live", 74, 0),
        (&["yandex-direct-v5/wsdl/adimages.v5.wsdl", "yandex-direct-v5/wsdl/general.xsd"][..], "adimages-v5", 3, 0),
        (&["facebook/codegen/AdAccount.json"][..], "ad-account", 115, 187),
        (&["facebook/codegen/AdImage.json", "facebook/codegen/enum_types.AdImage.json"][..], "ad-image", 1, 1),
    ] {
        let made = make(&folder, files, package);
        assert_eq!((made.operations, made.notes.len()), (operations, replaced), "{package}");
        check(&made, package);
    }
}

#[test]
fn a_crate_of_an_openapi_document_compiles() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let made = make(&schemas, &["evotor/openapi.json"], "evotor");
    assert!(made.operations >= 4);
    check(&made, "evotor");
}
