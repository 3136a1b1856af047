//! The reference data of a provider: each file is read by a test of the wire crate, or named with the reason why none reads
//! it. A file that is added there fails the test until somebody has looked at it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Checks the files below `folders` of `root` against the text of the tests that read them, and against those that no test
/// reads, with why.
pub(crate) fn check(root: &Path, folders: &[&str], readers: &[&str], not_applicable: &[(&str, &str)]) {
    let mut open: Vec<String> = folders.iter().map(|&folder| folder.to_owned()).collect();
    let mut files = BTreeSet::new();
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(root.join(&path)).unwrap().map(Result::unwrap) {
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    for (file, why) in not_applicable {
        assert!(files.remove(*file), "{file} ({why}) is not there");
    }
    let unread: Vec<_> = files.iter().filter(|file| !readers.iter().any(|reader| reads(reader, file))).collect();
    assert!(unread.is_empty(), "neither read nor named as not applicable: {unread:?}");
}

/// Whether the text of a test names `file` in a literal: its path, its name, or the name without its ending.
fn reads(reader: &str, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap();
    let stem = [".json", ".response.xml"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let literals = [format!("\"{stem}\""), format!("\"{name}\""), format!("/{name}\""), format!("/{stem}\"")];
    literals.iter().any(|literal| reader.contains(literal))
}
