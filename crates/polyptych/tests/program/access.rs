//! Who may call, from the configuration to the running program.

use std::path::Path;
use std::process::Output;

use polyptych::Config;
use polyptych::config::Given;
use polyptych::proto::v1::ListLibrariesRequest;
use polyptych::proto::v1::library_service_client::LibraryServiceClient;
use tempfile::TempDir;
use tonic::{Code, Request};

use crate::support::{Serving, polyptych};

const LIBRARY: &str = "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n";
const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const OTHER_HASH: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = polyptych().args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A server that is started in this folder.
fn serving(folder: &Path, arguments: &[&str]) -> Serving {
    Serving::spawn(polyptych().args(arguments).current_dir(folder))
}

/// A folder with a certificate for this machine, its key, another key, and a set of public keys.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let other = rcgen::KeyPair::generate().unwrap();
    for (name, text) in [
        ("server.pem", made.cert.pem()),
        ("key.pem", made.signing_key.serialize_pem()),
        ("other.pem", other.serialize_pem()),
        ("keys.json", keys.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A configuration with `FOLDER` put in.
fn written(folder: &TempDir, text: &str) -> std::path::PathBuf {
    let path = folder.path().join("polyptych.toml");
    let text = text.replace("FOLDER", &folder.path().display().to_string());
    std::fs::write(&path, format!("{LIBRARY}{text}")).unwrap();
    path
}

const TLS: &str = "[tls]\ncertificate_file = \"FOLDER/server.pem\"\nkey_file = \"FOLDER/key.pem\"\n";
const TOKENS: &str = "[auth.tokens]\nissuer = \"https://issuer.test\"\naudience = \"polyptych\"\n\
                      algorithms = [\"EdDSA\"]\nkeys_file = \"FOLDER/keys.json\"\n";

fn client(settings: &str) -> String {
    format!("[clients.till]\nlibraries = [\"*\"]\nrights = [\"read\"]\n{settings}\n")
}

#[tokio::test]
async fn what_the_sections_of_callers_may_say_is_accepted_by_schema_and_program() {
    let folder = folder();
    let schema = serde_json::to_value(polyptych::config::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let with_ca = format!("{TLS}client_ca_file = \"FOLDER/server.pem\"\nclient_certificates = \"required\"\n");
    let rate = "rate = { per_second = 10, burst = 20, at_once = 5 }";
    for text in [
        TLS.to_owned(),
        format!("{with_ca}{}", client("certificates = [\"dns:till.test\", \"uri:spiffe://test/a\"]")),
        format!("{TOKENS}{}", client("subjects = [\"alice\"]")),
        client(&format!("keys = [\"{HASH}\", \"{OTHER_HASH}\"]\n{rate}")),
        format!("[auth]\nreflection = \"off\"\n{}", client(&format!("keys = [\"{HASH}\"]"))),
    ] {
        let path = written(&folder, &text);
        let json: serde_json::Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        validator.validate(&json).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let config =
            Config::load(Some(&path), &Given::default()).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
        polyptych::open_guard(&config).unwrap();
        assert_eq!(polyptych::open_tls(&config).unwrap().is_some(), text.contains("[tls]"));
        assert_eq!(polyptych::open_access(&config).unwrap().is_some(), text.contains("[clients"));
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place_and_no_key_is_repeated() {
    let folder = folder();
    let keyed = |keys: &str| client(&format!("keys = {keys}"));
    let hashed = keyed(&format!("[\"{HASH}\"]"));
    for (text, place, reason) in [
        (TLS.replace("server.pem", "none.pem"), "line 5", "cannot be read"),
        (TLS.replace("server.pem", "keys.json"), "line 5", "no certificate"),
        (TLS.replace("key.pem", "server.pem"), "line 6", "no private key"),
        (format!("{TLS}client_ca_file = \"FOLDER/keys.json\"\n"), "line 7", "no certificate"),
        (format!("{TLS}client_certificates = \"required\"\n"), "line 7", "client_ca_file"),
        (TLS.replace("key_file = \"FOLDER/key.pem\"\n", ""), "line 4", "missing field `key_file`"),
        (TOKENS.to_owned(), "line 4", "client"),
        (format!("{}{hashed}", TOKENS.replace("EdDSA", "HS256")), "line 7", "unknown variant"),
        (format!("{}{hashed}", TOKENS.replace("\"EdDSA\"", "")), "line 7", "is empty"),
        (format!("{}{hashed}", TOKENS.replace("keys.json", "key.pem")), "line 8", "JSON Web Key Set"),
        (client(""), "line 4", "to be known by"),
        (keyed("\"polyptych_canary\""), "line 7", "keygen"),
        (keyed("[\"polyptych_canary\"]"), "line 7", "keygen"),
        (keyed("[7]"), "line 7", "keygen"),
        (client("certificates = [\"dns:a\"]"), "line 7", "client_ca_file"),
        (client("subjects = [\"a\"]"), "line 7", "auth.tokens"),
        (hashed.replace("[\"*\"]", "[\"Ads\"]"), "line 5", "no id of a library"),
        (hashed.replace("[\"*\"]", "[]"), "line 5", "no library"),
        (hashed.replace("[\"read\"]", "[]"), "line 6", "no right"),
        (hashed.replace("read", "all"), "line 6", "unknown variant"),
        (hashed.replace("libraries = [\"*\"]\n", ""), "line 4", "missing field `libraries`"),
        (hashed.replace("[clients.till]", "[clients.\"\"]"), "line 4", "client"),
        (hashed.replace("clients.till", "clients.local"), "line 4", "another name"),
        (TLS.replace("key.pem", "other.pem"), "line 6", "server.pem"),
        (format!("{hashed}rate = {{ per_second = 0 }}"), "line 8", "1 to 1000000"),
        (format!("{hashed}rate = {{ burst = 2 }}"), "line 8", "per_second"),
        (format!("{hashed}{}", hashed.replace("till", "shop")), "clients", "the same key"),
    ] {
        let error = Config::load(Some(&written(&folder, &text)), &Given::default()).await.unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(reason), "{text}\n{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn a_key_is_made_that_the_configuration_takes() {
    let (code, stdout, stderr) = run(&["keygen"]);
    assert!(code == 0 && stderr.is_empty(), "{stderr}");
    let (key, hash) = stdout.trim_end().split_once('\n').unwrap();
    let (key, hash) = (key.strip_prefix("key:  ").unwrap(), hash.strip_prefix("hash: ").unwrap());
    assert_eq!(polyptych::facade::auth::KeyHash::of(key).to_string(), hash);
    assert_ne!(run(&["keygen"]).1, stdout);
}

#[test]
fn where_others_reach_it_the_program_serves_with_tls_and_clients_only_or_when_told_to() {
    let folder = folder();
    let keyed = client(&format!("keys = [\"{HASH}\"]"));
    for (text, missing) in [
        (String::new(), "[tls]` and a client"),
        (keyed.clone(), "lacks a certificate in `[tls]`;"),
        (TLS.to_owned(), "lacks a client in `[clients]`;"),
    ] {
        let config = written(&folder, &text).display().to_string();
        let (code, _, stderr) = run(&["serve", "--config", &config, "--listen", "0.0.0.0:0"]);
        assert!(code == 1 && stderr.contains("is not a loopback address") && stderr.contains(missing), "{stderr}");
    }
    let (code, _, stderr) = run(&["serve", "--emulate", "--listen", "0.0.0.0:0"]);
    assert!(code == 1 && stderr.contains("--insecure"), "{stderr}");
    let config = written(&folder, &format!("{TLS}{keyed}")).display().to_string();
    let serving = serving(folder.path(), &["serve", "--config", &config, "--listen", "0.0.0.0:0"]);
    assert!(serving.address.starts_with("https://0.0.0.0:"), "{}", serving.address);
}

#[tokio::test]
async fn the_program_lets_in_who_has_a_key() {
    let folder = folder();
    let (_, made, _) = run(&["keygen"]);
    let (key, hash) = made.trim_end().split_once('\n').unwrap();
    let (key, hash) = (key.strip_prefix("key:  ").unwrap(), hash.strip_prefix("hash: ").unwrap());
    let config = written(&folder, &client(&format!("keys = [\"{hash}\"]"))).display().to_string();
    let serving = serving(folder.path(), &["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
    let mut libraries = LibraryServiceClient::connect(serving.address.clone()).await.unwrap();
    let status = libraries.list_libraries(ListLibrariesRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let mut request = Request::new(ListLibrariesRequest::default());
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let listed = libraries.list_libraries(request).await.unwrap().into_inner().libraries;
    assert_eq!(listed.into_iter().map(|library| library.name).collect::<Vec<_>>(), ["libraries/a"]);
}
