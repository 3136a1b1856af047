//! Several servers on one database under load: one is killed and started again, while the others go on.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;

use crate::asked::{Asked, Asking};
use crate::client::Client;
use crate::process::Process;
use crate::tally::Tally;
use crate::watch::{Killed, account, submit};
use crate::world::{Shared, World};

/// Calls at once that an advertiser may have.
pub const PLACES: u64 = 5;

/// A run of one world.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides pictures and moments.
    pub seed: u64,
    /// Servers.
    pub replicas: u64,
    /// How often one of them is killed.
    pub kills: u64,
    /// Operations of each kind that are under way at once, for each server.
    pub load: u64,
    /// Milliseconds that a call of the emulator takes.
    pub latency: u64,
}

/// Carries out a plan around what servers share.
///
/// # Errors
/// If a process cannot be started or the emulator cannot be reached. What servers do wrong is in the tally.
pub async fn run(program: &Path, state: Shared, plan: Plan) -> Result<Tally> {
    let world = World::start(program, state, plan.latency).await?;
    let (mut asking, mut random, mut tally) = (Asking::new(plan.seed), Rng::with_seed(!plan.seed), Tally::default());
    let mut servers = Vec::new();
    for _ in 0..plan.replicas {
        servers.push(world.serve(None).await?);
    }
    for _ in 0..plan.kills {
        let mut asked = Vec::new();
        for _ in 0..plan.replicas {
            let mut of_one = Vec::new();
            for _ in 0..plan.load {
                of_one.extend(asking.one_of_each(&world).await?);
            }
            asked.push(of_one);
        }
        let victim = random.usize(..servers.len());
        let moment = Duration::from_millis(random.u64(..2_000));
        round(&world, &mut servers, &asked, victim, moment, &mut tally).await?;
    }
    for server in servers {
        server.kill().await?;
    }
    tally.at_once = world.control.at_once().await?;
    Ok(tally)
}

async fn round(
    world: &World,
    servers: &mut Vec<Process>,
    asked: &[Vec<Asked>],
    victim: usize,
    moment: Duration,
    tally: &mut Tally,
) -> Result<()> {
    let clients: Vec<_> = servers.iter().map(|server| Client::new(server.address())).collect::<Result<_>>()?;
    let server = servers.remove(victim);
    let death = async {
        tokio::time::sleep(moment).await;
        server.kill().await?;
        Killed::now()
    };
    let submitted = clients.iter().zip(asked).map(|(client, asked)| submit(client, asked));
    let (first, killed) = tokio::join!(futures_util::future::join_all(submitted), death);
    tally.kills += 1;
    let killed = killed?;
    // The others go on meanwhile, and are asked what became of everything.
    let other = servers.first().context("no server is left")?;
    let client = Client::new(other.address())?;
    let asked: Vec<_> = asked.iter().flatten().cloned().collect();
    let first: Vec<_> = first.into_iter().flatten().collect();
    let (next, accounted) =
        tokio::join!(world.serve(None), account(world, &client, &asked, &first, Some(killed), tally));
    servers.insert(victim, next?);
    accounted
}

/// What an advertiser had to bear that it may not; one line each.
pub fn crowded(tally: &Tally) -> Vec<String> {
    let over = tally.at_once.iter().filter(|(_, most)| **most > PLACES);
    over.map(|(login, most)| format!("{most} calls at once of {login}")).collect()
}
