//! The comparison over a folder on disk: one file of each kind of problem.

use polyptych_codegen::emit::header::seal;

use super::*;

fn sealed(body: &str) -> Vec<u8> {
    seal(&Inputs::from([("a.toml".to_owned(), Vec::new())]), &["a.toml"], body).unwrap().into_bytes()
}

/// A root with what the generator made for the bodies given, and what it would make now.
fn root_with(bodies: &[(&str, &str)]) -> (tempfile::TempDir, Output) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("out")).unwrap();
    for (name, body) in bodies {
        fs::write(root.path().join("out").join(name), sealed(body)).unwrap();
    }
    let made = bodies.iter().map(|(name, body)| (format!("out/{name}"), sealed(body))).collect();
    (root, made)
}

fn problems(root: &Path, made: &Output) -> Vec<(String, Problem)> {
    compare(made, &read_tree(&root.join("out"), "out").unwrap()).into_iter().collect()
}

#[test]
fn files_as_generated_have_no_problem() {
    let (root, made) = root_with(&[("a.rs", "struct A;\n"), ("b.rs", "struct B;\n")]);
    assert_eq!(problems(root.path(), &made), []);
}

#[test]
fn every_problem_is_listed_at_once() {
    let (root, mut made) = root_with(&[("a.rs", "struct A;\n"), ("b.rs", "struct B;\n"), ("c.rs", "struct C;\n")]);
    made.insert("out/a.rs".to_owned(), sealed("struct NewA;\n"));
    let mut edited = sealed("struct B;\n");
    edited.extend(b"struct Sneaked;\n");
    fs::write(root.path().join("out/b.rs"), edited).unwrap();
    made.remove("out/c.rs");
    made.insert("out/deep/d.rs".to_owned(), sealed("struct D;\n"));
    assert_eq!(
        problems(root.path(), &made),
        [
            ("out/a.rs".to_owned(), Problem::Stale),
            ("out/b.rs".to_owned(), Problem::Edited),
            ("out/c.rs".to_owned(), Problem::Orphan),
            ("out/deep/d.rs".to_owned(), Problem::Missing),
        ]
    );
}

#[test]
fn writing_leaves_nothing_to_report() {
    let (root, mut made) = root_with(&[("a.rs", "struct A;\n"), ("c.rs", "struct C;\n")]);
    made.insert("out/a.rs".to_owned(), sealed("struct NewA;\n"));
    made.remove("out/c.rs");
    made.insert("out/deep/d.rs".to_owned(), sealed("struct D;\n"));
    let there = read_tree(&root.path().join("out"), "out").unwrap();
    assert!(write(root.path(), &made, &there, &compare(&made, &there)).unwrap());
    assert_eq!(problems(root.path(), &made), []);
}

#[test]
fn an_orphan_that_is_not_generated_is_kept_and_reported() {
    let (root, made) = root_with(&[]);
    fs::write(root.path().join("out/notes.txt"), "mine").unwrap();
    let there = read_tree(&root.path().join("out"), "out").unwrap();
    assert!(!write(root.path(), &made, &there, &compare(&made, &there)).unwrap());
    assert_eq!(fs::read_to_string(root.path().join("out/notes.txt")).unwrap(), "mine");
}

#[test]
fn an_unknown_target_is_named_with_the_known_ones() {
    let error = selected(&["nothing".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("`nothing`") && error.contains("facebook"), "{error}");
}
