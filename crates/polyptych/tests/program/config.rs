//! The schema of the configuration file says what the parser says. A validator that we did not write reads it.

use std::path::Path;

use jsonschema::Validator;
use polyptych::Config;
use polyptych::config::{ConfigError, Given};

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
    Config::load(Some(file.path()), &Given::default()).await
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

fn library(provider: &str, settings: &str) -> String {
    format!("[libraries.a]\nprovider = \"{provider}\"\ntoken = {{ env = \"T\" }}\n{settings}\n")
}

#[tokio::test]
async fn every_setting_is_accepted_where_it_belongs() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret\n").unwrap();
    let app_secret = format!("app_secret = {{ file = {:?} }}\napp_secret_time = true", secret.path());
    let patience = "timeouts = { connect_seconds = 1, idle_seconds = 2, total_seconds = 3 }\n\
                    retry = { tries = 1, longest_wait_seconds = 1, total_seconds = 1, budget = 0, wait_for_quota = true }";
    for text in [
        library("yandex-direct-v5", "zone = \"ru\"\nsandbox = true\nlogin = \"ads\"\noperator_units = true"),
        library("yandex-direct-live4", "zone = \"ru\"\nsandbox = false\nlogin = \"ads\""),
        library("facebook", &app_secret),
        library("evotor", "auth = \"x-authorization\"\nplain_http = \"till\"\nendpoint = \"http://till:8080\""),
        library("evotor", patience),
    ] {
        validator().validate(&json(&text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
        check(&text).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[tokio::test]
async fn a_setting_that_cannot_be_meant_is_refused_with_its_place_and_reason() {
    for (provider, setting, reason) in [
        ("facebook", "zone = \"ru\"", "is for Yandex Direct only"),
        ("evotor", "sandbox = true", "is for Yandex Direct only"),
        ("yandex-direct-live4", "operator_units = true", "is for Yandex Direct v5 only"),
        ("yandex-direct-live4", "zone = \"com\"", "`ru` only"),
        ("yandex-direct-v5", "login = \"two words\"", "login"),
        ("yandex-direct-v5", "app_secret = { env = \"T\" }", "is for Facebook only"),
        ("facebook", "app_secret = { file = \"no-such-file\" }", "cannot be read"),
        ("facebook", "app_secret = { env = \"POLYPTYCH_NO_SUCH_VARIABLE\" }", "secret"),
        ("facebook", "app_secret = \"canary\"", "never written here"),
        ("facebook", "app_secret_time = true", "needs an `app_secret`"),
        ("facebook", "auth = \"bearer\"", "is for Evotor only"),
        ("evotor", "auth = \"basic\"", "unknown variant"),
        ("evotor", "timeouts = { idle_seconds = 0 }", "1 to 86400 seconds"),
        ("evotor", "timeouts = { idle = 1 }", "idle"),
        ("evotor", "retry = { tries = 0 }", "1 to 100 tries"),
        ("evotor", "client_certificate = { certificate_file = \"no\", key_file = \"no\" }", "cannot be read"),
        ("evotor", "client_certificate = { key_file = \"no\" }", "certificate_file"),
        ("evotor", "endpoint = \"http://till\"", "in the clear"),
    ] {
        let error = check(&library(provider, setting)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains("line 4"), "{setting}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
    let both = library("yandex-direct-v5", "endpoint = \"https://example.com\"\nsandbox = true");
    let text = check(&both).await.unwrap_err().to_string();
    assert!(text.contains("line 5") && text.contains("`endpoint` names the host already"), "{text}");
}

#[tokio::test]
async fn the_settings_of_fetching_are_checked_with_their_place() {
    let sound = "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n[fetch]\n";
    for (settings, wrong) in [
        ("hosts = [\"*.pictures.test\", \"a.test:8080\"]\nprivate_hosts = [\"intranet\"]\nmax_bytes = 1\n", None),
        ("hosts = [\"http://a.test\"]\n", Some("is not a host")),
        ("private_hosts = [\"\"]\n", Some("is not a host")),
        ("max_bytes = 0\n", Some("1 byte to 1 GiB")),
        ("idle_seconds = 86401\n", Some("1 to 86400 seconds")),
        ("ca_file = \"no-such-file.pem\"\n", Some("cannot be read")),
    ] {
        let outcome = check(&format!("{sound}{settings}")).await;
        match (outcome, wrong) {
            (Ok(config), None) => assert_eq!(config.fetch.max_bytes, Some(1)),
            (Err(error), Some(wrong)) => {
                let text = error.to_string();
                assert!(text.contains("line 5, column 1: the setting `") && text.contains(wrong), "{text}");
            }
            (outcome, _) => panic!("{settings}: {outcome:?}"),
        }
    }
}
