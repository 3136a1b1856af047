//! Prints what it costs to bring pictures to all libraries, beside one per call; the last line is the ratio.

use std::process::ExitCode;

use clap::Parser;
use polyptych_cost::{Amounts, compare, report};

/// What it costs to bring pictures to all six emulated libraries, beside a client that sends one per call and checks
/// nothing: calls, points and bytes as the emulator counts them. The last line is the ratio.
#[derive(Parser)]
#[command(name = "cargo xtask cost")]
struct Arguments {
    /// Pictures in all, for each library.
    #[arg(long, default_value_t = Amounts::FULL.pictures, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pictures: u32,
    /// Of those, how many are there already.
    #[arg(long, default_value_t = Amounts::FULL.present)]
    present: u32,
    /// Of those, how many break the rules.
    #[arg(long, default_value_t = Amounts::FULL.broken)]
    broken: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { pictures, present, broken } = Arguments::parse();
    if present.saturating_add(broken) > pictures {
        eprintln!("error: {present} that are there and {broken} that are broken are more than {pictures} pictures");
        return ExitCode::FAILURE;
    }
    match compare(Amounts { pictures, present, broken }).await {
        Ok(rows) => {
            println!("{}", report(&rows));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
