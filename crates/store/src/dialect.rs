//! All that differs between SQLite and PostgreSQL: how they are connected to, how a write begins, how a row is locked, how
//! processes hear of each other. Every query is written once, for both.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgPool, SqliteConnection};

use crate::StoreConfig;
use crate::error::OpenError;
use crate::patience::Patience;
use crate::pool::{Db, Pools};

/// One to listen, one to show that this process lives, and one to take others for dead.
const PULSE_CONNECTIONS: u32 = 3;
/// A connection that was idle for longer is tried before it is used, since the server may have gone meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// What a SQLite file consists of, and how many of it there can be.
const PAGE_BYTES: u32 = 4096;
const MOST_PAGES: u64 = 4_294_967_294;

/// Where a PostgreSQL server tells what has changed.
pub(crate) const CHANNEL: &str = "polyptych";

/// Taken by whoever migrates a PostgreSQL database: "polyptyc" in ASCII. A migration takes the time that it takes, and sees
/// what was done until the lock was free.
pub(crate) const MIGRATION_LOCK: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(8101818442929766755)";

/// How SQLite begins a transaction that writes: at once, since one that began by reading may fail when it comes to write.
pub(crate) const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// How SQLite gives pages back that hold nothing any more: some at a time, then what lies in the log beside the file.
pub(crate) const SQLITE_GIVE_BACK: &[&str] = &["PRAGMA incremental_vacuum(4096)", "PRAGMA wal_checkpoint(TRUNCATE)"];

/// Added to a read in a transaction, so that the rows stay as they are until its end. SQLite has one writer at a time.
pub(crate) const POSTGRES_LOCK: &str = " FOR UPDATE";

/// Connects: what the work goes through, and what tells that this process lives, which never waits behind the work.
pub(crate) async fn connect(config: &StoreConfig) -> Result<(Db, Db), OpenError> {
    let patience = Patience::new(config.patience);
    let db = |pools| Db { pools, patience: patience.clone() };
    if let Some(path) = sqlite_path(&config.url)? {
        let pools = sqlite(path, config).await?;
        return Ok((db(pools.clone()), db(pools)));
    }
    if config.url.starts_with("postgres:") || config.url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(&config.url).map_err(|_| OpenError::Url)?;
        let work = postgres(options.clone(), config.connections, &patience).await?;
        let pulse = postgres(options, PULSE_CONNECTIONS, &patience).await?;
        return Ok((db(Pools::Postgres(work)), db(Pools::Postgres(pulse))));
    }
    Err(OpenError::Url)
}

/// The file that a URL names, if it names one.
pub(crate) fn sqlite_path(url: &str) -> Result<Option<&str>, OpenError> {
    let Some(path) = url.strip_prefix("sqlite:") else { return Ok(None) };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() { Err(OpenError::Url) } else { Ok(Some(path)) }
}

/// Copies a file that is there into a new one, at one moment, for as long as that takes.
pub(crate) async fn copy(path: &str, into: &str) -> Result<(), sqlx::Error> {
    let mut from = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await?;
    sqlx::query("VACUUM INTO $1").bind(into).execute(&mut from).await?;
    from.close().await
}

/// One connection writes, so that writers queue here and not in SQLite; others read what was committed. `FULL`: what was
/// committed outlives a loss of power, not only of the process.
async fn sqlite(path: &str, config: &StoreConfig) -> Result<Pools, OpenError> {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(config.patience / 2);
    let most_pages = |bytes: u64| (bytes / u64::from(PAGE_BYTES)).clamp(1, MOST_PAGES);
    let pages = config.most_bytes.map_or(MOST_PAGES, most_pages);
    let writer = options
        .clone()
        .page_size(PAGE_BYTES)
        .pragma("max_page_count", pages.to_string())
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = || SqlitePoolOptions::new().acquire_timeout(config.patience).test_before_acquire(false);
    // Where SQLite undoes a transaction by itself, as when the disk is full as it commits, sqlx takes the connection for one that
    // is in it for ever. What else was begun and dropped is rolled back by the time that the connection answers.
    let write = pool().max_connections(1).max_lifetime(None).idle_timeout(None).after_release(|connection, _| {
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    });
    let write = write.connect_with(writer).await?;
    let read = pool().max_connections(config.connections).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools::Sqlite { write, read })
}

/// After a statement that was given up, a connection is tried before it is kept. The server, too, ends what takes too long, and
/// frees what a process has locked that was stopped, or cut off, in the middle of a transaction.
async fn postgres(options: PgConnectOptions, connections: u32, patience: &Patience) -> Result<PgPool, OpenError> {
    let (before, after) = (patience.clone(), patience.clone());
    let limits: Arc<str> = Arc::from(format!(
        "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        (patience.limit() * 9 / 10).as_millis().max(1),
        (patience.limit() / 2).as_millis().max(1),
    ));
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience.limit())
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let limits = Arc::clone(&limits);
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(limits)).execute(connection).await?;
                Ok(())
            })
        })
        .before_acquire(move |connection, idle| {
            let patience = before.clone();
            Box::pin(async move {
                if idle.idle_for > FRESH {
                    patience.bound(connection.ping()).await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection, _| {
            let patience = after.clone();
            Box::pin(async move {
                if patience.is_exceeded() {
                    patience.bound(connection.ping()).await?;
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
    let serial = match &db.pools {
        Pools::Sqlite { .. } => "INTEGER PRIMARY KEY AUTOINCREMENT",
        Pools::Postgres(_) => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    };
    sql.replace("{serial}", serial)
}
