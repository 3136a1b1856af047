//! The program as whoever runs it meets it: signals, variables, its log.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use futures_util::future::join_all;
use futures_util::stream;
use polyptych::proto::v1;
use tokio::sync::watch;
use tonic::transport::Channel;
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;
use v1::upload_image_request::Payload;

const PICTURE: &[u8] = include_bytes!("../../pictures/mark.png");

/// A running server.
struct Serving {
    child: Child,
    address: String,
    admin: String,
    log: BufReader<ChildStderr>,
}

impl Serving {
    fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polyptych"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"]).args(arguments);
        command.env("POLYPTYCH_LOG__FORMAT", "json").env_remove("RUST_LOG").current_dir(folder);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = |prefix: &str| lines.next().unwrap().unwrap().strip_prefix(prefix).unwrap().to_owned();
        let (address, admin) = (told("listening on "), told("watched at http://"));
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, address, admin, log }
    }

    async fn channel(&self) -> Channel {
        Channel::from_shared(self.address.clone()).unwrap().connect().await.unwrap()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The next line of the log with this message.
    fn logged(&mut self, message: &str) -> serde_json::Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the log has ended without `{message}`");
            let entry: serde_json::Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if entry["message"] == message {
                return entry;
            }
        }
    }

    fn figure(&self, name: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(&self.admin).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(libraries: &[&str]) -> String {
    let section = |id: &&str| {
        format!(
            "[libraries.{id}]\nprovider = \"facebook\"\ntoken = {{ env = \"T\" }}\nendpoint = \"http://127.0.0.1:9\"\n"
        )
    };
    libraries.iter().map(section).collect()
}

async fn libraries(channel: &Channel) -> Vec<String> {
    let listed = LibraryServiceClient::new(channel.clone()).list_libraries(v1::ListLibrariesRequest::default()).await;
    listed.unwrap().into_inner().libraries.into_iter().map(|library| library.name).collect()
}

#[tokio::test]
async fn a_hangup_takes_a_sound_configuration_over_and_leaves_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polyptych.toml");
    std::fs::write(&file, configuration(&["one"])).unwrap();
    let mut serving = Serving::start(&["--config", file.to_str().unwrap()], folder.path());
    let channel = serving.channel().await;
    assert_eq!(libraries(&channel).await, ["libraries/one"]);

    std::fs::write(&file, configuration(&["one", "two"]) + "[server]\nkeepalive_seconds = 5\n").unwrap();
    serving.signal("-HUP");
    serving.logged("the configuration was taken over");
    let told = serving.logged("a restart is needed to take this setting over");
    assert_eq!(told["setting"], "server.keepalive_seconds");
    assert_eq!(libraries(&channel).await, ["libraries/one", "libraries/two"]);

    std::fs::write(&file, configuration(&["one"]) + "[server]\ncalls_at_once = \"many\"\n").unwrap();
    serving.signal("-HUP");
    let told = serving.logged("the configuration was not taken over");
    assert!(told["error"].as_str().unwrap().contains("line 6, column 17"), "{told}");
    assert_eq!(libraries(&channel).await, ["libraries/one", "libraries/two"]);
}

#[tokio::test]
async fn a_hangup_that_comes_while_another_is_followed_is_followed_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polyptych.toml");
    std::fs::write(&file, configuration(&["one"])).unwrap();
    let mut serving = Serving::start(&["--config", file.to_str().unwrap()], folder.path());
    let channel = serving.channel().await;
    // Whoever opens a pipe waits for the other end, so that each reading begins and ends when this test lets it.
    std::fs::remove_file(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    serving.signal("-HUP");
    let mut first = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    serving.signal("-HUP");
    first.write_all(configuration(&["one", "two"]).as_bytes()).unwrap();
    drop(first);
    serving.logged("the configuration was taken over");
    std::fs::write(&file, configuration(&["three"])).unwrap();
    serving.logged("the configuration was taken over");
    assert_eq!(libraries(&channel).await, ["libraries/three"]);
}

#[tokio::test]
async fn a_hangup_that_would_leave_no_client_changes_nothing_and_says_so() {
    const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polyptych.toml");
    let client = format!("[clients.till]\nlibraries = [\"*\"]\nrights = [\"read\"]\nkeys = [\"{HASH}\"]\n");
    std::fs::write(&file, configuration(&["one"]) + &client).unwrap();
    let mut serving = Serving::start(&["--config", file.to_str().unwrap()], folder.path());
    std::fs::write(&file, configuration(&["one", "two"])).unwrap();
    serving.signal("-HUP");
    let told = serving.logged("the configuration was not taken over");
    assert!(told["error"].as_str().unwrap().contains("names no client any more"), "{told}");
    let mut client = LibraryServiceClient::new(serving.channel().await);
    let refused = client.list_libraries(v1::ListLibrariesRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn a_call_is_one_line_of_the_log_with_client_method_code_time_and_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(&["--emulate"], folder.path());
    let mut client = LibraryServiceClient::new(serving.channel().await);
    let mut request = tonic::Request::new(v1::GetLibraryRequest { name: "libraries/none".to_owned() });
    request.metadata_mut().insert("x-request-id", "order-7".parse().unwrap());
    client.get_library(request).await.unwrap_err();
    let line = serving.logged("call");
    assert_eq!(line["target"], "polyptych::access");
    assert_eq!(line["client"], "local");
    assert_eq!(line["method"], "polyptych.v1.LibraryService/GetLibrary");
    assert_eq!(line["code"], "NOT_FOUND");
    assert_eq!(line["request_id"], "order-7");
    assert!(line["seconds"].as_f64().unwrap() > 0.0, "{line}");
}

#[test]
fn health_is_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let health = |admin: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polyptych"));
        let ended = command.arg("health").env("POLYPTYCH_ADMIN__LISTEN", admin).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap())
    };
    let serving = Serving::start(&["--emulate"], folder.path());
    assert_eq!(health(&serving.admin), (Some(0), "ready\n".to_owned()));
    // Somebody who is not that port, and nobody.
    let other = serving.address.strip_prefix("http://").unwrap().to_owned();
    assert_eq!(health(&other), (Some(1), String::new()));
    let admin = serving.admin.clone();
    drop(serving);
    assert_eq!(health(&admin), (Some(1), String::new()));
}

