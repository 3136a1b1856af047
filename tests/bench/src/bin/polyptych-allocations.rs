//! Counts what the codec and body paths allocate, in a program of its own, since counting takes the place of the allocator.
//! Prints JSON; with `--renew` it writes the file that the test compares with.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use polyptych_bench::allocations::{Baseline, Counted, count_all};

#[derive(Parser)]
#[command(name = "polyptych-allocations", about = "What the codec and body paths allocate", version = None)]
struct Arguments {
    /// Write what is counted to the file that the test compares with.
    #[arg(long)]
    renew: bool,
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

fn run(arguments: &Arguments) -> Result<()> {
    let paths = count_all(|run| {
        let counted = allocation_counter::measure(run);
        Counted { allocations: counted.count_total, bytes: counted.bytes_total, peak: counted.bytes_max }
    })?;
    println!("{}", serde_json::to_string_pretty(&paths)?);
    if arguments.renew {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("allocations.toml");
        let before = Baseline::parse(&std::fs::read_to_string(&file).context("the counts of before")?)?;
        let text = Baseline { paths, ..before }.to_text();
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
