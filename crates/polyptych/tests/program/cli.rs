//! The program as its users run it.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Serving, polyptych};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych::proto::v1::ListImagesRequest;
use polyptych::proto::v1::image_service_client::ImageServiceClient;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = polyptych().args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_database_is_prepared_and_copied_once_and_a_server_is_left_to_its_own_tools() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("state.db").display());
    let copy = folder.path().join("copy.db").display().to_string();
    let (code, stdout, stderr) = run(&["db", "migrate", &database]);
    assert!(code == 0 && stdout.starts_with("brought the schema from version 0 to "), "{stdout}{stderr}");
    let (code, stdout, _) = run(&["db", "migrate", &database]);
    assert!(code == 0 && stdout.contains("nothing to do"), "{stdout}");
    let (code, stdout, stderr) = run(&["db", "backup", &database, &copy]);
    assert!(code == 0 && stdout.starts_with("copied to "), "{stdout}{stderr}");
    let (code, stdout, _) = run(&["db", "migrate", &format!("sqlite:{copy}")]);
    assert!(code == 0 && stdout.contains("nothing to do"), "{stdout}");
    let (code, _, stderr) = run(&["db", "backup", &database, &copy]);
    assert!(code == 1 && stderr.contains("is there already"), "{stderr}");
    let (code, _, stderr) = run(&["db", "backup", "postgres://me:canary@db.test/state", &copy]);
    assert!(code == 1 && stderr.contains("pg_dump") && !stderr.contains("canary"), "{stderr}");
    let (code, _, stderr) = run(&["db", "migrate", "env:POLYPTYCH_NO_SUCH_VARIABLE"]);
    assert!(code == 1 && stderr.contains("POLYPTYCH_NO_SUCH_VARIABLE"), "{stderr}");
}