#[test]
fn a_log_that_goes_to_no_terminal_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving =
        Serving::start(&["--emulate", "--set", "log.format=text", "--set", "log.level=debug"], folder.path());
    serving.signal("-TERM");
    let mut log = String::new();
    serving.log.read_to_string(&mut log).unwrap();
    assert!(!log.is_empty() && !log.contains('\u{1b}'), "{log:?}");
}

#[test]
fn a_mistake_of_a_variable_or_an_option_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polyptych.toml");
    std::fs::write(&file, configuration(&["ads"]) + "[state]\nworkers = 99\n").unwrap();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polyptych"));
        command.args(arguments).arg(&file).envs(variables.iter().copied()).current_dir(folder.path());
        let ended = command.output().unwrap();
        let text = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        (ended.status.code(), text.replace(file.to_str().unwrap(), "FILE"))
    };
    let variables = [
        ("POLYPTYCH_SERVER__CALLS_AT_ONCE", "many"),
        ("POLYPTYCH_ADMIN__LISTEN", "0.0.0.0:1"),
        ("POLYPTYCH_LIBRARIES__ADS__TOKEN__FIXED", "canary"),
        ("POLYPTYCH_SERVER__STREAMS_PER_CONNECTION", "0"),
        ("POLYPTYCH_STATE__WORKERS", "1"),
    ];
    let (code, text) = run(&["config", "check"], &variables);
    assert_eq!(code, Some(1), "{text}");
    for (variable, reason) in [
        ("SERVER__CALLS_AT_ONCE", "invalid type: string \"many\""),
        ("ADMIN__LISTEN", "is not a loopback address"),
        ("LIBRARIES__ADS__TOKEN__FIXED", "a token is never written here"),
        ("SERVER__STREAMS_PER_CONNECTION", "must be 1 to 10000"),
    ] {
        let told = text
            .lines()
            .any(|line| line.starts_with(&format!("variable POLYPTYCH_{variable}: ")) && line.contains(reason));
        assert!(told, "{variable} is not told in\n{text}");
    }
    // The variable mends what the file says, and no value of a token is repeated.
    assert!(!text.contains("FILE:") && !text.contains("canary") && text.lines().count() == 4, "{text}");
    let (code, text) = run(&["serve", "--set", "log.format=xml", "--set", "state.workers=1", "--config"], &[]);
    assert!(code == Some(1) && text.contains("option --set log.format: ") && text.contains("`xml`"), "{text}");
}

/// Each upload has sent its first chunk when the server is asked to end.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_in_flight_end_well_when_the_server_is_asked_to_end() {
    const CALLS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    // Nobody reads the log, and a line for each call would fill the pipe.
    let mut serving = Serving::start(&["--emulate", "--set", "log.level=warn"], folder.path());
    let (go_on, asked) = watch::channel(false);
    let channels = [serving.channel().await, serving.channel().await];
    let uploads = (0..CALLS).map(|number| {
        let (mut images, mut asked) = (ImageServiceClient::new(channels[number % 2].clone()), asked.clone());
        let metadata = v1::UploadImageMetadata {
            parent: "libraries/facebook".to_owned(),
            display_name: "mark.png".to_owned(),
            ..Default::default()
        };
        let message = |payload| v1::UploadImageRequest { payload: Some(payload) };
        let first = [Payload::Metadata(metadata), Payload::Chunk(PICTURE[..1000].to_vec().into())].map(message);
        let rest = stream::once(async move {
            asked.wait_for(|asked| *asked).await.unwrap();
            message(Payload::Chunk(PICTURE[1000..].to_vec().into()))
        });
        let messages = futures_util::StreamExt::chain(stream::iter(first), rest);
        tokio::spawn(async move { images.upload_image(messages).await.map(drop) })
    });
    let uploads: Vec<_> = uploads.collect();
    while serving.figure("polyptych_rpcs_in_flight") != Some(CALLS as f64) {
        tokio::task::yield_now().await;
    }
    let begun = std::time::Instant::now();
    serving.signal("-TERM");
    while serving.figure("polyptych_ready") != Some(0.0) {
        tokio::task::yield_now().await;
    }
    go_on.send_replace(true);
    for ended in join_all(uploads).await {
        ended.unwrap().unwrap();
    }
    drop(channels);
    let ended = tokio::task::spawn_blocking(move || {
        let mut log = String::new();
        serving.log.read_to_string(&mut log).unwrap();
        (serving.child.wait().unwrap(), log)
    });
    let (status, log) = ended.await.unwrap();
    println!(
        "{CALLS} calls in flight, none failed, ended {:.1} s after it was asked to",
        begun.elapsed().as_secs_f64()
    );
    assert!(status.success() && begun.elapsed().as_secs() <= 30);
    // What it was told of quotas a moment ago is not asked of a store that is closed.
    assert!(!log.contains("quotas") && !log.contains("closed pool"), "{log}");
}
