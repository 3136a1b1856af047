//! `cargo xtask ci`: every check, up to the first that fails, and how long each took. It is what the pipeline runs: all
//! on one machine, or each [`Part`] on one of its own.
//!
//! Cheap checks come first. Then the tests are built, with clippy for a compiler, so that what lints look at and what is
//! tested is compiled once. Running them leaves the processor idle for much of the time, which on one machine the other
//! builds use.

use std::io::{self, Read, Write};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this part; together the parts are all there is.
    #[arg(long)]
    part: Option<Part>,
}

/// What a machine of its own can check.
#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// From the schemas to the providers' libraries, and what these are compared with: what a changed schema passes first.
    Libraries,
    /// What is built on them: stores, façade, program.
    Server,
    /// What other workspaces build, and the documentation of what they use.
    Users,
    /// Clients in other languages.
    Clients,
}

/// The packages of [`Part::Libraries`]. None of them depends on another of ours but the umbrella without its server.
const LIBRARIES: &[&str] = &[
    "polyptych-codegen",
    "polyptych-conformance",
    "polyptych-domain",
    "polyptych-emulator",
    "polyptych-failpoint",
    "polyptych-faults",
    "polyptych-hostile",
    "polyptych-imaging",
    "polyptych-providers",
    "polyptych-transport",
    "polyptych-wire",
    "polyptych-wire-evotor",
    "polyptych-wire-facebook",
    "polyptych-wire-yandex",
    "xtask",
];

/// Packages whose tests are run.
#[derive(Clone, Copy)]
enum Packages {
    All,
    Libraries,
    Others,
}

impl Packages {
    fn arguments(self) -> Vec<&'static str> {
        match self {
            Self::All => vec!["--workspace"],
            Self::Libraries => LIBRARIES.iter().flat_map(|name| ["--package", name]).collect(),
            Self::Others => {
                let without = LIBRARIES.iter().flat_map(|name| ["--exclude", name]);
                ["--workspace"].into_iter().chain(without).collect()
            }
        }
    }
}

/// One call of cargo.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    packages: Option<Packages>,
    environment: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, arguments, packages: None, environment: &[] }
}

/// Tests of the workspace, by what clippy is for cargo when it checks: the compiler of our crates, told the lints that fail.
const fn tests(name: &'static str, arguments: &'static [&'static str], packages: Packages) -> Step {
    let environment = &[("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"), ("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")];
    Step { name, arguments, packages: Some(packages), environment }
}

const fn built(packages: Packages) -> Step {
    tests("lints, and tests built", &["test", "--locked", "--no-run"], packages)
}

const fn run_tests(packages: Packages) -> Step {
    tests("tests", &["test", "--locked"], packages)
}

/// The tests of a member of the workspace that depends on ours.
macro_rules! downstream {
    ($member:literal) => {
        &["test", "--manifest-path", "tests/downstream/Cargo.toml", "--target-dir", "target/downstream", "-p", $member]
    };
}

/// The program as the tests were built with it.
const PROGRAM: &str = "--program=target/debug/polyptych";

/// What needs no build of ours but this command's own.
const CHEAP: &[Step] = &[
    step("format", &["fmt", "--all", "--check"]),
    step("layers", &["xtask", "layers"]),
    step("policy", &["xtask", "policy"]),
    step("packaging", &["xtask", "packaging"]),
    step("generated code", &["xtask", "codegen", "--check", "--code"]),
    step("conventions of the API", &["xtask", "api"]),
];

const PRINTED: Step = step("what the program prints", &["xtask", "codegen", "--check", "--target=exported", PROGRAM]);

const USERS: &[Step] = &[
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
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
        ..step("documentation", &["doc", "--workspace", "--no-deps", "--locked"])
    },
];

const CLIENTS: &str = "clients of others";

/// Runs the command.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let ci = Ci { root, failed: AtomicBool::new(false), took: Mutex::default() };
    let begun = Instant::now();
    match options.part {
        None => ci.all()?,
        Some(Part::Libraries) => {
            ci.each(CHEAP, Shown::AtOnce)?;
            ci.each(&[built(Packages::Libraries), run_tests(Packages::Libraries)], Shown::AtOnce)?;
        }
        Some(Part::Server) => {
            ci.each(&[built(Packages::Others), PRINTED, run_tests(Packages::Others)], Shown::AtOnce)?;
        }
        Some(Part::Users) => ci.each(USERS, Shown::AtOnce)?,
        Some(Part::Clients) => ci.each(&[step(CLIENTS, &["xtask", "clients"])], Shown::AtOnce)?,
    }
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
    /// What is built runs while what users build is built, whose output comes when each has ended.
    fn all(&self) -> Result<()> {
        self.each(CHEAP, Shown::AtOnce)?;
        self.each(&[built(Packages::All), PRINTED], Shown::AtOnce)?;
        thread::scope(|scope| {
            let meanwhile = scope.spawn(|| self.each(USERS, Shown::AtItsEnd));
            let clients = step(CLIENTS, &["xtask", "clients", PROGRAM]);
            self.each(&[run_tests(Packages::All), clients], Shown::AtOnce)?;
            meanwhile.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Runs the steps up to the first that fails, here or in another list.
    fn each(&self, steps: &[Step], shown: Shown) -> Result<()> {
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
        let mut arguments = step.arguments.to_vec();
        arguments.extend(step.packages.map(Packages::arguments).unwrap_or_default());
        let title = format!("== {}: cargo {}\n", step.name, arguments.join(" "));
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).envs(step.environment.iter().copied()).current_dir(self.root);
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
