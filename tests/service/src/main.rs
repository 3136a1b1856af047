//! What the façade promises its callers, measured from outside: the program itself on loopback, called over gRPC.
//! `cargo xtask service` builds and runs this. Each row tells what was measured and what is to be reached.

mod deadline;
mod drain;
mod row;
mod shed;
mod slow;
mod stall;
mod uploads;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use polyptych_service::server::Place;

use crate::row::Row;

#[derive(Parser)]
#[command(name = "cargo xtask service", about = "What the façade promises its callers, measured", version = None)]
struct Arguments {
    /// Run only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Calls of each kind whose deadline passes.
    #[arg(long, default_value_t = 20)]
    calls: usize,
    /// Parallel uploads, compared with eight.
    #[arg(long, default_value_t = 64)]
    uploads: usize,
    /// The program; absent means `polyptych` beside this one.
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A deadline of 100 ms while the provider stalls.
    Deadline,
    /// SIGTERM with 200 calls in flight.
    Drain,
    /// Callers that send nothing, or too slowly, or do not read.
    Slow,
    /// More calls than are taken.
    Shed,
    /// Peak memory and throughput of parallel uploads of 10 MB.
    Memory,
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

/// Runs the parts that are asked for; whether all figures are reached.
async fn run(arguments: &Arguments) -> Result<bool> {
    let began = Instant::now();
    let place = Place::new(match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().context("where am I?")?.with_file_name("polyptych"),
    })?;
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let mut rows: Vec<Row> = Vec::new();
    if wanted(Part::Deadline) {
        rows.extend(deadline::run(&place, arguments.calls).await?);
    }
    if wanted(Part::Drain) {
        rows.extend(drain::run(&place).await?);
    }
    if wanted(Part::Memory) {
        rows.extend(uploads::run(&place, arguments.uploads).await?);
    }
    if wanted(Part::Shed) {
        rows.extend(shed::run(&place).await?);
    }
    if wanted(Part::Slow) {
        rows.extend(slow::run(&place).await?);
    }
    rows.iter().for_each(|row| println!("{row}"));
    let missed = rows.iter().filter(|row| !row.reached()).count();
    println!("service: {} figures, {missed} missed, {} s", rows.len(), began.elapsed().as_secs());
    Ok(missed == 0)
}
