//! `cargo xtask ci`: every check, up to the first that fails, and how long each took. It is what the pipeline runs.
//!
//! Cheap checks come first. Then the tests are built, with clippy for a compiler, so that what lints look at and what is
//! tested is compiled once. Running them leaves the processor idle for much of the time, which the other builds use.

use std::io::{self, Read, Write};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};

/// One call of cargo.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, arguments, environment: &[] }
}

/// The tests of a member of the workspace that depends on ours.
macro_rules! downstream {
    ($member:literal) => {
        &["test", "--manifest-path", "tests/downstream/Cargo.toml", "--target-dir", "target/downstream", "-p", $member]
    };
}

/// The program as the tests were built with it.
const PROGRAM: &str = "--program=target/debug/polyptych";

/// What clippy is for cargo when it checks: the compiler of our crates, told the lints that fail.
const LINTED: &[(&str, &str)] =
    &[("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"), ("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")];

/// One after another.
const FIRST: &[Step] = &[
    step("format", &["fmt", "--all", "--check"]),
    step("layers", &["xtask", "layers"]),
    step("policy", &["xtask", "policy"]),
    step("packaging", &["xtask", "packaging"]),
    step("generated code", &["xtask", "codegen", "--check", "--code"]),
    step("conventions of the API", &["xtask", "api"]),
    Step {
        name: "lints, and tests built",
        arguments: &["test", "--workspace", "--locked", "--no-run"],
        environment: LINTED,
    },
    step("what the program prints", &["xtask", "codegen", "--check", "--target=exported", PROGRAM]),
];

/// Then these run what is built,
const RUN: &[Step] = &[
    Step { name: "tests", arguments: &["test", "--workspace", "--locked"], environment: LINTED },
    step("clients of others", &["xtask", "clients", PROGRAM]),
];

/// while these build. What they print comes when each has ended.
const MEANWHILE: &[Step] = &[
    // One by one: members that are built together share their features, and what is missing in one is not seen.
    step("downstream, all of it", downstream!("umbrella")),
    step("downstream, a wire crate", downstream!("wire-only")),
    step("downstream, Evotor", downstream!("evotor-only")),
    step("downstream, Facebook", downstream!("facebook-only")),
    step("downstream, Yandex", downstream!("yandex-only")),
    step(
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
    ),
    Step {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps", "--locked"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let ci = Ci { root, failed: AtomicBool::new(false), took: Mutex::default() };
    let begun = Instant::now();
    ci.each(FIRST, Shown::AtOnce)?;
    thread::scope(|scope| {
        let meanwhile = scope.spawn(|| ci.each(MEANWHILE, Shown::AtItsEnd));
        ci.each(RUN, Shown::AtOnce)?;
        meanwhile.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    let took = ci.took.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (name, seconds) in &took {
        println!("{seconds:7.1} s  {name}");
    }
    let well = !ci.failed.into_inner();
    if well {
        println!("all {} checks passed in {:.0} s", took.len(), begun.elapsed().as_secs_f64());
    }
    Ok(well)
}

/// When what a step prints is shown.
#[derive(Clone, Copy)]
enum Shown {
    AtOnce,
    AtItsEnd,
}

/// A run of all steps.
struct Ci<'r> {
    root: &'r Path,
    failed: AtomicBool,
    took: Mutex<Vec<(&'static str, f64)>>,
}

impl Ci<'_> {
    /// Runs the steps up to the first that fails, here or in another list.
    fn each(&self, steps: &'static [Step], shown: Shown) -> Result<()> {
        for step in steps {
            if self.failed.load(Ordering::Relaxed) {
                break;
            }
            let begun = Instant::now();
            let passed = self.pass(step, shown);
            if !matches!(passed, Ok(true)) {
                self.failed.store(true, Ordering::Relaxed);
                eprintln!("failed: {}", step.name);
            }
            passed?;
            self.took.lock().unwrap_or_else(PoisonError::into_inner).push((step.name, begun.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    fn pass(&self, step: &Step, shown: Shown) -> Result<bool> {
        let title = format!("== {}: cargo {}\n", step.name, step.arguments.join(" "));
        let mut cargo = Command::new("cargo");
        cargo.args(step.arguments).envs(step.environment.iter().copied()).current_dir(self.root);
        let failed = || format!("cannot run cargo for `{}`", step.name);
        match shown {
            Shown::AtOnce => {
                print!("{title}");
                Ok(cargo.status().with_context(failed)?.success())
            }
            Shown::AtItsEnd => {
                let (mut printed, end) = io::pipe()?;
                let mut child = cargo.stdout(end.try_clone()?).stderr(end).spawn().with_context(failed)?;
                // It holds the other end of the pipe.
                drop(cargo);
                let mut text = title.into_bytes();
                printed.read_to_end(&mut text)?;
                io::stdout().lock().write_all(&text)?;
                Ok(child.wait()?.success())
            }
        }
    }
}
