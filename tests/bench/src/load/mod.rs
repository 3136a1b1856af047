//! Calls of the façade under load, beside a server of bare tonic that answers the same bytes, a proxy, and a server as Python
//! programs have it, where those are. Servers and the generator of load are processes of their own; they share the machine's
//! cores.

pub(crate) mod collector;
pub(crate) mod echo;
pub(crate) mod generator;
mod proxy;
pub(crate) mod server;
mod sink;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use polyptych_crash::process::Process;
use polyptych_service::server::busy as server_busy;
use tokio::process::Command;

use crate::load::generator::Report;
use crate::load::server::{LIBRARY, Tells, World};
use crate::peer;
use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread, ratios};

const GROUP: &str = "load";

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds in which each server has one turn.
    pub(crate) rounds: usize,
    /// Seconds of a turn, of which the first tenth does not count.
    pub(crate) seconds: f64,
    /// The number of calls a second that open loops ask for, as shares of what the server answers in a closed one.
    pub(crate) shares: &'static [f64],
}

/// Callers of a turn.
#[derive(Debug, Clone, Copy)]
struct Callers {
    connections: usize,
    streams: usize,
}

const MANY: Callers = Callers { connections: 4, streams: 32 };
const ONE: Callers = Callers { connections: 1, streams: 1 };

/// The first two targets; peers come after them.
const FACADE: usize = 0;
const BARE: usize = 1;

/// A server under load.
#[derive(Clone, Copy)]
struct Target<'a> {
    name: &'static str,
    address: &'a str,
    key: Option<&'a str>,
    /// The process, where it is one alone.
    process: Option<u32>,
}

/// What came of a turn.
struct Turn {
    report: Report,
    /// Microseconds that the server was on a processor for each call; absent where that is not told.
    busy: Option<f64>,
}

/// The rows, and what plots are made of.
pub(crate) async fn run(world: &World, effort: Effort, scratch: &Path) -> Result<(Vec<Row>, Vec<Line>)> {
    let facade = world.serve(Tells::ALL).await?;
    let answer = scratch.join("library.bin");
    std::fs::write(&answer, world.library(&facade).await?).context("cannot keep the answer")?;
    let echo = world.echo(&answer).await?;
    let proxy = proxy::start(echo.address(), scratch).await?;
    let python = python(&answer, scratch).await?;
    let peers = [
        ("nginx grpc_pass to bare tonic", proxy.as_ref().map(proxy::Proxy::address)),
        ("Python grpc.aio", python.as_ref().map(Process::address)),
    ];
    let mut targets = vec![
        Target { name: "facade", address: facade.address(), key: Some(world.key()), process: facade.id() },
        Target { name: "bare tonic", address: echo.address(), key: None, process: echo.id() },
    ];
    let peer = |name, address| Target { name, address, key: None, process: None };
    targets.extend(peers.iter().filter_map(|(name, address)| Some(peer(name, (*address)?))));
    let many = contest(&targets, effort, MANY).await?;
    let mut rows = throughput(&targets, &many, &peers.map(|(name, _)| name))?;
    rows.extend(busy(&many));
    rows.extend(silent(world, effort, &targets[FACADE]).await?);
    rows.extend(latency(&contest(&targets, effort, ONE).await?)?);
    Ok((rows, sweep(&targets, effort, &many).await?))
}

/// A server of Python's grpc, where that is installed.
async fn python(answer: &Path, scratch: &Path) -> Result<Option<Process>> {
    let interpreter = peer::interpreter();
    let asked = Command::new(&interpreter).args(["-c", "import grpc.aio"]).output().await;
    if !asked.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let script = peer::script("grpc_echo.py");
    let arguments = [script.to_str(), answer.to_str()].into_iter().collect::<Option<Vec<_>>>();
    let arguments = arguments.context("a folder's name is no text")?;
    Process::start(&interpreter, &arguments, &[], &scratch.join("grpc-aio.log")).await.map(Some)
}

/// Calls a second, beside the floor and each peer that is there.
fn throughput(targets: &[Target<'_>], rounds: &[Vec<Turn>], peers: &[&'static str]) -> Result<Vec<Row>> {
    let rate = |server: usize| of(rounds, server, |report| report.rate);
    let figure = "unary RPC through the whole facade, 4 connections x 32 streams";
    let against = |server: usize, name: &str| -> Result<Row> {
        Ok(Row::new(GROUP, figure, rate(FACADE)?, "rps").beside(name, rate(server)?, ratio(rounds, FACADE, server)?))
    };
    let mut rows = vec![against(BARE, "bare tonic")?.goal(Of::Ratio, Bound::AtLeast(0.8))];
    for name in peers {
        rows.push(match targets.iter().position(|target| target.name == *name) {
            Some(server) => against(server, name)?,
            None => Row::new(GROUP, figure, rate(FACADE)?, "rps").beside_absent(*name),
        });
    }
    Ok(rows)
}

/// What a call takes of a processor in the server's process, which other work on the machine changes little; nothing where the
/// kernel keeps no account.
fn busy(rounds: &[Vec<Turn>]) -> Option<Row> {
    beside(rounds, "processor time of such a call in the facade", "in bare tonic")
}

/// The processor time of a call in the first server beside that in the second.
fn beside(rounds: &[Vec<Turn>], figure: &str, name: &str) -> Option<Row> {
    let of = |server: usize| -> Option<Vec<f64>> { rounds.iter().map(|round| round.get(server)?.busy).collect() };
    let (first, second) = (of(0)?, of(1)?);
    let row = Row::new(GROUP, figure, Spread::of(&first)?, "us");
    Some(row.beside(name, Spread::of(&second)?, Spread::of(&ratios(&first, &second))?.median))
}

