//! All that differs between SQLite and PostgreSQL: how they are connected to, how a write begins, how a row is locked, how
//! processes hear of each other. Every query is written once, for both.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgPool, SqlitePool};

use crate::error::OpenError;
use crate::pool::Db;

/// How long a caller waits for a connection, and SQLite for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is tried before it is used, since the server may have gone meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// Where a PostgreSQL server tells what has changed.
pub(crate) const CHANNEL: &str = "polyptych";

/// Taken by whoever migrates a PostgreSQL database: "polyptyc" in ASCII.
pub(crate) const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(8101818442929766755)";

/// How SQLite begins a transaction that writes: at once, since one that began by reading may fail when it comes to write.
pub(crate) const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// Added to a read in a transaction, so that the rows stay as they are until its end. SQLite has one writer at a time.
pub(crate) const POSTGRES_LOCK: &str = " FOR UPDATE";

/// Connects.
pub(crate) async fn connect(url: &str, connections: u32) -> Result<Db, OpenError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(OpenError::Url);
        }
        return sqlite(path, connections).await;
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
        return Ok(Db::Postgres(postgres(options, connections).await?));
    }
    Err(OpenError::Url)
}

/// One connection writes, so that writers queue here and not in SQLite; others read what was committed. `FULL`: what was
/// committed outlives a loss of power, not only of the process.
async fn sqlite(path: &str, connections: u32) -> Result<Db, OpenError> {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(PATIENCE);
    let writer = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false);
    let write: SqlitePool =
        pool().max_connections(1).max_lifetime(None).idle_timeout(None).connect_with(writer).await?;
    let reader = options.pragma("query_only", "ON");
    let read: SqlitePool = pool().max_connections(connections).connect_lazy_with(reader);
    Ok(Db::Sqlite { write, read })
}

async fn postgres(options: PgConnectOptions, connections: u32) -> Result<PgPool, OpenError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// A migration as this database writes it: `{serial}` is a number that rises with each row and is never used again.
pub(crate) fn migration(db: &Db, sql: &str) -> String {
    let serial = match db {
        Db::Sqlite { .. } => "INTEGER PRIMARY KEY AUTOINCREMENT",
        Db::Postgres(_) => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    };
    sql.replace("{serial}", serial)
}
