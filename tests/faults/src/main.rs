//! Runs the faults from a terminal: `cargo xtask faults` builds and calls this. Everything stays on loopback, ends by
//! itself, and is decided by a seed.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use polyptych_faults::expect::{Operation, Outcome};
use polyptych_faults::fault::{FAULTS, Fault};
use polyptych_faults::form::FORMS;
use polyptych_faults::matrix::{self, Verdict};
use polyptych_faults::outage::{self, OUTAGES};
use polyptych_faults::storm::{self, Plan};
use polyptych_faults::world::Strike;
use polyptych_faults::{canary, hostile};

#[derive(Parser)]
#[command(name = "cargo xtask faults", about = "What becomes of calls when things go wrong on the way", version = None)]
struct Arguments {
    /// Decides pictures, operations and faults of the long run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Uploads and deletes of the long run.
    #[arg(long, default_value_t = 10_000)]
    count: u64,
    /// Run only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Print the faults, and what became of each case of the matrix.
    #[arg(long)]
    table: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Every form, operation and fault.
    Matrix,
    /// Thousands of uploads and deletes at once.
    Storm,
    /// One provider down for good.
    Outage,
    /// Answers made to exhaust a client.
    Hostile,
    /// The credential in what a process writes.
    Canary,
}

/// What processes do that other parts start.
#[derive(Subcommand)]
enum Role {
    /// Meet one hostile answer.
    #[command(hide = true)]
    Meet { form: String, address: SocketAddr },
    /// Run into all faults with every log on.
    #[command(hide = true)]
    Sing,
}

/// How often each outage is measured.
const ROUNDS: usize = 7;

/// The time between two calls to a library while one is down: a quarter of what two cores can do.
const PACE: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts that are asked for; what is wrong, which has been printed.
async fn run(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    match &arguments.role {
        Some(Role::Meet { form, address }) => {
            println!("{}", hostile::meet(form, *address).await?);
            return Ok(Vec::new());
        }
        Some(Role::Sing) => {
            canary::sing(&std::io::read_to_string(std::io::stdin())?).await?;
            return Ok(Vec::new());
        }
        None => {}
    }
    let started = Instant::now();
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (mut checks, mut problems) = (0, Vec::new());
    if wanted(Part::Matrix) {
        if arguments.table {
            faults();
        }
        for (strike, deduplicate) in
            [(Strike::Once, true), (Strike::Always, true), (Strike::Once, false), (Strike::Always, false)]
        {
            let verdicts = matrix::run(matrix::cells(strike, deduplicate)).await;
            checks += verdicts.len();
            table(&verdicts, strike, deduplicate, arguments.table);
            problems.extend(print_all(verdicts.iter().flat_map(Verdict::complaints).collect()));
        }
    }
    if wanted(Part::Storm) {
        let plan = Plan { seed: arguments.seed, count: arguments.count, struck: 20 };
        println!("storm: {} uploads and deletes, {} % of requests struck, seed {}", plan.count, plan.struck, plan.seed);
        let account = storm::run(plan).await?;
        print!("{account}");
        checks += usize::try_from(plan.count)?;
        problems.extend(print_all(account.problems));
    }
    if wanted(Part::Outage) {
        println!("outage: all requests to {} fail, the other forms go on", FORMS[0].name);
        let mut rounds = Vec::new();
        for name in OUTAGES {
            let fault = Fault::named(name).context("no such fault")?;
            for _ in 0..ROUNDS {
                let outage = outage::run(fault, 400, Some(PACE)).await?;
                println!("{outage}");
                checks += 1;
                problems.extend(print_all(outage.problems()));
                rounds.push(outage);
            }
        }
        let slowed = outage::middle_slowed(&rounds);
        println!("  the others' p99, the middle of {} rounds: {slowed:.2}x", rounds.len());
        if slowed > outage::MOST_SLOWED {
            problems.extend(print_all(vec![format!("the others' p99 grew to {slowed:.2} of what it was")]));
        }
    }
    let program = std::env::current_exe()?;
    if wanted(Part::Hostile) {
        println!("hostile answers: what a client made of each, and how far its memory grew (at most 32 MiB)");
        for met in hostile::run(&program).await? {
            println!("  {:<34} {:<20} {:>7.1} MiB", met.name, met.outcome, met.growth as f64 / 1024.0);
            checks += 1;
            problems.extend(print_all(met.problem().into_iter().collect()));
        }
    }
    if wanted(Part::Canary) {
        let found = canary::run(&program).await?;
        let (ours, others) = found.sources;
        println!("canary: {} cases, {} lines ({ours} ours, {others} of libraries)", found.cases, found.lines);
        println!("  lines with the credential, the key or the picture: {}", found.hits.len());
        checks += found.cases;
        problems.extend(print_all(found.complaints()));
    }
    let (seconds, count) = (started.elapsed().as_secs(), problems.len());
    println!("faults: {checks} cases, {count} problems, {seconds} s");
    std::io::stdout().flush()?;
    Ok(problems)
}

