//! What cargo builds for a member of this workspace, for tests that look what comes along.

use std::collections::BTreeSet;
use std::process::Command;

/// The names of all packages that are built for a member, itself included, whatever its tests or its neighbours ask for.
///
/// # Panics
/// If cargo cannot tell.
pub fn packages(member: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", member, "--edges", "normal,build"])
        .args(["--target", "all", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("cargo writes text");
    tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// What no program gets that only uploads: servers, databases, command lines, and the emulator.
pub const OF_THE_SERVER: &[&str] = &[
    "apalis",
    "axum",
    "clap",
    "indicatif",
    "object_store",
    "opentelemetry",
    "polyptych-emulator",
    "polyptych-facade",
    "polyptych-proto",
    "polyptych-store",
    "prost",
    "sqlx",
    "tempfile",
    "tonic",
    "tracing-subscriber",
];

/// Fails where one of the unwanted packages comes along with a member.
///
/// # Panics
/// If so.
pub fn without(member: &str, unwanted: &[&str]) {
    let packages = packages(member);
    for name in unwanted {
        assert!(!packages.contains(*name), "{name} is in the tree of {member}: {packages:?}");
    }
    println!("{member}: {} packages", packages.len());
}
