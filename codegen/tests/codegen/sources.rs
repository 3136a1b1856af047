//! `SOURCES.toml` names each stored schema and its hash.

use std::collections::BTreeMap;

use polyptych_codegen::emit::header::sha256_hex;
use serde::Deserialize;

use crate::support::stored;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    source: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    file: String,
    origin: String,
    version: String,
    date: String,
    sha256: String,
}

#[test]
fn each_stored_schema_has_an_origin_and_its_hash() {
    let inputs = stored();
    let text = std::str::from_utf8(&inputs["SOURCES.toml"]).unwrap();
    let sources: Sources = toml::from_str(text).unwrap();
    let mut hashes = BTreeMap::new();
    for source in &sources.source {
        assert!(source.origin.starts_with("https://"), "{}: {}", source.file, source.origin);
        assert!(!source.version.is_empty() && source.date.starts_with("20"), "{}", source.file);
        assert!(hashes.insert(&source.file, &source.sha256).is_none(), "{} is named twice", source.file);
        let content = inputs.get(&source.file).unwrap_or_else(|| panic!("{} is not stored", source.file));
        assert_eq!(sha256_hex(content), source.sha256, "{}", source.file);
    }
    for path in inputs.keys().filter(|path| path.ends_with(".wsdl") || path.ends_with(".xsd")) {
        assert!(hashes.contains_key(path), "{path} has no entry");
    }
}