fn print_all(problems: Vec<String>) -> Vec<String> {
    for problem in &problems {
        println!("  PROBLEM {problem}");
    }
    problems
}

/// The faults and what each shows.
fn faults() {
    println!("{:<18} {:<11} {:<9} what it shows", "fault", "direction", "applied");
    for fault in FAULTS {
        let reaches = if fault.reaches() { "yes" } else { "no" };
        println!("{:<18} {:<11} {:<9} {}", fault.name, format!("{:?}", fault.direction), reaches, fault.proves);
    }
}

/// Figures of one run of the matrix; with `all`, what became of each case.
fn table(verdicts: &[Verdict], strike: Strike, deduplicate: bool, all: bool) {
    let deduplication = if deduplicate { "on" } else { "off" };
    println!("matrix: {strike:?}, the emulator's deduplication {deduplication}, {} cases", verdicts.len());
    println!("  {:<9} {:>6} {:>6} {:>7} {:>7} {:>9}", "", "cases", "done", "failed", "resent", "problems");
    for operation in Operation::ALL {
        let of: Vec<_> = verdicts.iter().filter(|verdict| verdict.cell.operation == operation).collect();
        let done = of.iter().filter(|verdict| verdict.outcome == Some(Outcome::Done)).count();
        let resent: u32 = of.iter().map(|verdict| verdict.resent).sum();
        let wrong = of.iter().filter(|verdict| !verdict.problems.is_empty()).count();
        let (cases, failed, name) = (of.len(), of.len() - done, format!("{operation:?}"));
        println!("  {name:<9} {cases:>6} {done:>6} {failed:>7} {resent:>7} {wrong:>9}");
    }
    if !all {
        return;
    }
    for operation in Operation::ALL {
        println!("  {:<18} {}", format!("{operation:?}"), FORMS.each_ref().map(|form| pad(form.name)).join(" "));
        for fault in FAULTS {
            let row =
                verdicts.iter().filter(|verdict| verdict.cell.operation == operation && verdict.cell.fault == fault);
            println!("  {:<18} {}", fault.name, row.map(|verdict| pad(&short(verdict))).collect::<Vec<_>>().join(" "));
        }
    }
    println!("  (kind by its capitals : applied as told, times applied, + times resent)");
}

fn pad(text: &str) -> String {
    format!("{:<10.10}", text.replace("facebook", "fb"))
}

/// A verdict in ten characters: `PU:unk 0+1`.
fn short(verdict: &Verdict) -> String {
    let told = match verdict.outcome {
        None => "??".to_owned(),
        Some(Outcome::Done) => "ok".to_owned(),
        Some(Outcome::Failed(kind, applied)) => {
            let capitals: String = format!("{kind:?}").chars().filter(char::is_ascii_uppercase).collect();
            format!("{capitals}:{:.3}", applied.as_str())
        }
    };
    let resent = if verdict.resent > 0 { format!("+{}", verdict.resent) } else { String::new() };
    format!("{told} {}{resent}", verdict.applied)
}