#[test]
fn the_demo_publishes_the_included_pictures_to_all_six_libraries() {
    let (code, stdout, stderr) = run(&["demo"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    for library in ["yandex-v5 ", "yandex-v5-soap", "yandex-live4 ", "yandex-live4-soap", "facebook", "evotor"] {
        let rows = stdout.lines().filter(|line| line.contains(library) && line.trim_end().ends_with("ok"));
        assert_eq!(rows.count(), 3, "{library}\n{stdout}");
    }
    assert!(stdout.contains("PNG 300x300"), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    assert!(stdout.trim_end().ends_with("all of it held"), "{stdout}");
}

#[test]
fn the_demo_takes_a_photo_of_twelve_megapixels() {
    let photo = RgbImage::from_fn(4000, 3000, |x, y| {
        let wave = |n: u32, period: u32| ((n * 255 / period) % 256) as u8;
        Rgb([wave(x + y, 900), wave(x, 400) / 2 + wave(y, 37) / 4, wave(y, 700)])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(photo).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.jpg");
    std::fs::write(&path, bytes.into_inner()).unwrap();
    let (code, stdout, stderr) = run(&["demo", path.to_str().unwrap()]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(stdout.lines().filter(|line| line.trim_end().ends_with(" ok")).count(), 6, "{stdout}");
}

#[test]
fn the_demo_tells_which_library_refused_what_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.jpg");
    std::fs::write(&path, "<html></html>").unwrap();
    // Wide enough that nothing is broken into lines.
    let output = polyptych().args(["demo", path.to_str().unwrap()]).env("COLUMNS", "300").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert_eq!(stdout.matches("not an image").count(), 6, "{stdout}");
    assert!(stdout.contains("not all of it held"), "{stdout}");
}

/// A pipe that nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn output_that_nobody_reads_changes_no_exit_code() {
    let status = |arguments: &[&str]| {
        polyptych().args(arguments).stdout(closed_pipe()).stderr(closed_pipe()).status().unwrap().code()
    };
    assert_eq!(status(&["demo"]), Some(0));
    assert_eq!(status(&["demo", "no-such-file.jpg"]), Some(1));
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    let asked = |arguments: &[&str]| status(&[arguments, &["--endpoint", &serving.address]].concat());
    assert_eq!(asked(&["libraries"]), Some(0));
    assert_eq!(asked(&["upload", "pictures", "--to", "facebook", "--to", "yandex-v5"]), Some(1));
    assert_eq!(asked(&["sync", "plan", "no-such-file.toml"]), Some(3));
}

#[test]
fn a_file_longer_than_the_facade_takes_is_not_read_to_its_end() {
    let endless = tempfile::NamedTempFile::new().unwrap();
    endless.as_file().set_len(1 << 40).unwrap();
    let (code, _, stderr) = run(&["demo", endless.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(stderr.contains("longer than the 67108864 bytes"), "{stderr}");
}

#[test]
fn a_missing_file_is_named() {
    let (code, _, stderr) = run(&["demo", "no-such-file.jpg"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot read `no-such-file.jpg`"), "{stderr}");
}

#[test]
fn serving_needs_a_configuration_that_makes_sense() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("polyptych.toml");
    let serve = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let (code, _, stderr) = run(&["serve", "--listen", "127.0.0.1:0", "--config", path.to_str().unwrap()]);
        assert_eq!(code, 1, "{stderr}");
        stderr
    };
    let cases = [
        ("", "names no library"),
        ("[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\nencoding = \"soap\"\n", "encoding"),
        ("[libraries.A]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n", "library id `A`"),
        (
            "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\nendpoint = \"http://example.com\"\n",
            "https",
        ),
        ("[libraries.a]\nprovider = \"evotor\"\ntoken = { env = \"T\" }\nversion = \"v2\"\n", "version"),
        ("libraries = 1", "libraries"),
        (
            "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n[state]\nurl = \"mysql://a/b\"\n",
            "sqlite: or postgres://",
        ),
    ];
    for (text, hint) in cases {
        let stderr = serve(text);
        assert!(stderr.contains(hint), "{text}\n{stderr}");
    }
    let (code, _, stderr) = run(&["serve"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("--config"), "{stderr}");
}

#[test]
fn checking_a_configuration_tells_every_mistake_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("polyptych.toml");
    let file = path.to_str().unwrap();
    let sound = "[libraries.a]\nprovider = \"facebook\"\ntoken = { env = \"T\" }\n";
    std::fs::write(&path, sound).unwrap();
    let (code, stdout, stderr) = run(&["config", "check", file]);
    assert_eq!((code, stdout, stderr), (0, format!("{file}: 1 library and no mistake\n"), String::new()));
    std::fs::write(&path, format!("{sound}encoding = \"soap\"\n[libraries.b]\nprovider = \"x\"\n")).unwrap();
    let (code, stdout, stderr) = run(&["config", "check", file]);
    assert_eq!((code, stderr), (1, String::new()));
    let places: Vec<_> =
        stdout.lines().map(|line| line.strip_prefix(file).unwrap().split(": ").next().unwrap()).collect();
    assert_eq!(places, [":4:1", ":5:1", ":6:12"], "{stdout}");
    let (code, stdout, stderr) = run(&["config", "check", "no-such-file.toml"]);
    assert_eq!((code, stdout), (1, String::new()));
    assert!(stderr.contains("no-such-file.toml"), "{stderr}");
}

/// The caller learns that the library is at fault, the operator which variable holds no token.
#[tokio::test]
async fn a_token_that_is_missing_is_named_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (config, log) = (folder.path().join("polyptych.toml"), folder.path().join("log"));
    let library = "provider = \"facebook\"\ntoken = { env = \"NO_TOKEN_HERE\" }\ndefault_album = \"1\"\n";
    std::fs::write(&config, format!("[libraries.ads]\n{library}endpoint = \"http://127.0.0.1:9\"\n")).unwrap();
    let mut command = polyptych();
    // Its state goes there, too.
    command.current_dir(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
    let mut serving = Serving::spawn(command.env_remove("NO_TOKEN_HERE").stderr(std::fs::File::create(&log).unwrap()));
    let mut images = ImageServiceClient::connect(serving.address.clone()).await.unwrap();
    let request = ListImagesRequest { parent: "libraries/ads".to_owned(), ..Default::default() };
    let status = images.list_images(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition, "{status}");
    drop(images);
    // All lines are written when it has ended.
    assert_eq!(tokio::task::spawn_blocking(move || asked_to_end(&mut serving)).await.unwrap(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("`NO_TOKEN_HERE` is not set"), "{log}");
}

#[test]
fn serving_on_an_address_that_others_reach_is_refused_without_authentication() {
    let (code, _, stderr) = run(&["serve", "--emulate", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("loopback"), "{stderr}");
}

#[test]
fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in [&["emulate", "--listen", &*address][..], &["serve", "--emulate", "--listen", &*address]] {
        let (code, _, stderr) = run(command);
        assert_eq!(code, 1);
        assert!(stderr.contains(&address), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_server_ends_cleanly_when_it_is_asked_to() {
    for command in [&["serve", "--emulate", "--listen", "127.0.0.1:0"][..], &["emulate", "--listen", "127.0.0.1:0"]] {
        assert_eq!(asked_to_end(&mut Serving::start(command)), Some(0), "{command:?}");
    }
}

/// The exit code of a server that is asked to end.
fn asked_to_end(serving: &mut Serving) -> Option<i32> {
    let id = serving.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    serving.child.wait().unwrap().code()
}

/// The README's calls, made by a gRPC client that we did not write.
#[test]
fn buf_lists_libraries_and_uploads_a_picture_through_reflection() {
    if Command::new("buf").arg("--version").output().is_err() {
        let required =
            std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|item| item == "clients"));
        assert!(!required, "clients are required and buf is not on the PATH");
        println!("skipped: buf is not on the PATH");
        return;
    }
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    let call = |method: &str, data: &Path| {
        let Output { status, stdout, stderr } = Command::new("buf")
            .args(["curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data"])
            .arg(format!("@{}", data.display()))
            .arg(format!("{}/polyptych.v1.{method}", serving.address))
            .output()
            .unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.json");
    std::fs::write(&data, "{}").unwrap();
    assert_eq!(call("LibraryService/ListLibraries", &data).matches("\"encoding\"").count(), 6);

    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/mark.png");
    let base64 = base64_simd::STANDARD.encode_to_string(std::fs::read(picture).unwrap());
    let metadata = r#"{"metadata": {"parent": "libraries/facebook", "display_name": "mark.png"}}"#;
    std::fs::write(&data, format!("{metadata}\n{{\"chunk\": \"{base64}\"}}\n")).unwrap();
    let uploaded = call("ImageService/UploadImage", &data);
    assert!(uploaded.contains("libraries/facebook/albums/1000000001/images/"), "{uploaded}");
}
