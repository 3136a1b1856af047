//! `cargo xtask clients`: runs the SDKs of others against `polyptych emulate`, and clients of our API that others' tools make
//! against `polyptych serve --emulate`. It installs them into a scratch folder under `target/`, spawns the program once per
//! client, and prints how each step of each client went. What a client does is in `tests/clients/`; nothing here knows an API.
//! Then it has `docs/examples/run.py` do what the pages tell users of the gRPC API to do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::program::{Program, target};

/// A client, and what it does.
struct Client {
    name: &'static str,
    runtime: Runtime,
    /// In `tests/clients/`.
    script: &'static str,
    /// What it runs against.
    server: &'static [&'static str],
    /// In the order of the table.
    steps: &'static [&'static str],
}

const EMULATE: &[&str] = &["emulate", "--listen", "127.0.0.1:0"];
const SERVE: &[&str] = &["serve", "--emulate", "--listen", "127.0.0.1:0"];

/// With what pages of browsers call.
const SERVE_WEB: &[&str] =
    &["serve", "--emulate", "--listen", "127.0.0.1:0", "--set", "server.web_origins=[\"https://pages.test\"]"];

const SDK_STEPS: &[&str] = &["add", "list", "read", "delete", "error"];
/// `all` is passed when every method of the API was called.
const API_STEPS: &[&str] = &[
    "libraries",
    "check",
    "upload",
    "small",
    "read",
    "albums",
    "download",
    "import",
    "copy",
    "publish",
    "sync",
    "ads",
    "delete",
    "work",
    "audit",
    "errors",
    "all",
];

const WEB_STEPS: &[&str] = &["libraries", "small", "upload", "download", "delete", "errors"];

const CLIENTS: [Client; 9] = [
    sdk("facebook-business", Runtime::Python, "facebook_business_sdk.py"),
    sdk("facebook-nodejs-business-sdk", Runtime::Node, "facebook_nodejs_sdk.js"),
    sdk("tapi-yandex-direct", Runtime::Python, "tapi_yandex.py"),
    sdk("zeep (v5)", Runtime::Python, "zeep_v5.py"),
    sdk("zeep (v4 Live)", Runtime::Python, "zeep_live4.py"),
    sdk("curl (Evotor)", Runtime::Shell, "evotor_curl.sh"),
    api("Python, from reflection alone", "api_reflection.py"),
    api("Python, from the .proto files", "api_generated.py"),
    Client {
        name: "TypeScript, over gRPC-Web",
        runtime: Runtime::Web,
        script: "api_web.sh",
        server: SERVE_WEB,
        steps: WEB_STEPS,
    },
];

const fn sdk(name: &'static str, runtime: Runtime, script: &'static str) -> Client {
    Client { name, runtime, script, server: EMULATE, steps: SDK_STEPS }
}

const fn api(name: &'static str, script: &'static str) -> Client {
    Client { name, runtime: Runtime::Grpc, script, server: SERVE, steps: API_STEPS }
}

/// The longest that a client may take.
const LONGEST: Duration = Duration::from_secs(120);

/// The versions to install, by package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    python: BTreeMap<String, String>,
    node: BTreeMap<String, String>,
    grpc: BTreeMap<String, String>,
    web: BTreeMap<String, String>,
    hadolint: BTreeMap<String, String>,
}

