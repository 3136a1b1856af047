//! `cargo xtask clients`: runs clients that others wrote against `polyptych emulate`. It installs them into a scratch
//! folder under `target/`, spawns the program once per client, and prints how each step of each client went. What a
//! client does is in `tests/clients/`; nothing here knows an API. Then it has `docs/examples/run.py` do what the pages
//! tell users of the gRPC API to do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What each client does, in the order of the table.
const STEPS: [&str; 5] = ["add", "list", "read", "delete", "error"];

/// Name, what runs it, and its script in `tests/clients/`.
const CLIENTS: [(&str, Runtime, &str); 6] = [
    ("facebook-business", Runtime::Python, "facebook_business_sdk.py"),
    ("facebook-nodejs-business-sdk", Runtime::Node, "facebook_nodejs_sdk.js"),
    ("tapi-yandex-direct", Runtime::Python, "tapi_yandex.py"),
    ("zeep (v5)", Runtime::Python, "zeep_v5.py"),
    ("zeep (v4 Live)", Runtime::Python, "zeep_live4.py"),
    ("curl (Evotor)", Runtime::Shell, "evotor_curl.sh"),
];

/// The longest that a client may take.
const LONGEST: Duration = Duration::from_secs(120);

/// The versions to install, by package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    python: BTreeMap<String, String>,
    node: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Runtime {
    Python,
    Node,
    Shell,
}

/// How one client went.
enum Went {
    /// It could not be run, and why.
    Skipped(String),
    /// The steps that passed, and what stopped it.
    Ran(Vec<String>, Option<String>),
}

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let folder = root.join("tests/clients");
    let versions = std::fs::read_to_string(folder.join("versions.toml")).context("tests/clients/versions.toml")?;
    let versions: Versions = toml::from_str(&versions).context("tests/clients/versions.toml")?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let scratch = target.join("clients");
    let program = build(root, &target)?;
    let python = install_python(&scratch.join("python"), &versions.python);
    let node = install_node(&scratch.join("node"), &versions.node);
    let mut rows = Vec::new();
    for (name, runtime, script) in CLIENTS {
        let command = match runtime {
            Runtime::Python => python.as_ref().map(Command::new).map_err(reason),
            Runtime::Node => node.as_ref().map(|modules| with_modules(modules)).map_err(reason),
            Runtime::Shell => {
                available("curl", "--version").map(|()| Command::new("sh")).map_err(|error| reason(&error))
            }
        };
        let went = match command {
            Ok(mut command) => attend(command.arg(folder.join(script)), &program)?,
            Err(reason) => Went::Skipped(reason),
        };
        rows.push((name, went));
    }
    print!("{}", table(&rows));
    let required = std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|one| one == "clients"));
    let fine = |went: &Went| match went {
        Went::Skipped(_) => !required,
        Went::Ran(passed, stopped) => {
            stopped.is_none() && STEPS.iter().all(|step| passed.iter().any(|one| one == step))
        }
    };
    let examples = run_examples(root, &program, &scratch.join("examples"), required)?;
    Ok(rows.iter().all(|(_, went)| fine(went)) && examples)
}

/// Does what the pages of `docs/` tell users to do.
fn run_examples(root: &Path, program: &Path, scratch: &Path, required: bool) -> Result<bool> {
    if let Err(error) = available("python3", "--version") {
        println!("docs/examples: skipped: {error}");
        return Ok(!required);
    }
    let mut run = Command::new("python3");
    run.arg(root.join("docs/examples/run.py")).arg(program).arg(scratch);
    Ok(run.status().context("cannot run docs/examples/run.py")?.success())
}

fn reason(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

fn build(root: &Path, target: &Path) -> Result<PathBuf> {
    let arguments = ["build", "--quiet", "--locked", "-p", "polyptych", "--bin", "polyptych"];
    let status = Command::new("cargo").args(arguments).current_dir(root).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("polyptych does not build");
    }
    Ok(target.join("debug").join(format!("polyptych{}", std::env::consts::EXE_SUFFIX)))
}

fn available(program: &str, argument: &str) -> Result<()> {
    let run = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if run.is_ok_and(|status| status.success()) { Ok(()) } else { bail!("{program} is not there") }
}

