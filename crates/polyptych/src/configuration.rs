//! `config`: tells what is wrong with a configuration file, and what one looks like.

use std::path::Path;

use anyhow::Result;
use polyptych::Config;
use polyptych::config::{self, ConfigError, Given, Place};
use polyptych::manifest;

use crate::cli::Written;
use crate::output::print;

/// Prints every mistake as `FILE:LINE:COLUMN: …`, or with the variable or the option that it is in. Whether there is none.
pub(crate) async fn check(file: &Path, given: &Given) -> Result<bool> {
    match Config::load(Some(file), given).await {
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
                let message = mistake.message;
                match mistake.place {
                    Place::File { line, column } => {
                        print(format_args!("{}:{line}:{column}: {message}", path.display()))?;
                    }
                    place => print(format_args!("{place}: {message}"))?,
                }
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
