//! How fast, small and cheap it is, beside floors and peers in one run. `cargo xtask bench` builds and runs this. It prints a
//! table of what was measured, what it stands beside and what is to be reached, and writes the same as JSON.

mod allocated;
mod body;
mod codec;
mod contest;
mod machine;
mod peer;
mod pictures;
mod row;
mod sizes;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde::Serialize;

use crate::contest::Effort;
use crate::machine::Machine;
use crate::row::Row;
use crate::sizes::Growth;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "How fast, small and cheap it is, beside floors and peers", version = None)]
struct Arguments {
    /// Run only these groups.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Group>,
    /// Fewer and shorter repetitions: to see that all works.
    #[arg(long)]
    quick: bool,
    /// Folder of what is written; absent means `bench` in cargo's target folder.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Encoding requests and decoding answers.
    Codec,
    /// A picture on its way into a request body.
    Body,
    /// Looking at a picture, and making another one of it.
    Pictures,
    /// How cost grows with the size of the work.
    Sizes,
    /// Allocations per image and per hash.
    Allocations,
}

/// All that was measured, as it is written.
#[derive(Serialize)]
struct Measured<'a> {
    machine: &'a Machine,
    rows: &'a [Row],
    growth: &'a [Growth],
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A figure that is missed is no failure of the command: it is told, and has to be explained.
fn run(arguments: &Arguments) -> Result<()> {
    let began = Instant::now();
    let program = std::env::current_exe().context("where am I?")?;
    let programs = program.parent().context("a program in no folder")?;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => programs.parent().context("no target folder")?.join("bench"),
    };
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let effort = match arguments.quick {
        false => Effort { rounds: 21, turn: Duration::from_millis(20) },
        true => Effort { rounds: 3, turn: Duration::from_millis(2) },
    };
    let wanted = |group| arguments.only.is_empty() || arguments.only.contains(&group);
    let (mut rows, mut growth) = (Vec::new(), Vec::new());
    if wanted(Group::Codec) {
        rows.extend(codec::run(effort)?);
    }
    if wanted(Group::Body) {
        rows.extend(body::run(effort)?);
    }
    if wanted(Group::Pictures) {
        rows.extend(pictures::run(effort, &out)?);
    }
    if wanted(Group::Sizes) {
        let (more, grown) = sizes::run(Effort { rounds: effort.rounds.min(7), ..effort })?;
        rows.extend(more);
        growth.extend(grown);
    }
    if wanted(Group::Allocations) {
        rows.extend(allocated::run(programs)?);
    }
    let machine = Machine::look();
    write(&out, &Measured { machine: &machine, rows: &rows, growth: &growth })?;
    println!("{machine}\n{}", table::table(&rows));
    println!("written to {} in {} s", out.display(), began.elapsed().as_secs());
    println!("{}", table::last_line(&rows));
    Ok(())
}

fn write(out: &Path, measured: &Measured<'_>) -> Result<()> {
    let file = out.join("figures.json");
    let text = serde_json::to_string_pretty(measured).context("figures are no JSON")?;
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}
