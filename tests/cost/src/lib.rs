//! What it costs to bring many pictures to all six emulated libraries: once through the domain, and once by a client that
//! sends one picture per call and checks nothing. Counted by the emulator: its journal, and the points that it takes.

mod pictures;
mod table;
mod world;

use anyhow::{Context, Result};
use polyptych::domain::{Cost, LibraryId};

pub use pictures::Amounts;
pub use table::{Row, report};
pub use world::World;

/// Brings the pictures to each library in both ways.
///
/// # Errors
/// If an emulator cannot be started, or an outcome is not what it must be.
pub async fn compare(amounts: Amounts) -> Result<Vec<Row>> {
    let (ours, plain) = (World::start().await?, World::start().await?);
    let mut rows = Vec::new();
    for library in ours.libraries() {
        let ours = ours.through_the_domain(&library, amounts).await?;
        let plain = plain.one_per_call(&library, amounts).await?;
        rows.push(Row { library: library.to_string(), ours, plain });
    }
    Ok(rows)
}

/// What it costs to bring new pictures to Yandex v5, as many per call as are asked for, 1 to 100.
///
/// # Errors
/// If the emulator cannot be started, or an outcome is not what it must be.
pub async fn grouped(pictures: u32, per_call: u32) -> Result<Cost> {
    let library = LibraryId::new("yandex-v5").context("a library's name")?;
    let world = World::start_with(Some(per_call)).await?;
    world.through_the_domain(&library, Amounts { pictures, present: 0, broken: 0 }).await
}
