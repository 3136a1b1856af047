//! `cargo xtask ci`: every check in the order of cost, up to the first that fails. It is what the pipeline runs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Name of the step, arguments of cargo, and what goes into the environment.
type Step = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// The tests of a member of the workspace that depends on ours.
macro_rules! downstream {
    ($member:literal) => {
        &["test", "--manifest-path", "tests/downstream/Cargo.toml", "--target-dir", "target/downstream", "-p", $member]
    };
}

const STEPS: &[Step] = &[
    ("format", &["fmt", "--all", "--check"], &[]),
    ("layers", &["xtask", "layers"], &[]),
    ("policy", &["xtask", "policy"], &[]),
    ("packaging", &["xtask", "packaging"], &[]),
    ("generated code", &["xtask", "codegen", "--check"], &[]),
    ("conventions of the API", &["xtask", "api"], &[]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[]),
    ("tests", &["test", "--workspace", "--locked"], &[]),
    // One by one: members that are built together share their features, and what is missing in one is not seen.
    ("downstream, all of it", downstream!("umbrella"), &[]),
    ("downstream, a wire crate", downstream!("wire-only"), &[]),
    ("downstream, Evotor", downstream!("evotor-only"), &[]),
    ("downstream, Facebook", downstream!("facebook-only"), &[]),
    ("downstream, Yandex", downstream!("yandex-only"), &[]),
    (
        "a state without a server",
        &[
            "check",
            "--package=polyptych",
            "--lib",
            "--no-default-features",
            "--features=facebook,state",
            "--target-dir=target/downstream",
            "--locked",
        ],
        &[],
    ),
    ("clients of others", &["xtask", "clients"], &[]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--locked"], &[("RUSTDOCFLAGS", "-D warnings")]),
];

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    for (name, arguments, environment) in STEPS {
        println!("== {name}: cargo {}", arguments.join(" "));
        let status = Command::new("cargo")
            .args(*arguments)
            .envs(environment.iter().copied())
            .current_dir(root)
            .status()
            .with_context(|| format!("cannot run cargo for `{name}`"))?;
        if !status.success() {
            eprintln!("failed: {name}");
            return Ok(false);
        }
    }
    println!("all {} checks passed", STEPS.len());
    Ok(true)
}
