//! What is done to a database from outside of a server: bring its schema up to date, and copy it.

use std::path::Path;

use crate::clock::SystemClock;
use crate::error::OpenError;
use crate::{StoreConfig, dialect, migrations};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server has tools of its own, which copy more than we could.
    #[error(
        "a PostgreSQL database is copied with the server's own tools: `pg_dump --format=custom --file=FILE DATABASE`, while Polyptych runs"
    )]
    Server,
    /// Nothing is overwritten.
    #[error("{0} is there already")]
    There(String),
    /// The path is not Unicode.
    #[error("the path of the copy is not Unicode")]
    Path,
    /// The copy cannot be written; what was written of it is removed.
    #[error("the copy cannot be written")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Brings the schema of the database at this URL up to date; [`Store::open`](crate::Store::open) does so, too. Returns the
/// versions that it had and has. A SQLite file is made if it is not there.
///
/// # Errors
/// [`OpenError`]; nothing was changed.
pub async fn migrate(url: &str) -> Result<(i64, i64), OpenError> {
    let (db, pulse) = dialect::connect(&StoreConfig::new(url)).await?;
    let versions = migrations::run(&db, &SystemClock::default()).await;
    db.close().await;
    pulse.close().await;
    versions
}

/// Copies the SQLite database at this URL into a new file, while others read and write it. The copy is the database as it is
/// at one moment, in one file that only its owner reads. Pictures of operations that have not ended are not in it.
///
/// # Errors
/// [`BackupError`]; then there is no copy.
pub async fn backup(url: &str, file: &Path) -> Result<(), BackupError> {
    let Some(path) = dialect::sqlite_path(url)? else { return Err(BackupError::Server) };
    if file.exists() {
        return Err(BackupError::There(file.display().to_string()));
    }
    // Written under another name, so that what has the name asked for is whole.
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    remove(part)?;
    let copied = async {
        let name = part.to_str().ok_or(BackupError::Path)?;
        make(part).map_err(|error| BackupError::Write(error.into()))?;
        dialect::copy(path, name).await.map_err(|error| BackupError::Write(error.into()))?;
        let kept = || {
            std::fs::File::open(part)?.sync_all()?;
            std::fs::hard_link(part, file)?;
            std::fs::remove_file(part)?;
            match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => std::fs::File::open(folder)?.sync_all(),
                None => std::fs::File::open(".")?.sync_all(),
            }
        };
        kept().map_err(|error: std::io::Error| BackupError::Write(error.into()))
    };
    let copied = copied.await;
    if copied.is_err() {
        remove(part)?;
    }
    copied
}

/// Makes the file, empty, for its owner alone: the database, too, lies where nobody else reads it.
fn make(part: &Path) -> std::io::Result<()> {
    let mut new = std::fs::File::options();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    new.open(part).map(drop)
}

fn remove(part: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BackupError::Write(error.into())),
        _ => Ok(()),
    }
}
