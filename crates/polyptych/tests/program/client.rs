//! The commands that use libraries, against `serve --emulate` and without a façade.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::{Serving, polyptych};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::Value;

/// A client of one server; paths are those of a folder of its own.
struct Client {
    serving: Serving,
    folder: tempfile::TempDir,
}

impl Client {
    fn start() -> Self {
        Self {
            serving: Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.fed(arguments, b"")
    }

    fn fed(&self, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
        let mut command = polyptych();
        command.args(arguments).env("POLYPTYCH_ENDPOINT", &self.serving.address).current_dir(self.folder.path());
        told(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()), input)
    }

    /// The lines of `--json` that tell of items, and the exit code.
    fn json(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let (code, lines, _) = self.counted(arguments);
        (code, lines)
    }

    /// The lines of `--json`, the exit code, and the costs that the last line tells.
    fn counted(&self, arguments: &[&str]) -> (i32, Vec<Value>, Value) {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let (code, stdout, stderr) = self.run(&arguments);
        let lines = stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}{stderr}")));
        let mut lines: Vec<Value> = lines.collect();
        let costs = lines.pop_if(|line| line["result"] == "costs");
        (code, lines, costs.map(|mut line| line["costs"].take()).unwrap_or_default())
    }
}

fn told(command: &mut std::process::Command, input: &[u8]) -> (i32, String, String) {
    let mut child = command.spawn().unwrap();
    // One that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (
        status.code().unwrap(),
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

/// A picture that is no other's.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 99]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn banner() -> Vec<u8> {
    picture(1080, 607, ImageFormat::Png)
}

