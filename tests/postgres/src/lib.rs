//! A PostgreSQL server of a test's own: made in a temporary folder, reached through a socket there, stopped and removed with
//! the test, also where the test's process is killed. With `POLYPTYCH_TEST_POSTGRES` (the URL of a role that may make
//! databases) that server is used instead. It knows nothing of Polyptych.

mod programs;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

use programs::Programs;
pub use server::Server;

/// Where tests find databases.
pub enum Postgres {
    /// A server of our own.
    Own(Server),
    /// The one that `POLYPTYCH_TEST_POSTGRES` names.
    Named {
        /// Its URL.
        url: String,
        /// Its command line client.
        programs: Programs,
    },
}

impl Postgres {
    /// A server, or `None` where none is installed; then it says that `what` is skipped.
    ///
    /// # Errors
    /// If a server is there and does not start, or if none is there and `POLYPTYCH_REQUIRE` names `postgres`.
    pub fn find(what: &str) -> Result<Option<Self>> {
        let programs = Programs::find();
        if let Ok(url) = std::env::var("POLYPTYCH_TEST_POSTGRES") {
            return Ok(Some(Self::Named { url, programs }));
        }
        if programs.have(&["initdb", "postgres", "pg_isready", "psql"]) {
            return Ok(Some(Self::Own(Server::start(programs)?)));
        }
        let required = std::env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        if required.split(',').any(|name| name == "postgres") {
            bail!("PostgreSQL is required and not installed");
        }
        eprintln!("skipped: {what}: PostgreSQL is not installed");
        Ok(None)
    }

    /// The URL of a new, empty database.
    ///
    /// # Errors
    /// If the server does not make one.
    pub fn database(&self) -> Result<String> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("polyptych_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name}");
        match self {
            Self::Own(server) => {
                server.programs().execute(&server.url("postgres"), &create)?;
                Ok(server.url(&name))
            }
            Self::Named { url, programs } => {
                programs.execute(url, &create)?;
                with_database(url, &name)
            }
        }
    }
}

/// The same server's URL for another database.
fn with_database(url: &str, name: &str) -> Result<String> {
    let (scheme, rest) = url.split_once("://").context("POLYPTYCH_TEST_POSTGRES is no URL")?;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let authority = rest.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{name}{query}"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, with) in [
            ("postgres://me:secret@db:5433/old?sslmode=disable", "postgres://me:secret@db:5433/new?sslmode=disable"),
            ("postgres://db", "postgres://db/new"),
        ] {
            assert_eq!(with_database(url, "new").expect("a URL"), with);
        }
        assert!(with_database("db", "new").is_err());
    }
}
