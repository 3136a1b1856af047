//! How fast, small and cheap it is, beside floors and peers in one run. `cargo xtask bench` builds and runs this. It prints a
//! table of what was measured, what it stands beside and what is to be reached, and writes the same as JSON, with plots.

mod allocated;
mod body;
mod canned;
mod codec;
mod contest;
mod cost;
mod database;
mod group;
mod groups;
mod listing;
mod load;
mod machine;
mod memory;
mod page;
mod peer;
mod pictures;
mod plot;
mod program;
mod row;
mod sizes;
mod soap;
mod table;
mod uploads;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::groups::{Group, Measured};
use crate::machine::Machine;
use crate::page::{Explanations, Figures};

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "How fast, small and cheap it is, beside floors and peers", version = None)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Another role of this program, which it starts by itself.
    #[command(subcommand)]
    role: Option<Role>,
    /// Run only these groups.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Group>,
    /// Short repetitions: to see that all works, not to tell figures.
    #[arg(long)]
    quick: bool,
    /// Folder of what is written; absent means `bench` in cargo's target folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write `docs/performance.md` and its plots, too.
    #[arg(long, conflicts_with = "only")]
    page: bool,
}

#[derive(Subcommand)]
enum Role {
    /// Ask a server for the same thing again and again, and print what came of it as JSON.
    #[command(hide = true)]
    Load(load::generator::Options),
    /// Serve bare tonic.
    #[command(hide = true)]
    Echo(load::echo::Options),
    /// Serve an answer that is always the same.
    #[command(hide = true)]
    Canned {
        /// Images of the answer.
        images: usize,
    },
    /// Decode one answer while somebody looks at the memory.
    #[command(hide = true)]
    Decode {
        /// Its encoding.
        form: memory::Form,
        /// A file that holds it.
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.role {
        None => run(&arguments).await,
        Some(Role::Load(options)) => load::generator::run(options).await,
        Some(Role::Echo(options)) => load::echo::run(options).await,
        Some(Role::Canned { images }) => canned::run(*images),
        Some(Role::Decode { form, file }) => memory::decode(*form, file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A figure that is missed is no failure of the command: it is told, and has to be explained.
async fn run(arguments: &Arguments) -> Result<()> {
    let began = Instant::now();
    let program = std::env::current_exe().context("where am I?")?;
    let programs = program.parent().context("a program in no folder")?;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => programs.parent().context("no target folder")?.join("bench"),
    };
    let out = std::path::absolute(out)?;
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let effort = if arguments.quick { groups::QUICK } else { groups::FULL };
    let explanations = Explanations::written()?;
    let measured = groups::measure(&arguments.only, effort, programs).await?;
    let machine = Machine::look();
    write(&out, &machine, &measured)?;
    if arguments.page {
        let figures =
            Figures { machine: &machine, run: effort.name, rows: &measured.rows, explanations: &explanations };
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        std::fs::write(docs.join("performance.md"), page::fill(page::TEMPLATE, &figures)?)
            .context("cannot write docs/performance.md")?;
        plot::draw_all(&docs.join("performance"), &measured.lines)?;
    }
    println!("{machine}\n{}", table::table(&measured.rows));
    println!("written to {} in {} s", out.display(), began.elapsed().as_secs());
    for figure in explanations.lacking(&measured.rows) {
        println!("missed and not explained in tests/bench/missed.toml: {figure}");
    }
    println!("{}", table::last_line(&measured.rows));
    Ok(())
}

fn write(out: &Path, machine: &Machine, measured: &Measured) -> Result<()> {
    #[derive(Serialize)]
    struct Written<'a> {
        machine: &'a Machine,
        #[serde(flatten)]
        measured: &'a Measured,
    }
    let file = out.join("figures.json");
    let text = serde_json::to_string_pretty(&Written { machine, measured }).context("figures are no JSON")?;
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    plot::draw_all(out, &measured.lines).map(drop)
}
