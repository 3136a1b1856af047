//! One server that is killed and started again: at moments of a seed's choice, and at every failpoint.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fastrand::Rng;
use polyptych_failpoint::POINTS;

use crate::asked::Asking;
use crate::client::Client;
use crate::process::Process;
use crate::tally::Tally;
use crate::watch::{Killed, account, submit};
use crate::world::{Shared, World};

/// How long a server may take to come to its failpoint.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the emulator is asked how far a server has come.
const LOOK: Duration = Duration::from_millis(2);

/// A run of one world.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides pictures and moments.
    pub seed: u64,
    /// Servers to kill.
    pub kills: u64,
    /// How they are killed.
    pub moments: Moments,
    /// At which passages of each failpoint a server dies: the first that many.
    pub passages: u64,
    /// Milliseconds that a call of the emulator takes.
    pub latency: u64,
}

/// What a moment is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// In time, from nothing to a little more than an undisturbed run takes.
    Time,
    /// In requests that have come to the emulator.
    Requests,
}

/// What an undisturbed run takes.
struct Extent {
    time: Duration,
    requests: u64,
}

/// Carries out a plan around what servers share.
///
/// # Errors
/// If a process cannot be started or the emulator cannot be reached. What servers do wrong is in the tally.
pub async fn run(program: &Path, state: Shared, plan: Plan) -> Result<Tally> {
    let world = World::start(program, state, plan.latency).await?;
    let mut run =
        Run { asking: Asking::new(plan.seed), random: Rng::with_seed(!plan.seed), tally: Tally::default(), world };
    let done = run.carry_out(plan).await;
    if done.is_err() || !run.tally.problems().is_empty() {
        let log = std::fs::read_to_string(run.world.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        eprintln!("the servers' last words:\n{}", last.join("\n"));
    }
    done?;
    run.tally.at_once = run.world.control.at_once().await?;
    Ok(run.tally)
}

struct Run {
    world: World,
    asking: Asking,
    random: Rng,
    tally: Tally,
}

impl Run {
    async fn carry_out(&mut self, plan: Plan) -> Result<()> {
        let mut server = self.world.serve(None).await?;
        let extent = self.undisturbed(&server).await?;
        for _ in 0..plan.kills {
            server = self.killed(server, &extent, plan.moments).await?;
        }
        for nth in 1..=plan.passages {
            for point in POINTS {
                server.kill().await?;
                server = self.at(point, nth).await?;
            }
        }
        server.kill().await
    }

    /// One of each operation, with nobody killed.
    async fn undisturbed(&mut self, server: &Process) -> Result<Extent> {
        let asked = self.asking.one_of_each(&self.world).await?;
        let client = Client::new(server.address())?;
        let (before, began) = (self.world.control.requests().await?, Instant::now());
        let first = submit(&client, &asked).await;
        for answer in &first {
            let operation = answer.as_ref().map_err(|status| {
                anyhow::anyhow!("an operation is refused: {}: {}", status.code(), status.message())
            })?;
            let waited = client.wait(&operation.name).await;
            waited.map_err(|status| anyhow::anyhow!("an operation does not end: {}", status.message()))?;
        }
        let (time, after) = (began.elapsed(), self.world.control.requests().await?);
        account(&self.world, &client, &asked, &first, None, &mut self.tally).await?;
        Ok(Extent { time, requests: after - before })
    }

    /// One of each operation, and the server killed meanwhile; the next server.
    async fn killed(&mut self, server: Process, extent: &Extent, moments: Moments) -> Result<Process> {
        let asked = self.asking.one_of_each(&self.world).await?;
        let client = Client::new(server.address())?;
        let (world, before) = (&self.world, self.world.control.requests().await?);
        let (time, requests) = (
            Duration::from_micros(self.random.u64(..=extent.time.mul_f64(1.1).as_micros() as u64)),
            self.random.u64(..=extent.requests),
        );
        let death = async {
            match moments {
                Moments::Time => tokio::time::sleep(time).await,
                Moments::Requests => {
                    let began = Instant::now();
                    while world.control.requests().await? < before + requests && began.elapsed() < PATIENCE {
                        tokio::time::sleep(LOOK).await;
                    }
                }
            }
            server.kill().await?;
            Killed::now()
        };
        let (first, killed) = tokio::join!(submit(&client, &asked), death);
        self.tally.kills += 1;
        let killed = killed?;
        let next = world.serve(None).await?;
        let killed = killed.alone_until(next.listening());
        account(world, &Client::new(next.address())?, &asked, &first, Some(killed), &mut self.tally).await?;
        Ok(next)
    }

    /// One of each operation, by a server that dies when it comes to a failpoint for the `nth` time; the next server.
    async fn at(&mut self, point: &str, nth: u64) -> Result<Process> {
        let asked = self.asking.one_of_each(&self.world).await?;
        let mut server = self.world.serve(Some(&format!("{point}:{nth}"))).await?;
        let client = Client::new(server.address())?;
        let (first, ended) = tokio::join!(submit(&client, &asked), server.ended(PATIENCE));
        let killed = Killed::now()?;
        match ended? {
            Some(status) if !status.success() => *self.tally.failpoints.entry(point.to_owned()).or_default() += 1,
            Some(_) => self.tally.wrong.push(format!("the server ended by itself before {point}:{nth}")),
            None => {
                let wrong =
                    format!("the server never came to {point}:{nth}; is it built with its feature `failpoints`?");
                self.tally.wrong.push(wrong);
                server.kill().await.context("the server cannot be killed")?;
            }
        }
        let next = self.world.serve(None).await?;
        let killed = killed.alone_until(next.listening());
        account(&self.world, &Client::new(next.address())?, &asked, &first, Some(killed), &mut self.tally).await?;
        Ok(next)
    }
}
