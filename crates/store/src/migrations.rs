//! Brings a database to the schema that this program knows, one numbered file after the other, under a lock.
//!
//! A schema may be newer than the program, so that a new version can be rolled out while old ones still work: each migration
//! names the oldest version that a program must know to go on. A migration that only adds names the one before it.

use crate::clock::Clock;
use crate::dialect;
use crate::error::OpenError;
use crate::pool::{Db, args};

/// A step from one schema to the next.
struct Migration {
    /// Its number, from 1.
    version: i64,
    /// The schema that a program must know at least to work with this one.
    oldest: i64,
    /// What is done.
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, oldest: 1, sql: include_str!("../migrations/0001_durable_work.sql") },
    Migration { version: 2, oldest: 1, sql: include_str!("../migrations/0002_keeping.sql") },
    Migration { version: 3, oldest: 2, sql: include_str!("../migrations/0003_lists.sql") },
    Migration { version: 4, oldest: 2, sql: include_str!("../migrations/0004_costs.sql") },
];

/// Migrates, or finds that there is nothing to do. Returns the versions before and after.
pub(crate) async fn run(db: &Db, clock: &dyn Clock) -> Result<(i64, i64), OpenError> {
    apply(db, clock, MIGRATIONS).await
}

async fn apply(db: &Db, clock: &dyn Clock, migrations: &[Migration]) -> Result<(i64, i64), OpenError> {
    let mut tx = db.begin().await?;
    tx.migrates_alone().await?;
    let table = "CREATE TABLE IF NOT EXISTS polyptych_schema \
                 (version BIGINT PRIMARY KEY, oldest BIGINT NOT NULL, applied BIGINT NOT NULL)";
    tx.execute(table, &[]).await?;
    let rows = tx.rows("SELECT version, oldest FROM polyptych_schema ORDER BY version DESC LIMIT 1", &[]).await?;
    let (found, needed) = match rows.first() {
        Some(row) => (row.get::<i64, _>("version")?, row.get::<i64, _>("oldest")?),
        None => (0, 0),
    };
    let known = migrations.last().map_or(0, |migration| migration.version);
    if needed > known {
        return Err(OpenError::TooNew { found, needed, known });
    }
    for migration in migrations.iter().filter(|migration| migration.version > found) {
        tx.script(dialect::migration(db, migration.sql)).await?;
        let applied = clock.wall().as_microsecond();
        let keep = "INSERT INTO polyptych_schema (version, oldest, applied) VALUES ($1, $2, $3)";
        tx.execute(keep, args![migration.version, migration.oldest, applied]).await?;
    }
    tx.commit().await?;
    Ok((found, found.max(known)))
}
