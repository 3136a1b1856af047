//! What it costs to bring many pictures to all six emulated libraries: once through the domain, and once by a client that
//! sends one picture per call and checks nothing. Counted by the emulator: its journal, and the points that it takes.

mod pictures;
mod table;
mod world;

use anyhow::Result;

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
