//! Operations from their request to their end, over servers that die meanwhile.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use polyptych_proto::longrunning::Operation;
use tonic::Status;

use crate::asked::{Asked, Request, Sync};
use crate::client::Client;
use crate::tally::Tally;
use crate::told::{compare, times};
use crate::world::World;

/// How often an operation is read while it is waited for, and how long in all.
const LOOK: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(180);

/// Asks for all of these at once: what was answered before the server died.
pub async fn submit(client: &Client, asked: &[Asked]) -> Vec<Result<Operation, Status>> {
    join_all(asked.iter().map(|asked| client.submit(&asked.request))).await
}

/// When a server was killed.
#[derive(Debug, Clone, Copy)]
pub struct Killed {
    /// Microseconds since the Unix epoch.
    micros: i64,
    /// Since when a job that it left may be taken up.
    since: Instant,
}

impl Killed {
    /// Just now.
    ///
    /// # Errors
    /// If the clock is before 1970.
    pub fn now() -> Result<Self> {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_micros();
        Ok(Self { micros: i64::try_from(micros).context("the clock is far ahead")?, since: Instant::now() })
    }

    /// Nobody could take up its jobs before then.
    pub fn alone_until(self, since: Instant) -> Self {
        Self { since, ..self }
    }
}

/// Asks once more for what was asked of a server that was killed, waits until everything has ended, and compares it with what
/// the emulator knows. `first` is what was answered before.
///
/// # Errors
/// If the emulator cannot be reached.
pub async fn account(
    world: &World,
    client: &Client,
    asked: &[Asked],
    first: &[Result<Operation, Status>],
    killed: Option<Killed>,
    tally: &mut Tally,
) -> Result<()> {
    let ends = asked.iter().zip(first).map(|(asked, first)| end(client, asked, first.as_ref().ok(), killed));
    let ends = join_all(ends).await;
    let started = Instant::now();
    while !world.control.quiet().await? {
        if started.elapsed() > PATIENCE {
            bail!("the emulator does not come to rest");
        }
        tokio::time::sleep(LOOK).await;
    }
    let (applied, deleted) = (world.control.applied().await?, world.control.deleted().await?);
    for (asked, end) in asked.iter().zip(ends) {
        match end {
            Ok(End { operation, rested }) => {
                tally.resumed.extend(rested);
                tally.add(asked.request.verb(), asked.items.len(), compare(asked, &operation, &applied, &deleted));
                if let Request::Sync(sync) = &asked.request {
                    tally.wrong.extend(unfinished(client, sync, &operation).await);
                }
            }
            Err(error) => tally.lost.push(format!("{}: {error:#}", asked.request.verb())),
        }
    }
    Ok(())
}

struct End {
    operation: Operation,
    /// How long it rested, where a killed server left it; of a sync its plan, too.
    rested: Vec<Duration>,
}

/// What a manifest still wants after its plan was carried out. Nobody else changes its albums.
async fn unfinished(client: &Client, sync: &Sync, operation: &Operation) -> Option<String> {
    let wishes: usize = sync.manifest.albums.iter().map(|album| album.pictures.len()).sum();
    match client.left(sync).await {
        Ok(plan) if plan.steps.is_empty() && plan.objections.is_empty() && plan.kept.len() == wishes => None,
        Ok(plan) => Some(format!("{}: the albums are not as they are wanted: {plan:?}", operation.name)),
        Err(status) => Some(format!("{}: {}", operation.name, told("planning again", &status))),
    }
}

async fn end(client: &Client, asked: &Asked, first: Option<&Operation>, killed: Option<Killed>) -> Result<End> {
    // A repetition gets the operation that the first request made, if it came to that.
    let mut rested = Vec::new();
    if let Request::Sync(sync) = &asked.request {
        let plan =
            client.plan(sync, &sync.plan_id()).await.map_err(|status| told("asking for the plan again", &status))?;
        rested.extend(follow(client, &plan.name, killed).await?.1);
    }
    let again = client.submit(&asked.request).await.map_err(|status| told("asking again", &status))?;
    if let Some(first) = first.filter(|first| first.name != again.name) {
        bail!("{} became {} when it was asked for again", first.name, again.name);
    }
    let (operation, rest) = follow(client, &again.name, killed).await?;
    rested.extend(rest);
    Ok(End { operation, rested })
}

/// An operation to its end, and how long it rested, where a killed server left it.
async fn follow(client: &Client, name: &str, killed: Option<Killed>) -> Result<(Operation, Option<Duration>)> {
    let mut rested = None;
    let started = Instant::now();
    loop {
        let operation = client.get(name).await.map_err(|status| told("reading", &status))?;
        let (created, updated) = times(&operation)?;
        if let Some(killed) = killed.filter(|killed| created < killed.micros && killed.micros <= updated) {
            rested.get_or_insert_with(|| killed.since.elapsed());
        }
        if operation.done {
            return Ok((operation, rested));
        }
        if started.elapsed() > PATIENCE {
            bail!("{} has not ended: {:?}", operation.name, operation.metadata);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn told(what: &str, status: &Status) -> anyhow::Error {
    anyhow::anyhow!("{what}: {}: {}", status.code(), status.message())
}
