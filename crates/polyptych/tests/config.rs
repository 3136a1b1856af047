//! The schema of the configuration file says what the parser says. A validator that we did not write reads it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use jsonschema::Validator;
use polyptych::Config;
use polyptych::config::ConfigError;

fn validator() -> Validator {
    let schema = serde_json::to_value(polyptych::config::schema()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn json(text: &str) -> serde_json::Value {
    toml::from_str(text).unwrap()
}

async fn check(text: &str) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::check(file.path()).await
}

/// The blocks of TOML in a document that name libraries.
fn examples(document: &str) -> Vec<&str> {
    let blocks = document.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.filter(|block| block.contains("[libraries.")).collect()
}

#[tokio::test]
async fn the_examples_of_the_documents_are_accepted_by_the_schema_and_by_the_program() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let examples = examples(&readme);
    assert!(!examples.is_empty());
    for example in examples {
        validator().validate(&json(example)).unwrap_or_else(|error| panic!("{error}\n{example}"));
        assert!(!check(example).await.unwrap().libraries.is_empty());
    }
}

#[tokio::test]
async fn what_the_parser_refuses_the_schema_refuses() {
    let sound = "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n";
    validator().validate(&json(sound)).unwrap();
    check(sound).await.unwrap();
    for text in [
        String::new(),
        "libraries = {}\n".to_owned(),
        format!("{sound}endpont = \"https://example.com\"\n"),
        format!("library = 1\n{sound}"),
        format!("{sound}encoding = \"carrier pigeon\"\n"),
        format!("{sound}language = 7\n"),
        sound.replace("facebook", "myspace"),
        sound.replace("{ env = \"T\" }", "{ fixed = \"T\" }"),
        sound.replace("{ env = \"T\" }", "{ env = \"T\", file = \"t\" }"),
        sound.replace("{ env = \"T\" }", "{}"),
        sound.replace("{ env = \"T\" }", "\"T\""),
        sound.replace("provider = \"facebook\"\n", ""),
        sound.replace("token = { env = \"T\" }\n", ""),
    ] {
        assert!(!validator().is_valid(&json(&text)), "the schema accepts\n{text}");
        let error = check(&text).await.unwrap_err();
        assert!(matches!(error, ConfigError::Parse { .. }), "{error}");
    }
}

/// The file that `cargo xtask codegen` keeps.
#[test]
fn the_stored_schema_is_the_one_that_the_types_have() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/exported/config.schema.json");
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(stored, serde_json::to_value(polyptych::config::schema()).unwrap());
}
