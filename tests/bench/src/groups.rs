//! The groups of figures: what each needs, and how much of it is enough.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;

use crate::contest::Effort;
use crate::load::server::World;
use crate::plot::Line;
use crate::program::Rounds;
use crate::row::Row;
use crate::{allocated, body, codec, cost, database, listing, load, memory, pictures, program, sizes, soap, uploads};

/// A part of the bench, in the order in which they are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// Requests and answers of the providers.
    Codec,
    /// A picture in a request body.
    Body,
    /// Looking at pictures, and making others of them.
    Pictures,
    /// How time grows with the size of the work.
    Sizes,
    /// Allocations per image and per hash.
    Allocations,
    /// Calls of the facade under load.
    Load,
    /// Pictures through the facade.
    Uploads,
    /// A list of 10,000 images, streamed.
    Listing,
    /// A whole call over SOAP.
    Soap,
    /// Memory as the kernel counts it.
    Memory,
    /// What the user pays to the providers.
    Cost,
    /// Round trips to the database.
    Database,
    /// Starting the program, its size, generating and building.
    Program,
}

/// How often and how long all is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Efforts {
    /// What a run of it is called.
    pub(crate) name: &'static str,
    short: Effort,
    load: load::Effort,
    uploads: usize,
    lists: usize,
    memory: usize,
    pictures: u32,
    program: Rounds,
}

/// What figures are told of.
pub(crate) const FULL: Efforts = Efforts {
    name: "a whole run",
    short: Effort { rounds: 21, turn: Duration::from_millis(20) },
    load: load::Effort { rounds: 5, seconds: 2.0, shares: &[0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9] },
    uploads: 5,
    lists: 9,
    memory: 3,
    pictures: 1_000,
    program: Rounds { short: 5, builds: 3 },
};

/// What shows that all works.
pub(crate) const QUICK: Efforts = Efforts {
    name: "a quick run, whose figures show that all works and little else",
    short: Effort { rounds: 3, turn: Duration::from_millis(2) },
    load: load::Effort { rounds: 1, seconds: 0.5, shares: &[0.1, 0.5] },
    uploads: 1,
    lists: 1,
    memory: 1,
    pictures: 100,
    program: Rounds { short: 1, builds: 1 },
};

/// All that was measured, as it is written.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measured {
    /// The table.
    pub(crate) rows: Vec<Row>,
    /// The lines of the plots.
    pub(crate) lines: Vec<Line>,
}

impl Measured {
    fn add(&mut self, (rows, lines): (Vec<Row>, Vec<Line>)) {
        self.rows.extend(rows);
        self.lines.extend(lines);
    }
}

/// All groups that are named, or all that there are, one after the other. What is built lies in `programs`.
pub(crate) async fn measure(only: &[Group], effort: Efforts, programs: &Path) -> Result<Measured> {
    let scratch = tempfile::Builder::new().prefix("polyptych-bench-").tempdir().context("cannot make a folder")?;
    let mut measured = Measured::default();
    for group in Group::value_variants().iter().filter(|group| only.is_empty() || only.contains(group)) {
        let began = Instant::now();
        measured.add(one(*group, effort, programs, scratch.path()).await?);
        eprintln!("{group:?}: {} s", began.elapsed().as_secs());
    }
    Ok(measured)
}

async fn one(group: Group, effort: Efforts, programs: &Path, scratch: &Path) -> Result<(Vec<Row>, Vec<Line>)> {
    let server = programs.join("polyptych").with_extension(std::env::consts::EXE_EXTENSION);
    // Work of one thread blocks this one, which nobody else needs meanwhile.
    let here = |work: &mut dyn FnMut() -> Result<Vec<Row>>| tokio::task::block_in_place(work);
    let rows = match group {
        Group::Codec => here(&mut || codec::run(effort.short))?,
        Group::Body => here(&mut || body::run(effort.short))?,
        Group::Pictures => here(&mut || pictures::run(effort.short, scratch))?,
        Group::Sizes => return tokio::task::block_in_place(|| sizes::run(effort.short)),
        Group::Allocations => here(&mut || allocated::run(programs))?,
        Group::Load => return load::run(&World::start(&server, scratch).await?, effort.load, scratch).await,
        Group::Uploads => return uploads::run(&server, effort.uploads, scratch).await,
        Group::Listing => listing::run(&World::start(&server, scratch).await?, effort.lists).await?,
        Group::Soap => soap::run(&server, effort.short, scratch).await?,
        Group::Memory => memory::run(&server, effort.memory).await?,
        Group::Cost => return cost::run(effort.pictures).await,
        Group::Database => database::run(&server).await?,
        Group::Program => program::run(&server, effort.program).await?,
    };
    Ok((rows, Vec::new()))
}
