//! Runs one query text on either database: arguments and rows of integers and texts, transactions that write.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, ColumnIndex, Decode, PgPool, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, SqlitePool,
    Transaction, Type,
};

use crate::dialect::{CHANNEL, MIGRATION_LOCK, POSTGRES_LOCK, SQLITE_BEGIN, SQLITE_GIVE_BACK};
use crate::error::Fault;
use crate::patience::{Patience, again};

/// A connected database.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    /// Its connections.
    pub(crate) pools: Pools,
    /// How long each statement may take.
    pub(crate) patience: Patience,
}

/// Connections by what they lead to.
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// A file.
    Sqlite {
        /// One connection, which alone writes.
        write: SqlitePool,
        /// Those that read.
        read: SqlitePool,
    },
    /// A server.
    Postgres(PgPool),
}

/// A transaction that writes. Dropped, it is rolled back.
pub(crate) struct Tx {
    open: Open,
    patience: Patience,
}

enum Open {
    /// Of SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// Of PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// An argument of a query: `$1` is the first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arg<'a> {
    /// A number, or none.
    Int(Option<i64>),
    /// A text, or none. PostgreSQL keeps no NUL in texts: it becomes U+FFFD in both.
    Text(Option<&'a str>),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

/// The arguments of a query.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { &[$($crate::pool::Arg::from($arg)),*] };
}
pub(crate) use args;

macro_rules! bound {
    ($database:ty, $sql:expr, $args:expr) => {{
        let mut query = sqlx::query::<$database>($sql);
        for arg in $args {
            query = match *arg {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value.map(without_nul)),
            };
        }
        query
    }};
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A query put together from constants of this crate, never from what came from outside.
pub(crate) fn composed(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// `$from, …`: this many arguments.
pub(crate) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

impl Db {
    /// Reads what is committed.
    pub(crate) async fn read(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>, Fault> {
        let (sql, patience) = (&sql.into_sql_str(), &self.patience);
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                again(|| patience.bound(bound!(Sqlite, sql.clone(), args).fetch_all(read))).await.map(sqlite_rows)
            }
            Pools::Postgres(pool) => {
                again(|| patience.bound(bound!(Postgres, sql.clone(), args).fetch_all(pool))).await.map(postgres_rows)
            }
        }
    }

    /// Reads what is committed, by a plan for these very arguments. A plan that a server keeps for any arguments cannot know
    /// how rare what is searched for is, and may read all rows in their order instead.
    pub(crate) async fn search(&self, sql: SqlStr, args: &[Arg<'_>]) -> Result<Vec<Row>, Fault> {
        let (sql, patience) = (&sql, &self.patience);
        match &self.pools {
            Pools::Sqlite { .. } => self.read(sql.clone(), args).await,
            Pools::Postgres(pool) => {
                let search = || bound!(Postgres, sql.clone(), args).persistent(false).fetch_all(pool);
                again(|| patience.bound(search())).await.map(postgres_rows)
            }
        }
    }

    /// Executes a statement that writes, and says how many rows it touched.
    pub(crate) async fn execute(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<u64, Fault> {
        let (sql, patience) = (&sql.into_sql_str(), &self.patience);
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => {
                again(|| patience.bound(bound!(Sqlite, sql.clone(), args).execute(write))).await?.rows_affected()
            }
            Pools::Postgres(pool) => {
                again(|| patience.bound(bound!(Postgres, sql.clone(), args).execute(pool))).await?.rows_affected()
            }
        })
    }

    /// Executes a statement that writes and returns rows.
    pub(crate) async fn returning(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>, Fault> {
        let (sql, patience) = (&sql.into_sql_str(), &self.patience);
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                again(|| patience.bound(bound!(Sqlite, sql.clone(), args).fetch_all(write))).await.map(sqlite_rows)
            }
            Pools::Postgres(pool) => {
                again(|| patience.bound(bound!(Postgres, sql.clone(), args).fetch_all(pool))).await.map(postgres_rows)
            }
        }
    }

