//! The program before it does anything, and what developers wait for: starting it, its size, generating code, and building a
//! crate from nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use polyptych_proto::v1::ListLibrariesRequest;
use polyptych_proto::v1::library_service_client::LibraryServiceClient;
use polyptych_service::server::{Place, connect};

use crate::contest::{Contest, Effort};
use crate::group::Taken;
use crate::row::{Bound, Of, Row, Spread};

const GROUP: &str = "program";

/// The wire crate that takes longest to build.
const CRATE: &str = "polyptych-wire-yandex";

/// How often each is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// Starts of the program and runs of the generator.
    pub(crate) short: usize,
    /// Builds from nothing.
    pub(crate) builds: usize,
}

/// The rows.
pub(crate) async fn run(program: &Path, rounds: Rounds) -> Result<Vec<Row>> {
    let mut rows = starts(program, rounds.short).await?;
    let bytes = std::fs::metadata(program).with_context(|| format!("cannot look at {}", program.display()))?.len();
    rows.push(Row::new(GROUP, "size of the program", Spread::exact(bytes as f64 / f64::from(1 << 20)), "MiB"));
    rows.extend(tokio::task::block_in_place(|| -> Result<Vec<Row>> {
        Ok([vec![generate(rounds.short)?], build(rounds.builds)?].concat())
    })?);
    Ok(rows)
}

/// Until it tells its version, beside a program that does nothing; until a server has answered its first call.
async fn starts(program: &Path, rounds: usize) -> Result<Vec<Row>> {
    let effort = Effort { rounds, turn: std::time::Duration::ZERO };
    let version = || timed(Command::new(program).arg("--version"));
    let nothing = || timed(&mut Command::new("true"));
    let contest = tokio::task::block_in_place(|| Contest::run(effort, vec![Box::new(version), Box::new(nothing)]))?;
    let row = Row::new(GROUP, "start of the program: --version", contest.millis(0)?, "ms");
    let told = row.beside("a program that does nothing", contest.millis(1)?, contest.ratio(0, 1)?);
    let place = Place::new(program.to_owned())?;
    let mut answered = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        // Nobody listens there, and nobody is asked.
        let server = place.serve("start", "127.0.0.1:9").await?;
        let mut client = LibraryServiceClient::new(connect(&server).await?);
        client.list_libraries(ListLibrariesRequest::default()).await.context("the server does not answer")?;
        answered.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let answered = Spread::of(&answered).context("no round")?;
    Ok(vec![told, Row::new(GROUP, "start of a server, with a new database, to its first answer", answered, "ms")])
}

/// All that is generated, and compared with what is there. Cargo's own look at the sources is in it.
fn generate(rounds: usize) -> Result<Row> {
    let once = || timed(cargo().args(["xtask", "codegen", "--check"]));
    // The first one builds it.
    once()?;
    let took = (0..rounds).map(|_| once()).collect::<Result<Vec<_>>>()?;
    let row =
        Row::new(GROUP, "regenerate everything (cargo xtask codegen)", Spread::of(&took).context("no round")?, "s");
    Ok(row.goal(Of::This, Bound::AtMost(2.0)))
}

/// A wire crate and what it needs, into an empty folder, as a debug build.
fn build(rounds: usize) -> Result<Vec<Row>> {
    let (mut seconds, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let target = tempfile::Builder::new().prefix("polyptych-build-").tempdir().context("cannot make a folder")?;
        let mut command = cargo();
        command.args(["build", "--locked", "--offline", "--package", CRATE, "--target-dir"]).arg(target.path());
        let taken = Taken::by(&mut command)?;
        seconds.push(taken.seconds);
        memory.push(taken.peak);
    }
    let of = |samples: &[f64]| Spread::of(samples).context("no round");
    let figure = |what: &str| format!("clean debug build of {CRATE}{what}");
    Ok(vec![
        Row::new(GROUP, figure(""), of(&seconds)?, "s").goal(Of::This, Bound::AtMost(20.0)),
        Row::new(GROUP, figure(": peak memory of all its processes"), of(&memory)?, "MiB"),
    ])
}

/// Cargo in this workspace. What the run of this program has in its environment is none of its business.
fn cargo() -> Command {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new("cargo");
    command.current_dir(root).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The seconds that a program takes to its end.
fn timed(command: &mut Command) -> Result<f64> {
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    let took = began.elapsed().as_secs_f64();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(took)
}