impl Versions {
    fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(root.join("tests/clients/versions.toml"));
        toml::from_str(&text.context("tests/clients/versions.toml")?).context("tests/clients/versions.toml")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Runtime {
    Python,
    /// Python with what makes clients of our API.
    Grpc,
    Node,
    /// A shell with what makes clients of our API for Node.
    Web,
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
pub(crate) fn run(root: &Path, program: &Program) -> Result<bool> {
    let folder = root.join("tests/clients");
    let versions = Versions::read(root)?;
    let scratch = scratch(root);
    let program = program.path(root)?.context("polyptych does not build")?;
    let python = install_python(&scratch.join("python"), &versions.python);
    let grpc = install_grpc(root);
    let node = install_node(&scratch.join("node"), &versions.node);
    let web = available("buf", "--version").and_then(|()| install_node(&scratch.join("web"), &versions.web));
    let mut rows = Vec::new();
    for client in &CLIENTS {
        let command = match client.runtime {
            Runtime::Python => python.as_ref().map(Command::new).map_err(reason),
            Runtime::Grpc => grpc.as_ref().map(Command::new).map_err(reason),
            Runtime::Node => node.as_ref().map(|modules| with_modules("node", modules)).map_err(reason),
            Runtime::Web => web.as_ref().map(|modules| with_modules("sh", modules)).map_err(reason),
            Runtime::Shell => {
                available("curl", "--version").map(|()| Command::new("sh")).map_err(|error| reason(&error))
            }
        };
        let went = match command {
            Ok(mut command) => {
                attend(command.arg(folder.join(client.script)).current_dir(root), &program, client.server)?
            }
            Err(reason) => Went::Skipped(reason),
        };
        rows.push((client, went));
    }
    for steps in [SDK_STEPS, API_STEPS, WEB_STEPS] {
        let of: Vec<_> = rows.iter().filter(|(client, _)| client.steps == steps).collect();
        println!("{}", table(steps, of.iter().map(|(client, went)| (client.name, went))));
    }
    let fine = |client: &Client, went: &Went| match went {
        Went::Skipped(_) => !required(),
        Went::Ran(passed, stopped) => {
            stopped.is_none() && client.steps.iter().all(|step| passed.iter().any(|one| one == step))
        }
    };
    let examples = run_examples(root, &program, &scratch.join("examples"))?;
    Ok(rows.iter().all(|(client, went)| fine(client, went)) && examples)
}

/// Does what the pages of `docs/` tell users to do.
fn run_examples(root: &Path, program: &Path, scratch: &Path) -> Result<bool> {
    if let Err(error) = available("python3", "--version") {
        println!("docs/examples: skipped: {error}");
        return Ok(!required());
    }
    let mut run = Command::new("python3");
    run.arg(root.join("docs/examples/run.py")).arg(program).arg(scratch);
    Ok(run.status().context("cannot run docs/examples/run.py")?.success())
}

/// Whether a client that is not there is a failure.
pub(crate) fn required() -> bool {
    std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|one| one == "clients"))
}

fn scratch(root: &Path) -> PathBuf {
    target(root).join("clients")
}

/// The interpreter that has what makes clients of our API.
pub(crate) fn install_grpc(root: &Path) -> Result<PathBuf> {
    install_python(&scratch(root).join("grpc"), &Versions::read(root)?.grpc)
}

/// The program that judges files of containers.
pub(crate) fn install_hadolint(root: &Path) -> Result<PathBuf> {
    let python = install_python(&scratch(root).join("hadolint"), &Versions::read(root)?.hadolint)?;
    Ok(python.with_file_name("hadolint"))
}

fn reason(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

pub(crate) fn available(program: &str, argument: &str) -> Result<()> {
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

fn with_modules(program: &str, modules: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("NODE_PATH", modules);
    command
}

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing, so it need not be asked.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs one client against a server of its own.
fn attend(client: &mut Command, program: &Path, arguments: &[&str]) -> Result<Went> {
    let server = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn();
    let mut server = Server(server.with_context(|| format!("cannot run {}", program.display()))?);
    let mut line = String::new();
    let ready = server.0.stdout.take().context("the server has no output")?;
    BufReader::new(ready).read_line(&mut line).context("the server says nothing")?;
    let base = line.trim().strip_prefix("listening on ").context("the server does not say where it listens")?;
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

fn table<'r>(steps: &[&str], rows: impl IntoIterator<Item = (&'r str, &'r Went)>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let head: Vec<String> = steps.iter().map(|step| format!("{step:6}")).collect();
    let head = format!("{:width$}  {}", "client", head.join("  "));
    let mut text = format!("{}\n", head.trim_end());
    for (name, went) in rows {
        let cell = |step: &&str| match went {
            Went::Skipped(_) => "skip",
            Went::Ran(passed, _) if passed.iter().any(|one| one == step) => "pass",
            Went::Ran(..) => "fail",
        };
        let cells: Vec<String> = steps.iter().map(|step| format!("{:1$}", cell(step), step.len().max(6))).collect();
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
        let text = table(SDK_STEPS, rows.iter().map(|(name, went)| (*name, went)));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["client", "add", "list", "read", "delete", "error"]);
        assert_eq!(lines[1], ["one", "pass", "pass", "fail", "fail", "fail", "read", "AssertionError"]);
        assert_eq!(lines[2][..7], ["other", "skip", "skip", "skip", "skip", "skip", "skipped:"]);
    }
}