    /// Begins a transaction that writes. Who does something by one does it [`again`] where the server refuses it.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        let open = match &self.pools {
            Pools::Sqlite { write, .. } => Open::Sqlite(self.patience.bound(write.begin_with(SQLITE_BEGIN)).await?),
            Pools::Postgres(pool) => Open::Postgres(self.patience.bound(pool.begin()).await?),
        };
        Ok(Tx { open, patience: self.patience.clone() })
    }

    /// Gives space of removed rows back to the file system. A server does so by itself.
    pub(crate) async fn give_back_space(&self) -> Result<(), Fault> {
        if let Pools::Sqlite { .. } = &self.pools {
            for sql in SQLITE_GIVE_BACK {
                self.returning(*sql, &[]).await?;
            }
        }
        Ok(())
    }

    /// Whether it was closed; nothing is read or written any more.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.pools {
            Pools::Sqlite { write, .. } => write.is_closed(),
            Pools::Postgres(pool) => pool.is_closed(),
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read } => {
                write.close().await;
                read.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Reads, or writes and returns rows.
    pub(crate) async fn rows(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>, Fault> {
        let (sql, patience) = (sql.into_sql_str(), &self.patience);
        match &mut self.open {
            Open::Sqlite(tx) => patience.bound(bound!(Sqlite, sql, args).fetch_all(&mut **tx)).await.map(sqlite_rows),
            Open::Postgres(tx) => {
                patience.bound(bound!(Postgres, sql, args).fetch_all(&mut **tx)).await.map(postgres_rows)
            }
        }
    }

    /// Reads rows of one table that nobody else changes until this transaction ends.
    pub(crate) async fn locked(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>, Fault> {
        match &self.open {
            Open::Sqlite(_) => self.rows(sql, args).await,
            Open::Postgres(_) => self.rows(composed([sql, POSTGRES_LOCK].concat()), args).await,
        }
    }

    /// Executes a statement, and says how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<u64, Fault> {
        let (sql, patience) = (sql.into_sql_str(), &self.patience);
        Ok(match &mut self.open {
            Open::Sqlite(tx) => patience.bound(bound!(Sqlite, sql, args).execute(&mut **tx)).await?.rows_affected(),
            Open::Postgres(tx) => patience.bound(bound!(Postgres, sql, args).execute(&mut **tx)).await?.rows_affected(),
        })
    }

    /// Executes statements without arguments, however long they take.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), Fault> {
        let script = sqlx::raw_sql(composed(sql));
        match &mut self.open {
            Open::Sqlite(tx) => script.execute(&mut **tx).await.map(|_done| ()),
            Open::Postgres(tx) => script.execute(&mut **tx).await.map(|_done| ()),
        }
    }

    /// Lets one process at a time migrate; who comes later waits. SQLite has one writer at a time.
    pub(crate) async fn migrates_alone(&mut self) -> Result<(), Fault> {
        match &mut self.open {
            Open::Sqlite(_) => Ok(()),
            Open::Postgres(tx) => sqlx::raw_sql(MIGRATION_LOCK).execute(&mut **tx).await.map(|_done| ()),
        }
    }

    /// Tells other processes once this is committed; those on SQLite look by themselves.
    pub(crate) async fn announce(&mut self, news: &str) -> Result<(), Fault> {
        match &self.open {
            Open::Sqlite(_) => Ok(()),
            Open::Postgres(_) => self.rows("SELECT pg_notify($1, $2)", args![CHANNEL, news]).await.map(drop),
        }
    }

    /// Commits. After an error nobody knows whether it was.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self.open {
            Open::Sqlite(tx) => self.patience.bound(tx.commit()).await,
            Open::Postgres(tx) => self.patience.bound(tx.commit()).await,
        }
    }
}

/// A row of a result.
pub(crate) enum Row {
    /// Of SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// Of PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

fn sqlite_rows(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

impl Row {
    /// A column by name or place: `i64`, `String`, or an `Option` of one.
    pub(crate) fn get<'r, T, I>(&'r self, column: I) -> Result<T, Fault>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
        I: ColumnIndex<sqlx::sqlite::SqliteRow> + ColumnIndex<sqlx::postgres::PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}