/// What a call takes of a processor where less is told of it, in turns with the façade that tells all: what telling costs.
async fn silent(world: &World, effort: Effort, all: &Target<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, tells) in [
        ("its line of the log", Tells { log: false, traces: true }),
        ("traces", Tells { log: true, traces: false }),
        ("both", Tells { log: false, traces: false }),
    ] {
        let facade = world.serve(tells).await?;
        let silent = Target { name: "facade", address: facade.address(), key: Some(world.key()), process: facade.id() };
        let rounds = contest(&[silent, *all], effort, MANY).await?;
        let figure = format!("processor time of such a call without {what}");
        rows.extend(beside(&rounds, &figure, "with all"));
    }
    Ok(rows)
}

/// One of a report's latencies, in microseconds.
type Pick = fn(&Report) -> f64;

/// What the façade adds to a call where nobody else calls.
fn latency(rounds: &[Vec<Turn>]) -> Result<Vec<Row>> {
    let picks: [(&str, f64, Pick); 2] = [("p50", 100.0, |report| report.p50), ("p99", 1_000.0, |report| report.p99)];
    let row = |(name, most, pick): (&str, f64, Pick)| -> Result<Row> {
        let both = |round: &Vec<Turn>| Some((pick(&round.get(FACADE)?.report), pick(&round.get(BARE)?.report)));
        let (added, ratios): (Vec<f64>, Vec<f64>) =
            rounds.iter().filter_map(both).map(|(facade, bare)| (facade - bare, facade / bare - 1.0)).unzip();
        let of = |samples: &[f64]| Spread::of(samples).context("no round");
        let row = Row::new(GROUP, format!("what the facade adds to a call, 1 x 1, {name}"), of(&added)?, "us");
        let row = row.beside("bare tonic, whole call", self::of(rounds, BARE, pick)?, of(&ratios)?.median);
        Ok(row.goal(Of::This, Bound::AtMost(most)))
    };
    picks.into_iter().map(row).collect()
}

/// One turn of each server in each round; by round and server.
async fn contest(targets: &[Target<'_>], effort: Effort, callers: Callers) -> Result<Vec<Vec<Turn>>> {
    let mut rounds = Vec::new();
    for _ in 0..effort.rounds {
        let mut round = Vec::new();
        for target in targets {
            let before = target.process.and_then(|id| server_busy(id).ok());
            let report = generate(target, callers, effort.seconds, None).await?;
            let after = target.process.and_then(|id| server_busy(id).ok());
            // A thread that ended meanwhile has taken its account with it.
            let busy = before.zip(after).and_then(|(before, after)| after.checked_sub(before));
            let busy = busy.map(|busy| busy.as_secs_f64() * 1e6 / report.calls as f64);
            round.push(Turn { report, busy });
        }
        rounds.push(round);
    }
    Ok(rounds)
}

/// Each server at growing load that does not wait for answers, up to what it answers to callers that wait.
async fn sweep(targets: &[Target<'_>], effort: Effort, closed: &[Vec<Turn>]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (server, target) in targets.iter().enumerate() {
        let most = of(closed, server, |report| report.rate)?.median;
        let [mut answered, mut middle, mut late] = [Vec::new(), Vec::new(), Vec::new()];
        for share in effort.shares {
            let asked = most * share;
            let report = generate(target, MANY, effort.seconds, Some(asked)).await?;
            answered.push((asked, report.rate));
            middle.push((asked, report.p50 / 1e3));
            late.push((asked, report.p99 / 1e3));
        }
        let line = |plot, name: String, points| Line { plot, name, points };
        lines.push(line(Plot::Throughput, target.name.to_owned(), answered));
        lines.push(line(Plot::Latency, format!("{}, p50", target.name), middle));
        lines.push(line(Plot::Latency, format!("{}, p99", target.name), late));
    }
    Ok(lines)
}

/// Runs the generator of load as a process of its own. Calls that fail are none that were answered.
async fn generate(target: &Target<'_>, callers: Callers, seconds: f64, rate: Option<f64>) -> Result<Report> {
    let mut command = Command::new(std::env::current_exe().context("where am I?")?);
    command.args(["load", target.address, "--library", LIBRARY]);
    command.args(["--connections", &callers.connections.to_string(), "--streams", &callers.streams.to_string()]);
    command.args(["--seconds", &seconds.to_string()]);
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
    if let Some(key) = target.key {
        command.env(generator::KEY, key);
    }
    let output = command.kill_on_drop(true).output().await.context("cannot run the generator of load")?;
    ensure!(output.status.success(), "{}: {}", target.name, String::from_utf8_lossy(&output.stderr));
    let report: Report = serde_json::from_slice(&output.stdout).context("what the generator of load tells")?;
    let failed: Vec<_> = report.statuses.iter().filter(|(status, _)| *status != "Ok").collect();
    ensure!(failed.is_empty(), "{}: calls failed: {failed:?}", target.name);
    Ok(report)
}

fn of(rounds: &[Vec<Turn>], server: usize, pick: Pick) -> Result<Spread> {
    let samples: Vec<f64> = rounds.iter().filter_map(|round| Some(pick(&round.get(server)?.report))).collect();
    Spread::of(&samples).context("no round")
}

fn ratio(rounds: &[Vec<Turn>], first: usize, second: usize) -> Result<f64> {
    let ratios = rounds.iter().filter_map(|round| Some(round.get(first)?.report.rate / round.get(second)?.report.rate));
    Ok(Spread::of(&ratios.collect::<Vec<_>>()).context("no round")?.median)
}
