//! Folders as maps from path to content: how the pure commands see the disk. And long texts for a terminal or a pipe.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// Every file under `folder`, by its path with `/` after `prefix`; nothing if there is no such folder.
pub(crate) fn read_tree(folder: &Path, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().with_context(|| format!("{} is not a plain name", entry.path().display()))?;
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        if entry.file_type()?.is_dir() {
            files.extend(read_tree(&entry.path(), &path)?);
        } else {
            let content = fs::read(entry.path()).with_context(|| format!("cannot read {path}"))?;
            files.insert(path, content);
        }
    }
    Ok(files)
}

/// Prints a text that may be cut short by whoever reads it: `cargo xtask … | head` is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot print"),
        _ => Ok(()),
    }
}
