//! `db`: what is done to the database of the state from outside of a server.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result};

use crate::output::print;

/// Brings the schema up to date, and prints its version.
pub(crate) async fn migrate(database: &str) -> Result<bool> {
    let (before, after) = polyptych_store::migrate(&url(database)?).await?;
    match before == after {
        true => print(format_args!("the schema is at version {after}, there is nothing to do"))?,
        false => print(format_args!("brought the schema from version {before} to {after}"))?,
    }
    Ok(true)
}

/// Copies a SQLite database.
pub(crate) async fn backup(database: &str, file: &Path) -> Result<bool> {
    polyptych_store::backup(&url(database)?, file).await?;
    print(format_args!("copied to {}", file.display()))?;
    Ok(true)
}

fn url(database: &str) -> Result<Cow<'_, str>> {
    match database.strip_prefix("env:") {
        None => Ok(Cow::Borrowed(database)),
        Some(name) => {
            let url = std::env::var(name);
            url.map(Cow::Owned).with_context(|| format!("the environment variable {name} is not set, or no text"))
        }
    }
}