fn quiet(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("not installed: {}", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given"))
}

/// Runs `install` unless the folder holds these versions already.
fn once(folder: &Path, versions: &BTreeMap<String, String>, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let (stamp, wanted) = (folder.join("installed"), format!("{versions:?}"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// The interpreter that has the packages.
fn install_python(folder: &Path, versions: &BTreeMap<String, String>) -> Result<PathBuf> {
    available("python3", "--version")?;
    let python = folder.join("bin/python");
    once(folder, versions, || {
        quiet(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let packages = versions.iter().map(|(name, version)| format!("{name}=={version}"));
        quiet(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(packages),
        )
    })?;
    Ok(python)
}

/// The folder of modules that has the packages.
fn install_node(folder: &Path, versions: &BTreeMap<String, String>) -> Result<PathBuf> {
    available("node", "--version")?;
    available("npm", "--version")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    once(folder, versions, || {
        let packages = versions.iter().map(|(name, version)| format!("{name}@{version}"));
        quiet(Command::new("npm").args(["install", "--silent", "--no-audit", "--prefix"]).arg(folder).args(packages))
    })?;
    Ok(folder.join("node_modules"))
}

fn with_modules(modules: &Path) -> Command {
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules);
    command
}

/// An emulator that ends with this value.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It keeps nothing, so it need not be asked.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs one client against an emulator of its own.
fn attend(client: &mut Command, program: &Path) -> Result<Went> {
    let emulator = Command::new(program).args(["emulate", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn();
    let mut emulator = Emulator(emulator.with_context(|| format!("cannot run {}", program.display()))?);
    let mut line = String::new();
    let ready = emulator.0.stdout.take().context("the emulator has no output")?;
    BufReader::new(ready).read_line(&mut line).context("the emulator says nothing")?;
    let base = line.trim().strip_prefix("listening on ").context("the emulator does not say where it listens")?;
    let client = client.arg(base).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot run the client")?;
    let (out, err) = (read(client.stdout.take()), read(client.stderr.take()));
    let begun = Instant::now();
    let ended = loop {
        match client.try_wait()? {
            Some(status) => break Some(status),
            None if begun.elapsed() > LONGEST => {
                client.kill()?;
                client.wait()?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let said = |word: &str| out.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect();
    let failed: Vec<String> = said("fail ");
    let last = || err.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given").to_owned();
    let stopped = match ended {
        None => Some(format!("longer than {} seconds", LONGEST.as_secs())),
        Some(status) if status.success() => None,
        Some(_) => Some(failed.into_iter().next().unwrap_or_else(last)),
    };
    Ok(Went::Ran(said("pass "), stopped))
}

fn read(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before a broken pipe still tells something.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    })
}

fn table(rows: &[(&str, Went)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let head = format!("{:width$}  {}", "client", STEPS.map(|step| format!("{step:6}")).join("  "));
    let mut text = format!("{}\n", head.trim_end());
    for (name, went) in rows {
        let cell = |step: &&str| match went {
            Went::Skipped(_) => "skip",
            Went::Ran(passed, _) if passed.iter().any(|one| one == step) => "pass",
            Went::Ran(..) => "fail",
        };
        let cells: Vec<String> = STEPS.iter().map(|step| format!("{:6}", cell(step))).collect();
        let note = match went {
            Went::Skipped(why) => format!("skipped: {why}"),
            Went::Ran(_, stopped) => stopped.clone().unwrap_or_default(),
        };
        text += format!("{name:width$}  {}  {note}", cells.join("  ")).trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_each_step_of_each_client_and_why_one_stopped() {
        let passed = || vec!["add".to_owned(), "list".to_owned()];
        let rows = [
            ("one", Went::Ran(passed(), Some("read AssertionError".to_owned()))),
            ("other", Went::Skipped("python3 is not there".to_owned())),
        ];
        let text = table(&rows);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["client", "add", "list", "read", "delete", "error"]);
        assert_eq!(lines[1], ["one", "pass", "pass", "fail", "fail", "fail", "read", "AssertionError"]);
        assert_eq!(lines[2][..7], ["other", "skip", "skip", "skip", "skip", "skip", "skipped:"]);
    }
}
