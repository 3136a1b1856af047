//! One feature per fixture: a small schema and the Rust that is made of it. `POLYPTYCH_BLESS=1` writes the Rust anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::support::{generate, service};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codegen/fixtures")
}

#[test]
fn each_schema_makes_the_rust_beside_it() {
    let mut schemas: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    schemas.retain(|path| path.extension().is_some_and(|extension| extension != "rs"));
    schemas.sort();
    assert!(schemas.len() >= 6, "the fixtures are found: {schemas:?}");
    let mut different = Vec::new();
    for path in schemas {
        let text = fs::read_to_string(&path).unwrap();
        let wsdl = if path.extension().is_some_and(|extension| extension == "xsd") { service(&text) } else { text };
        let made = generate(&wsdl, &[]).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        let expected = path.with_extension("rs");
        if env::var_os("POLYPTYCH_BLESS").is_some() {
            fs::write(&expected, &made).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(made.as_str()) {
            different.push(expected);
        }
    }
    assert!(different.is_empty(), "these are not what is made now; look with POLYPTYCH_BLESS=1: {different:?}");
}
