//! `cargo xtask schemas diff`: reads two versions of a schema, of one format, and prints what the library says of them.

use std::path::Path;

use anyhow::{Context, Result};
use polyptych_codegen::standalone::{Read, read};
use polyptych_codegen::{Errors, diff};

use crate::codegen::gather;
use crate::tree::print;

/// Runs the command; `deny` makes a breaking change a failure.
pub(crate) fn run(old: &Path, new: &Path, deny: bool) -> Result<bool> {
    let (Some(old), Some(new)) = (parse(old)?, parse(new)?) else { return Ok(false) };
    if old.format != new.format {
        eprintln!("a {} and a {} cannot be told apart", old.format, new.format);
        return Ok(false);
    }
    match diff::run(&old.api, &new.api) {
        Ok(judged) => {
            print(&diff::render(&judged))?;
            Ok(!deny || !judged.iter().any(|item| item.breaks_rust || item.breaks_wire))
        }
        Err(errors) => Ok(refused(&errors)),
    }
}

/// The schema; `None` if it cannot be read, which has been printed.
fn parse(schema: &Path) -> Result<Option<Read>> {
    let file = schema.file_name().and_then(|name| name.to_str()).context("the schema has no plain file name")?;
    match read("schema", file, &gather(schema, file)?) {
        Ok(read) => Ok(Some(read)),
        Err(errors) => {
            refused(&errors);
            Ok(None)
        }
    }
}

fn refused(errors: &Errors) -> bool {
    for error in errors.iter() {
        eprintln!("{}", error.to_string().replacen("schemas/", "", 1));
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::run;

    const NODE: &str = r#"{"apis": [], "fields": [{"name": "id", "type": "string"}]}"#;

    #[test]
    fn a_breaking_change_fails_only_where_it_is_denied() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            let path = folder.path().join(name).join("Node.json");
            fs::write(&path, text).unwrap();
            path
        };
        let (old, new) = (write("old", NODE), write("new", &NODE.replace("\"string\"", "\"int\"")));
        assert!(run(&old, &new, false).unwrap());
        assert!(!run(&old, &new, true).unwrap());
        assert!(run(&old, &old, true).unwrap());
        let other = write("other", r#"{"openapi": "3.0.3", "paths": {}}"#);
        assert!(!run(&old, &other, false).unwrap(), "formats differ");
    }
}
