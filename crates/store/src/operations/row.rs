//! An operation's row, read and named.

use jiff::Timestamp;
use polyptych_domain::{Operation, Phase, Progress};
use serde::de::DeserializeOwned;

use crate::error::{Fault, unreadable};
use crate::json::from_json;
use crate::pool::Row;

/// What [`operation`] reads.
macro_rules! columns {
    () => {
        "seq, id, client, task, phase, cancelling, total, succeeded, failed, unknown, budget, costs, tries, failure, \
         created, updated, version"
    };
}
pub(super) use columns;

/// A phase as it is stored.
pub(super) fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "pending",
        Phase::Running => "running",
        Phase::Succeeded => "succeeded",
        Phase::Failed => "failed",
        Phase::Cancelled => "cancelled",
    }
}

fn phase(name: &str) -> Result<Phase, Fault> {
    [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Cancelled]
        .into_iter()
        .find(|phase| phase_name(*phase) == name)
        .ok_or_else(|| unreadable(format!("no phase is called {name}")))
}

/// JSON of a column that is null for what is usual.
fn kept<T: DeserializeOwned + Default>(row: &Row, column: &str) -> Result<T, Fault> {
    let told = row.get::<Option<String>, _>(column)?;
    Ok(told.map(|told| from_json(&told)).transpose()?.unwrap_or_default())
}

/// Reads a row of [`columns`].
///
/// # Errors
/// A newer version may have kept a task that this one does not know.
pub(super) fn operation(row: &Row) -> Result<Operation, Fault> {
    let count = |column: &str| row.get::<i64, _>(column).map(|count| u64::try_from(count).unwrap_or(0));
    let time = |column: &str| Timestamp::from_microsecond(row.get(column)?).map_err(unreadable);
    Ok(Operation {
        id: row.get::<String, _>("id")?.try_into().map_err(unreadable)?,
        client: row.get::<String, _>("client")?.try_into().map_err(unreadable)?,
        task: from_json(&row.get::<String, _>("task")?)?,
        phase: phase(&row.get::<String, _>("phase")?)?,
        cancelling: row.get::<i64, _>("cancelling")? != 0,
        progress: Progress {
            total: count("total")?,
            succeeded: count("succeeded")?,
            failed: count("failed")?,
            unknown: count("unknown")?,
        },
        budget: kept(row, "budget")?,
        costs: kept(row, "costs")?,
        tries: u32::try_from(count("tries")?).unwrap_or(u32::MAX),
        failure: row.get::<Option<String>, _>("failure")?.map(|failure| from_json(&failure)).transpose()?,
        created: time("created")?,
        updated: time("updated")?,
        version: row.get("version")?,
    })
}
