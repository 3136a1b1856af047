//! What goes wrong with a database, in the domain's words.

use std::time::Duration;

use polyptych_domain::{Error, ErrorKind};

/// What an internal step fails with.
pub(crate) type Fault = sqlx::Error;

/// Why a store cannot be opened. No message holds the URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is neither `sqlite:PATH` nor `postgres://…`, or cannot be read.
    #[error("the store's URL must be sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Url,
    /// The database cannot be reached, or refuses.
    #[error("cannot open the database")]
    Database(#[source] sqlx::Error),
    /// A newer Polyptych has changed the schema in a way that this one cannot work with.
    #[error(
        "the database has schema {found}, which needs a Polyptych that knows schema {needed} or later; this one knows {known}"
    )]
    TooNew {
        /// The schema's version.
        found: i64,
        /// The oldest version that a program must know.
        needed: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// The system gave no random bytes.
    #[error("cannot make an id")]
    Random(#[source] getrandom::Error),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// The domain's error for a step that failed.
pub(crate) fn internal(fault: Fault) -> Error {
    Error::new(ErrorKind::Internal, "the store cannot be read or written").with_source(fault)
}

/// What SQLite and PostgreSQL call it that there is no room left. Of what was to be written then, nothing is.
const FULL: [&str; 2] = ["13", "53100"];

/// When it is worth trying again where there was no room: somebody has to make some.
pub(crate) const LATER: Duration = Duration::from_secs(60);

/// What a caller is told whose request could not be kept, which has changed nothing.
pub(crate) fn unkept(fault: Fault) -> Error {
    if !fault.as_database_error().and_then(|error| error.code()).is_some_and(|code| FULL.contains(&&*code)) {
        return internal(fault);
    }
    let message = "the database has no room left; try again later";
    Error::new(ErrorKind::QuotaExhausted, message).with_retry_after(Some(LATER)).with_source(fault)
}

/// A row holds what it cannot hold.
pub(crate) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::Decode(error.into())
}

/// Whether what was written names a member that is no more.
pub(crate) fn names_no_member(fault: &Fault) -> bool {
    fault.as_database_error().is_some_and(|error| error.is_foreign_key_violation())
}

/// What a step ends with that may find fault with the request.
pub(crate) enum Problem {
    /// The database's.
    Fault(Fault),
    /// The caller's.
    Refused(Error),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Fault(fault) => unkept(fault),
            Problem::Refused(error) => error,
        }
    }
}
