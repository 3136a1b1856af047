//! Runs the kills from a terminal: `cargo xtask crash` builds and calls this. Everything stays on loopback, ends by itself,
//! and is decided by a seed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use futures_util::future::try_join_all;
use polyptych_crash::kills::{self, Moments};
use polyptych_crash::replicas;
use polyptych_crash::tally::Tally;
use polyptych_crash::world::Shared;
use polyptych_postgres::Postgres;
use polyptych_s3::S3;
use tempfile::TempDir;

#[derive(Parser)]
#[command(name = "cargo xtask crash", about = "What becomes of operations when servers are killed", version = None)]
struct Arguments {
    /// Decides pictures, moments and victims.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Servers to kill at random moments, on each database.
    #[arg(long, default_value_t = 100)]
    count: u64,
    /// At which passages of each failpoint a server dies: the first that many, on each database.
    #[arg(long, default_value_t = 3)]
    passages: u64,
    /// Worlds at once, each with its own emulator and database, that share the kills.
    #[arg(long, default_value_t = 4)]
    lanes: u64,
    /// How often one of two, and one of three, replicas is killed.
    #[arg(long, default_value_t = 10)]
    replica_kills: u64,
    /// Operations of each kind at once, for each replica.
    #[arg(long, default_value_t = 2)]
    load: u64,
    /// Milliseconds that a call of the emulator takes.
    #[arg(long, default_value_t = 20)]
    latency: u64,
    /// Run only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// The program, built with its feature `failpoints`; absent means `polyptych` beside this one.
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One server on SQLite.
    Sqlite,
    /// One server on PostgreSQL.
    Postgres,
    /// One server on PostgreSQL, with pictures in a bucket of S3.
    Bucket,
    /// Two and three servers on one PostgreSQL.
    Replicas,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts that are asked for; whether all was well.
async fn run(arguments: &Arguments) -> Result<bool> {
    let began = Instant::now();
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let program = own_copy(arguments, &folder)?;
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (mut all, mut problems) = (Tally::default(), Vec::new());
    let mut parts = Vec::new();
    if wanted(Part::Sqlite) {
        println!("one server on SQLite, {} kills, seed {}", arguments.count, arguments.seed);
        let tally = lanes(arguments, &program, None, None).await?;
        parts.push("SQLite");
        report(tally, &mut all, &mut problems, Vec::new());
    }
    let servers = [Part::Postgres, Part::Bucket, Part::Replicas].into_iter().any(wanted);
    let postgres = if servers { Postgres::find("servers on PostgreSQL")? } else { None };
    if let Some(postgres) = &postgres {
        if wanted(Part::Postgres) {
            println!("one server on PostgreSQL, {} kills, seed {}", arguments.count, arguments.seed);
            let tally = lanes(arguments, &program, Some(postgres), None).await?;
            parts.push("PostgreSQL");
            report(tally, &mut all, &mut problems, Vec::new());
        }
        let bucket =
            if wanted(Part::Bucket) { S3::find("servers with pictures in a bucket")?.map(Arc::new) } else { None };
        if let Some(bucket) = &bucket {
            println!("one server on PostgreSQL and S3, {} kills, seed {}", arguments.count, arguments.seed);
            let tally = lanes(arguments, &program, Some(postgres), Some(bucket)).await?;
            parts.push("PostgreSQL and S3");
            report(tally, &mut all, &mut problems, Vec::new());
        }
        for replicas in [2, 3].into_iter().filter(|_| wanted(Part::Replicas)) {
            println!("{replicas} servers on one PostgreSQL, {} kills", arguments.replica_kills);
            let Arguments { seed, load, latency, .. } = *arguments;
            let plan = replicas::Plan { seed, replicas, kills: arguments.replica_kills, load, latency };
            let tally =
                replicas::run(&program, Shared { database: Some(postgres.database()?), bucket: None }, plan).await?;
            let crowded = replicas::crowded(&tally);
            let most = tally.at_once.values().max().copied().unwrap_or_default();
            println!("  most calls at once of an advertiser: {most}");
            parts.push(if replicas == 2 { "two replicas" } else { "three replicas" });
            report(tally, &mut all, &mut problems, crowded);
        }
    }
    let (what, seconds) = (parts.join(", "), began.elapsed().as_secs());
    println!("crash: {what}: {all}; {} problems, {seconds} s", problems.len());
    Ok(problems.is_empty())
}

/// The program as it is now, so that a build meanwhile does not change it.
fn own_copy(arguments: &Arguments, folder: &TempDir) -> Result<PathBuf> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().context("where am I?")?.with_file_name("polyptych"),
    };
    let copy = folder.path().join("polyptych");
    std::fs::copy(&program, &copy).with_context(|| format!("cannot copy {}", program.display()))?;
    Ok(copy)
}

/// Shares the kills among worlds.
async fn lanes(
    arguments: &Arguments,
    program: &Path,
    postgres: Option<&Postgres>,
    bucket: Option<&Arc<S3>>,
) -> Result<Tally> {
    let lanes = arguments.lanes.clamp(1, arguments.count.max(1));
    let runs = (0..lanes).map(|lane| {
        let plan = kills::Plan {
            seed: arguments.seed.wrapping_mul(lanes).wrapping_add(lane),
            kills: arguments.count / lanes + u64::from(lane < arguments.count % lanes),
            moments: Moments::Time,
            // The failpoints are all of the first world.
            passages: if lane == 0 { arguments.passages } else { 0 },
            latency: arguments.latency,
        };
        async move {
            let database = postgres.map(Postgres::database).transpose()?;
            kills::run(program, Shared { database, bucket: bucket.cloned() }, plan).await
        }
    });
    let mut all = Tally::default();
    for tally in try_join_all(runs).await? {
        all.merge(tally);
    }
    Ok(all)
}

/// Prints the figures of a part and adds them up.
fn report(tally: Tally, all: &mut Tally, problems: &mut Vec<String>, more: Vec<String>) {
    println!("  {tally}");
    for (point, deaths) in &tally.failpoints {
        println!("  {point:<14} {deaths} deaths");
    }
    for (verb, operations) in &tally.operations {
        println!("  {verb:<14} {operations} operations");
    }
    for problem in tally.problems().into_iter().chain(more) {
        println!("  {problem}");
        problems.push(problem);
    }
    all.merge(tally);
}