#[test]
fn pictures_go_into_albums_and_come_back_and_are_deleted() {
    let client = Client::start();
    std::fs::create_dir(client.folder.path().join("pictures")).unwrap();
    client.file("pictures/one.png", &banner());
    client.file("pictures/two.jpg", &picture(1080, 607, ImageFormat::Jpeg));
    let (code, uploaded) = client.json(&["upload", "pictures", "--to", "facebook", "--to", "yandex-v5"]);
    assert_eq!((code, uploaded.len()), (0, 4), "{uploaded:?}");
    let made: Vec<_> = uploaded.iter().map(|line| (line["source"].as_str(), line["target"].as_str())).collect();
    assert_eq!(made[0], (Some("pictures/one.png"), Some("facebook")));
    assert_eq!(made[3], (Some("pictures/two.jpg"), Some("yandex-v5")));
    assert!(uploaded.iter().all(|line| line["result"] == "done" && line["reused"] == false));

    let (code, again) = client.json(&["upload", "pictures/one.png", "--to", "facebook"]);
    assert!(code == 0 && again[0]["reused"] == true, "{again:?}");

    let (_, listed) = client.json(&["list", "facebook"]);
    assert_eq!(listed.len(), 2);
    let (_, limited) = client.json(&["list", "facebook", "--limit", "1"]);
    assert_eq!(limited.len(), 1);

    let image = uploaded[0]["image"].as_str().unwrap();
    let (code, stdout, stderr) = client.run(&["get", image, "-o", "back.png"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(std::fs::read(client.folder.path().join("back.png")).unwrap(), banner());
    let (code, _, stderr) = client.run(&["get", image, "-o", "back.png"]);
    assert!(code == 3 && stderr.contains("--force"), "{stderr}");
    let (code, _, stderr) = client.run(&["get", image, "-o", "back.png", "--force"]);
    assert_eq!(code, 0, "{stderr}");

    let names: Vec<u8> =
        listed.iter().flat_map(|line| format!("{}\n", line["image"].as_str().unwrap()).into_bytes()).collect();
    let (code, stdout, stderr) = client.fed(&["delete", "-"], &names);
    assert!(code == 0 && stderr.contains("2 deleted"), "{stdout}{stderr}");
    let (_, left) = client.json(&["list", "facebook"]);
    assert!(left.is_empty());
    let (_, events) = client.json(&["audit", "--library", "facebook"]);
    let verbs: Vec<_> = events.iter().map(|event| event["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs.iter().filter(|verb| **verb == "delete").count(), 2, "{events:?}");
    let upload = events.iter().find(|event| event["verb"] == "upload" && event["image"] == uploaded[0]["image"]);
    assert_eq!(upload.unwrap()["provider_request_id"], uploaded[0]["provider_request_id"]);
    assert!(events.iter().all(|event| event["provider_request_id"].is_string()), "{events:?}");
}

#[test]
fn what_is_refused_is_told_with_the_rule_and_what_would_help() {
    let client = Client::start();
    client.file("small.png", &picture(40, 40, ImageFormat::Png));
    client.file("text.png", b"not a picture");
    let (code, stdout, stderr) = client.run(&["upload", "small.png", "--to", "yandex-v5"]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("RULES_VIOLATED") && stderr.contains("help: `polyptych check`"), "{stdout}{stderr}");
    assert!(stderr.contains("0 uploaded, 1 failed"), "{stderr}");

    let (code, checked) = client.json(&["check", "small.png", "text.png", "--to", "yandex-v5"]);
    assert_eq!((code, checked[0]["result"].as_str()), (1, Some("refused")));
    assert_eq!(checked[0]["violations"][0]["field"], "pixels");
    assert!(!checked[0]["plan"].as_str().unwrap().is_empty(), "{checked:?}");
    assert!(checked[1]["result"] != "accepted", "{checked:?}");
    let (code, fitted) = client.json(&["check", "small.png", "--to", "yandex-v5", "--fit", "contain"]);
    assert_eq!((code, fitted[0]["result"].as_str()), (0, Some("fitted")));

    let (code, stdout, stderr) =
        client.run(&["upload", "small.png", "--to", "yandex-v5", "--fit", "contain", "--background", "ff8000"]);
    assert!(code == 0 && stdout.contains("fitted"), "{stdout}{stderr}");
    let (code, dry) = client.json(&["upload", "small.png", "--to", "facebook", "--dry-run"]);
    assert_eq!((code, dry[0]["result"].as_str()), (0, Some("would_send")), "{dry:?}");
    let (_, listed) = client.json(&["list", "facebook"]);
    assert!(listed.is_empty());
}

#[test]
fn one_picture_is_published_to_all_libraries_and_copied_and_its_operations_are_told() {
    let client = Client::start();
    let (code, stdout, stderr) = client.fed(&["publish", "-", "--name", "mark.png", "--all"], &banner());
    assert!(code == 0 && stderr.contains("6 published"), "{stdout}{stderr}");
    let (_, listed) = client.json(&["list", "yandex-v5"]);
    let image = listed[0]["image"].as_str().unwrap();
    let (code, copied) = client.json(&["copy", image, "--to", "facebook"]);
    assert!(code == 0 && copied[0]["result"] == "done", "{copied:?}");
    let (code, operations) = client.json(&["operations", "list"]);
    let verbs: Vec<_> = operations.iter().map(|operation| operation["verb"].as_str().unwrap()).collect();
    assert_eq!((code, verbs), (0, vec!["copy", "publish"]));
    let id = operations[1]["operation"].as_str().unwrap();
    let (code, told) = client.json(&["operations", "wait", id]);
    assert!(code == 0 && told[0]["succeeded"] == 6, "{told:?}");
    assert_eq!(client.run(&["operations", "delete", id]).0, 0);
    let (code, _, stderr) = client.run(&["operations", "get", id]);
    assert!(code == 3 && stderr.contains("OPERATION_NOT_FOUND"), "{stderr}");
    let (code, figures) = client.json(&["quota", "yandex-v5"]);
    assert!(code == 0 && figures.iter().any(|figure| figure["unit"] == "points"), "{figures:?}");
    let (code, libraries) = client.json(&["libraries"]);
    assert!(code == 0 && libraries.len() == 6 && libraries[0]["can"].is_object(), "{libraries:?}");
}

#[test]
fn a_manifest_is_planned_and_applied_and_then_there_is_nothing_to_do() {
    let client = Client::start();
    client.file("banner.png", &banner());
    client.file("other.png", &picture(600, 600, ImageFormat::Png));
    assert_eq!(client.run(&["upload", "other.png", "--to", "facebook"]).0, 0);
    let manifest = "[pictures.summer]\nfile = \"banner.png\"\nalbums = [\"facebook\", \"yandex-v5\"]\n\n[albums.facebook]\ndelete_others = true\n";
    client.file("albums.toml", manifest.as_bytes());
    let (code, stdout, stderr) = client.run(&["sync", "plan", "albums.toml"]);
    assert!(code == 0 && stderr.contains("3 steps"), "{stdout}{stderr}");
    let plan = stderr.split('`').find_map(|part| part.strip_prefix("polyptych sync apply ")).unwrap().to_owned();
    let (_, planned) = client.json(&["sync", "plan", "albums.toml"]);
    assert!(planned.iter().all(|line| line["plan"].as_str().unwrap().starts_with("operations/")), "{planned:?}");
    let (code, done) = client.json(&["sync", "apply", &plan]);
    assert!(code == 0 && done.len() == 3 && done.iter().all(|line| line["result"] == "done"), "{done:?}");
    let (code, _, stderr) = client.run(&["sync", "plan", "albums.toml"]);
    assert!(code == 0 && stderr.contains("nothing to do"), "{stderr}");
    let (code, _, stderr) = client.run(&["sync", "apply", &plan]);
    assert!(code != 0 && stderr.contains("PLAN_OUTDATED"), "{code} {stderr}");
    client.file("wrong.toml", b"[pictures.a]\nfile = \"banner.png\"\nalbums = [\"nowhere\"]\n");
    let (code, _, stderr) = client.run(&["sync", "plan", "wrong.toml"]);
    assert!(code == 3 && stderr.contains("pictures.a.albums[0]"), "{stderr}");
}

/// A store with two products, and an advertisement that can show images.
#[test]
fn albums_are_found_by_code_and_advertisements_are_told_what_to_show() {
    let accounts = r#"{"evotor":[{"id":"20180413-2595-40E8-80CB-4646C05D81B6","products":["tea","milk"]}]}"#;
    let ads = r#"[{"login":"one-advertiser","ads":[{"id":17,"campaign":7}]}]"#;
    let emulator = Serving::start(&["emulate", "--listen", "127.0.0.1:0", "--accounts", accounts, "--ads", ads]);
    let folder = tempfile::tempdir().unwrap();
    let library = |id: &str, provider: &str| {
        format!(
            "[libraries.{id}]\nprovider = \"{provider}\"\ntoken = {{ env = \"A_TOKEN\" }}\nendpoint = \"{}\"\n",
            emulator.address
        )
    };
    let config = [
        library("till", "evotor"),
        library("direct", "yandex-direct-live4"),
        "default_album = \"one-advertiser\"\n[state]\nfolder = \"state\"\n".to_owned(),
    ];
    std::fs::write(folder.path().join("polyptych.toml"), config.concat()).unwrap();
    std::fs::write(folder.path().join("banner.png"), banner()).unwrap();
    let run = |arguments: &[&str]| configured(folder.path(), "A_TOKEN", arguments);
    let (code, stdout, stderr) = run(&["albums", "till"]);
    assert!(code == 0 && stdout.contains("~tea") && stdout.contains("~milk"), "{stdout}{stderr}");
    let (code, stdout, stderr) = run(&["albums", "till", "--json", "--limit", "1"]);
    assert!(code == 0 && stdout.lines().count() == 1, "{stdout}{stderr}");
    let album: Value = serde_json::from_str(&stdout).unwrap();
    let uid = album["uid"].as_str().unwrap();
    let (code, stdout, stderr) = run(&["albums", "till", uid, "--json"]);
    assert!(code == 0 && stdout.lines().count() == 1 && stdout.contains(uid), "{stdout}{stderr}");
    let (code, stdout, stderr) = run(&["albums", "till", "no", "such", "product"]);
    assert!(code == 0 && stdout.is_empty() && stderr.contains("0 albums"), "{stdout}{stderr}");

    let (code, stdout, stderr) = run(&["upload", "banner.png", "--to", "direct", "--json"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    // The last line tells the costs.
    let uploaded: Value = serde_json::from_str(stdout.lines().next().unwrap()).unwrap();
    let image = uploaded["image"].as_str().unwrap().to_owned();
    let (code, stdout, stderr) = run(&["associations", "set", "direct", &format!("17={image}"), "99=", "--json"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["advertisement"].as_str(), lines[0]["result"].as_str()), (Some("17"), Some("done")));
    assert_eq!(
        (lines[1]["result"].as_str(), lines[1]["error"]["reason"].as_str()),
        (Some("failed"), Some("PROVIDER_REFUSED"))
    );
    let (code, stdout, stderr) = run(&["associations", "list", "direct", "--image", &image, "--json"]);
    let shown: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    assert_eq!((code, shown["image"].as_str(), shown["advertisement"].as_str()), (0, Some(&*image), Some("17")));
    assert_eq!(run(&["associations", "set", "direct", "17="]).0, 0);
    let (code, _, stderr) = run(&["associations", "list", "direct", "--ad", "17"]);
    assert!(code == 0 && stderr.contains("0 associations"), "{stderr}");
    let (code, _, stderr) = run(&["associations", "list", &format!("till/{uid}")]);
    assert!(code == 3 && stderr.contains("evotor"), "{stderr}");
}

#[test]
fn what_was_done_before_a_request_failed_is_told() {
    let ads: Vec<Value> = (1..=1_000).map(|id| serde_json::json!({ "id": id, "campaign": 7 })).collect();
    let ads = serde_json::json!([{ "login": "one-advertiser", "ads": ads }]).to_string();
    let accounts = r#"{"yandex":["one-advertiser"]}"#;
    let emulator = Serving::start(&["emulate", "--listen", "127.0.0.1:0", "--accounts", accounts, "--ads", &ads]);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[libraries.direct]\nprovider = \"yandex-direct-live4\"\ntoken = {{ env = \"A_TOKEN\" }}\nendpoint = \"{}\"\n\
         default_album = \"one-advertiser\"\n[state]\nfolder = \"state\"\n",
        emulator.address
    );
    std::fs::write(folder.path().join("polyptych.toml"), config).unwrap();
    // A request has at most a thousand changes; the second is refused, since its only one names no number.
    let changes: Vec<String> = (1..=1_000).map(|ad| format!("{ad}=")).chain(["none=".to_owned()]).collect();
    let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
    let set = |more: &[&str]| {
        configured(folder.path(), "A_TOKEN", &[&["associations", "set", "direct"], &changes[..], more].concat())
    };
    let (code, stdout, stderr) = set(&[]);
    let rows = stdout.lines().filter(|line| line.trim_end().ends_with("done")).count();
    assert!(code == 3 && rows == 1_000, "{rows} {stderr}");
    assert!(stderr.contains("1000 done") && stderr.contains("error: ") && stderr.contains("advertisement"), "{stderr}");
    let (code, stdout, _) = set(&["--json"]);
    assert_eq!((code, stdout.lines().count()), (3, 1_000));
    let (code, stdout, stderr) = configured(folder.path(), "A_TOKEN", &["associations", "set", "direct", "none="]);
    assert!(code == 3 && stdout.is_empty() && !stderr.contains("0 done"), "{stdout}{stderr}");
}

#[test]
fn an_address_is_refused_item_by_item_where_the_server_must_not_call_it() {
    let client = Client::start();
    let (code, imported) = client.json(&["import", "http://127.0.0.1:1/a.png", "--to", "facebook"]);
    assert_eq!((code, imported[0]["result"].as_str()), (1, Some("failed")));
    assert_eq!(imported[0]["error"]["reason"], "SOURCE_REFUSED", "{imported:?}");
}

/// What a command prints that works with the configuration of this folder, whose token is in `variable`.
fn configured(folder: &Path, variable: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = polyptych();
    command.args(arguments).args(["--config", "polyptych.toml"]).env(variable, "a-token").current_dir(folder);
    told(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()), b"")
}

#[test]
fn a_configuration_does_without_a_facade() {
    let emulator = Serving::start(&["emulate", "--listen", "127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[libraries.ads]\nprovider = \"facebook\"\ntoken = {{ env = \"ADS_TOKEN\" }}\ndefault_album = \"1000000001\"\nendpoint = \"{}\"\n\n[state]\nfolder = \"state\"\n",
        emulator.address
    );
    std::fs::write(folder.path().join("polyptych.toml"), config).unwrap();
    std::fs::write(folder.path().join("banner.png"), banner()).unwrap();
    let run = |arguments: &[&str]| configured(folder.path(), "ADS_TOKEN", arguments);
    let (code, stdout, stderr) = run(&["publish", "banner.png", "--to", "ads"]);
    assert!(code == 0 && stderr.contains("1 published"), "{stdout}{stderr}");
    let (code, stdout, stderr) = run(&["list", "ads"]);
    assert!(code == 0 && stdout.contains("1080x607"), "{stdout}{stderr}");
    let (code, stdout, stderr) = run(&["operations", "list"]);
    assert!(code == 0 && stdout.contains("publish"), "{stdout}{stderr}");
}

#[test]
fn nobody_there_and_wrong_words_have_exit_codes_of_their_own() {
    let run = |arguments: &[&str]| {
        told(polyptych().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()), b"")
    };
    // Nothing listens on port 1 of a loopback address.
    let (code, _, stderr) = run(&["libraries", "--endpoint", "http://127.0.0.1:1"]);
    assert!(code == 3 && stderr.contains("polyptych serve"), "{stderr}");
    let (code, _, stderr) = run(&["upload", "a.png"]);
    assert!(code == 2 && stderr.contains("--to"), "{stderr}");
    let (code, _, stderr) = run(&["delete", "facebook"]);
    assert!(code == 2 && stderr.contains("LIBRARY/ALBUM/IMAGE"), "{stderr}");
    let (code, _, stderr) = run(&["list", "No Library"]);
    assert!(code == 2 && stderr.contains("library id"), "{stderr}");
    let (code, stdout, _) = run(&["completions", "bash"]);
    assert!(code == 0 && stdout.contains("polyptych"));
}

#[test]
fn what_commands_cost_is_told_and_kept_within_the_limits_that_they_are_given() {
    let client = Client::start();
    client.file("one.png", &picture(600, 600, ImageFormat::Png));
    client.file("two.png", &picture(700, 700, ImageFormat::Png));
    let albums = ["--to", "yandex-v5/a", "--to", "yandex-v5/b", "--to", "yandex-v5/c"];
    let publish = |more: &[&str]| {
        let arguments: Vec<&str> = ["publish", "one.png", "two.png"].into_iter().chain(albums).collect();
        client.counted(&[&arguments, more].concat())
    };
    let (code, _, costs) = publish(&["--dry-run"]);
    let all = serde_json::json!([
        {"library": "yandex-v5", "calls": 6, "points": 240, "bytes": costs[0]["bytes"], "evidence": "measured"}
    ]);
    assert_eq!((code, costs), (0, all));

    let (code, lines, costs) = publish(&["--max-points", "150"]);
    let results: Vec<_> = lines.iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!((code, costs[0]["points"].as_u64()), (1, Some(120)));
    assert_eq!(results.iter().filter(|result| **result == "done").count(), 3, "{lines:?}");
    let refused: Vec<_> = lines.iter().filter(|line| line["result"] == "failed").collect();
    assert!(refused.iter().all(|line| line["error"]["reason"] == "BUDGET_SPENT"), "{lines:?}");
    assert!(refused.iter().all(|line| line["error"]["applied"] == "no"), "{lines:?}");
    let (_, operations) = client.json(&["operations", "list"]);
    assert_eq!(operations.last().unwrap()["costs"][0]["points"], 120);

    // What is there costs nothing, and the rest is done.
    let (code, _, costs) = publish(&[]);
    assert_eq!((code, costs[0]["points"].as_u64()), (0, Some(120)));

    let (_, listed) = client.json(&["list", "yandex-v5/a"]);
    let images: Vec<&str> = listed.iter().map(|line| line["image"].as_str().unwrap()).collect();
    let (code, _, costs) = client.counted(&[&["delete"], &images[..], &["--max-calls", "1"]].concat());
    assert_eq!((code, costs[0]["calls"].as_u64(), costs[0]["points"].as_u64()), (0, Some(1), Some(10)));

    let (code, _, stderr) = client.run(&["publish", "one.png", "--to", "yandex-v5/a", "--max-points", "0"]);
    assert!(code == 2 && stderr.contains("--max-points"), "{stderr}");
    let (_, _, stderr) = client.run(&["upload", "one.png", "--to", "yandex-v5/a"]);
    assert!(stderr.contains("yandex-v5: 1 call, 40 points"), "{stderr}");
}
