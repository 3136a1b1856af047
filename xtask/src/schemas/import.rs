//! `cargo xtask schemas import`: reads a published schema, and writes what the library makes of it under `schemas/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use polyptych_codegen::import::{self, Origin};

use crate::codegen::gather;
use crate::tree::read_tree;

/// Options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The published schema; what it imports is looked for beside it.
    file: std::path::PathBuf,
    /// The target that it is for: `yandex-direct-v5`, `yandex-direct-live4` or `facebook`.
    #[arg(long = "as", value_name = "TARGET")]
    target: String,
    /// When the document was current: `2026-04` or `2026-04-15`.
    #[arg(long)]
    date: String,
    /// Its version; without it the known one stays.
    #[arg(long)]
    version: Option<String>,
    /// The address at which the provider publishes it; without it the known one stays.
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
}

/// Runs the command.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if !is_date(&options.date) {
        bail!("`{}` is not a date such as 2026-04 or 2026-04-15", options.date);
    }
    let name = options.file.file_name().and_then(|name| name.to_str()).context("the schema has no plain file name")?;
    let published = gather(&options.file, name)?;
    let stored = read_tree(&root.join("schemas"), "").context("cannot read the schemas")?;
    let origin =
        Origin { address: options.origin.as_deref(), version: options.version.as_deref(), date: &options.date };
    let made = match import::import(&options.target, name, &published, &stored, &origin) {
        Ok(made) => made,
        Err(errors) => {
            eprintln!("{errors}\nnothing was written");
            return Ok(false);
        }
    };
    for (path, content) in &made {
        if stored.get(path) == Some(content) {
            println!("schemas/{path} is as it was");
            continue;
        }
        fs::write(root.join("schemas").join(path), content).with_context(|| format!("cannot write {path}"))?;
        println!("wrote schemas/{path}");
    }
    println!("now compare with `cargo xtask schemas compare`, and generate with `cargo xtask codegen`");
    Ok(true)
}

/// A year and a month, and maybe a day.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize, most: u32| {
        part.len() == digits && part.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    match parts.as_slice() {
        [year, month] => number(year, 4, 9999) && number(month, 2, 12),
        [year, month, day] => number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_a_year_a_month_and_maybe_a_day() {
        for (text, good) in [
            ("2026-04", true),
            ("2026-04-15", true),
            ("2026", false),
            ("2026-13", false),
            ("26-04", false),
            ("2026-04-32", false),
            ("2026-04-15-1", false),
            ("today", false),
        ] {
            assert_eq!(is_date(text), good, "{text}");
        }
    }

    #[test]
    fn a_schema_is_written_where_it_is_stored_and_a_second_time_not_again() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        let node = r#"{"apis": [], "fields": [{"name": "id", "type": "string"}]}"#;
        write("schemas/SOURCES.toml", "# sources\n");
        let stored = write("schemas/facebook/Thing.json", node);
        let file = write("new/Thing.json", &node.replace("string", "int"));
        let options =
            Options { file, target: "facebook".to_owned(), date: "2026-11".to_owned(), version: None, origin: None };
        assert!(run(root.path(), &options).unwrap());
        let text = fs::read_to_string(&stored).unwrap();
        assert!(text.contains(r#"{"name": "id", "type": "int"}"#), "{text}");
        let sources = fs::read_to_string(root.path().join("schemas/SOURCES.toml")).unwrap();
        assert!(sources.contains("file = \"facebook/Thing.json\"\ndate = \"2026-11\""), "{sources}");
        assert!(run(root.path(), &options).unwrap());
        assert_eq!(fs::read_to_string(&stored).unwrap(), text);
        assert_eq!(fs::read_to_string(root.path().join("schemas/SOURCES.toml")).unwrap(), sources);
    }
}
