//! `config`: tells what is wrong with a configuration file, and what one looks like.

use std::path::Path;

use anyhow::Result;
use polyptych::Config;
use polyptych::config::{self, ConfigError};
use polyptych::manifest;

use crate::cli::Written;
use crate::output::print;

/// Prints every mistake as `FILE:LINE:COLUMN: …`. Whether there is none.
pub(crate) async fn check(file: &Path) -> Result<bool> {
    match Config::check(file).await {
        Ok(config) => {
            let count = config.libraries.len();
            print(format_args!(
                "{}: {count} {} and no mistake",
                file.display(),
                if count == 1 { "library" } else { "libraries" }
            ))?;
            Ok(true)
        }
        Err(ConfigError::Parse { path, mistakes }) => {
            for mistake in mistakes {
                print(format_args!("{}:{}:{}: {}", path.display(), mistake.line, mistake.column, mistake.message))?;
            }
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints the JSON Schema of what users write.
pub(crate) fn schema(of: Written) -> Result<bool> {
    let schema = match of {
        Written::Config => config::schema(),
        Written::Manifest => manifest::schema(),
    };
    print(serde_json::to_string_pretty(&schema)?)?;
    Ok(true)
}

/// Prints the page of errors.
pub(crate) fn errors() -> Result<bool> {
    print(polyptych::facade::errors_page().trim_end())?;
    Ok(true)
}
