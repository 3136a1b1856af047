//! Commands in a real terminal, which tmux is: at 80 columns and at 200, with a bar, a terminal that changes its size, and
//! Ctrl-C. Skipped where tmux is not there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::support::Serving;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// How long a terminal may show nothing new before what is waited for counts as never coming.
const SILENCE: Duration = Duration::from_secs(60);

/// A server of tmux with one terminal, in which a shell runs; ended when dropped.
struct Terminal {
    tmux: Tmux,
    folder: TempDir,
    watcher: Child,
    /// One for each change of what the terminal shows.
    changes: Receiver<()>,
}

/// How a server of tmux is called.
struct Tmux {
    socket: String,
}

impl Terminal {
    /// Absent without tmux, unless it is required.
    fn open(columns: u16, lines: u16, endpoint: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            let required = std::env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|one| one == "tmux"), "tmux is required and not on the PATH");
            println!("skipped: tmux is not on the PATH");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let tmux = Tmux { socket: folder.path().join("tmux").display().to_string() };
        let program = Path::new(env!("CARGO_BIN_EXE_polyptych")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let (columns, lines) = (columns.to_string(), lines.to_string());
        tmux.call(&[
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &lines,
            "env",
            "-i",
            "PS1=> ",
            "TERM=screen",
            &format!("PATH={path}"),
            &format!("POLYPTYCH_ENDPOINT={endpoint}"),
            "sh",
            "-c",
            &format!("cd '{}' && exec sh", folder.path().display()),
        ]);
        let (watcher, changes) = tmux.watch();
        Some(Self { tmux, folder, watcher, changes })
    }

    fn write(&self, line: &str) {
        self.tmux.call(&["send-keys", "-l", line]);
        self.tmux.call(&["send-keys", "Enter"]);
    }

    /// All lines, once they hold what is waited for.
    fn until(&self, seen: &str) -> String {
        loop {
            let shown = self.tmux.call(&["capture-pane", "-p", "-S", "-"]);
            if shown.contains(seen) {
                return shown;
            }
            let changed = self.changes.recv_timeout(SILENCE);
            assert!(changed.is_ok(), "`{seen}` is not to be seen in\n{shown}");
            // Many changes are looked at together.
            while self.changes.try_recv().is_ok() {}
        }
    }
}

impl Tmux {
    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-S", &self.socket]).env("LC_ALL", "C.UTF-8");
        command
    }

    fn call(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A client that is told what the terminal shows, and has no size of its own.
    fn watch(&self) -> (Child, Receiver<()>) {
        let attach = ["-C", "attach-session", "-f", "ignore-size"];
        let mut watcher = self.command().args(attach).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(watcher.stdout.take().unwrap()).split(b'\n').map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with(b"%session-changed")), "tmux ended");
        let (sender, changes) = mpsc::channel();
        std::thread::spawn(move || {
            for _ in lines.filter(|line| line.starts_with(b"%output")) {
                if sender.send(()).is_err() {
                    return;
                }
            }
        });
        (watcher, changes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.tmux.command().arg("kill-server").output();
        let _ = self.watcher.wait();
    }
}

/// A façade whose Facebook takes its time, and pictures that are no other's.
fn slow() -> (Serving, Serving, TempDir) {
    let latency = r#"[{"api":"facebook","operation":"adimages.create","millis":400}]"#;
    let emulator = Serving::start(&["emulate", "--listen", "127.0.0.1:0", "--latency", latency]);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[libraries.ads]\nprovider = \"facebook\"\ntoken = {{ env = \"ADS_TOKEN\" }}\ndefault_album = \"1000000001\"\n\
         endpoint = \"{}\"\n[state]\nfolder = \"state\"\n",
        emulator.address
    );
    std::fs::write(folder.path().join("polyptych.toml"), config).unwrap();
    let mut command = crate::support::polyptych();
    command.args(["serve", "--config", "polyptych.toml", "--listen", "127.0.0.1:0"]).env("ADS_TOKEN", "a-token");
    let facade = Serving::spawn(command.current_dir(folder.path()));
    (emulator, facade, folder)
}

fn pictures(folder: &Path, count: u8) {
    std::fs::create_dir(folder.join("many")).unwrap();
    for number in 0..count {
        let pixels = RgbImage::from_fn(600, 600, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, number]));
        pixels.save_with_format(folder.join(format!("many/picture-{number:02}.png")), ImageFormat::Png).unwrap();
    }
}

#[test]
fn a_table_is_as_wide_as_the_terminal_and_ids_are_whole_where_they_fit() {
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    for (columns, lines, whole) in [(80, 24, false), (200, 50, true)] {
        let Some(terminal) = Terminal::open(columns, lines, &serving.address) else { return };
        pictures(terminal.folder.path(), 2);
        terminal.write("polyptych publish many --all --policy force --replace; echo code $?");
        let shown = terminal.until("code 0");
        assert!(shown.contains("12 published"), "{shown}");
        let rows: Vec<_> =
            shown.lines().filter(|line| line.contains("many/picture-") && line.contains(" ok")).collect();
        assert_eq!((rows.len(), rows.iter().any(|row| row.contains('…'))), (12, !whole), "{shown}");
    }
}

#[test]
fn ctrl_c_ends_a_command_that_waits_for_its_input() {
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    let Some(terminal) = Terminal::open(80, 24, &serving.address) else { return };
    terminal.write("polyptych upload - --name a.png --to facebook; echo code $?");
    terminal.until("uploading 0 B");
    terminal.tmux.call(&["send-keys", "C-c"]);
    terminal.until("Ctrl-C again gives them up");
    terminal.tmux.call(&["send-keys", "C-c"]);
    let shown = terminal.until("code 130");
    assert!(shown.contains("given up"), "{shown}");
}

/// What a command prints with `--json`, beside its costs.
fn told(endpoint: &str, arguments: &[&str]) -> Vec<Value> {
    let output = crate::support::polyptych().args(arguments).args(["--json", "--endpoint", endpoint]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A resource name as tables show it.
fn short(name: &Value) -> String {
    name.as_str().unwrap().replacen("libraries/", "", 1).replace("/albums/", "/").replace("/images/", "/")
}

#[test]
fn what_is_copied_from_a_terminal_is_broken_neither_in_tables_nor_in_errors() {
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 2);
    let many = folder.path().join("many").display().to_string();
    let published = told(&serving.address, &["publish", &many, "--to", "facebook", "--to", "yandex-v5"]);
    assert!(published.iter().all(|line| line["result"] != "failed"), "{published:?}");
    let of = |arguments: &[&str], field: &str| -> Vec<String> {
        told(&serving.address, arguments).iter().map(|line| short(&line[field])).collect()
    };
    let operations = of(&["operations", "list"], "operation");
    let operations: Vec<_> = operations.iter().map(|name| name.replace("operations/", "")).collect();
    let shown = [
        ("libraries", of(&["libraries"], "default_album")),
        ("audit", of(&["audit"], "image")),
        ("audit", of(&["audit"], "provider_request_id")),
        ("operations list", operations),
        ("list facebook", of(&["list", "facebook"], "image")),
    ];
    let small = folder.path().join("small.png");
    RgbImage::new(10, 10).save_with_format(&small, ImageFormat::Png).unwrap();
    let small = small.display().to_string();
    let refused = told(&serving.address, &["upload", &small, "--to", "yandex-v5"]);
    let reason = refused[0]["error"]["message"].as_str().unwrap();
    for (columns, lines) in [(80, 24), (200, 50)] {
        for (command, copied) in &shown {
            let Some(terminal) = Terminal::open(columns, lines, &serving.address) else { return };
            terminal.write(&format!("polyptych {command}; echo code $?"));
            let text = terminal.until("code 0");
            assert!(copied.len() >= 2, "{command}: {copied:?}");
            for one in copied {
                assert!(text.lines().any(|line| line.contains(one)), "{command} at {columns}: {one}\n{text}");
            }
            // Rows have a line each in a table, and no line is longer than the terminal, or it would go on in another.
            let joined = terminal.tmux.call(&["capture-pane", "-p", "-J", "-S", "-"]);
            let long: Vec<_> = joined.lines().filter(|line| line.trim_end().chars().count() > columns.into()).collect();
            assert!(long.is_empty(), "{command} at {columns}: {long:#?}");
        }
        let Some(terminal) = Terminal::open(columns, lines, &serving.address) else { return };
        terminal.write(&format!("polyptych upload {small} --to yandex-v5; echo code $?"));
        let text = terminal.until("code 1");
        let words: Vec<_> = text.split_whitespace().collect();
        assert!(reason.len() > 100 && words.join(" ").contains(reason), "{columns}: {reason}\n{text}");
    }
}

#[test]
fn a_bar_is_followed_while_the_terminal_changes_its_size_and_ctrl_c_tells_what_was_done() {
    let (_emulator, facade, _state) = slow();
    let Some(terminal) = Terminal::open(80, 24, &facade.address) else { return };
    pictures(terminal.folder.path(), 16);
    terminal.write("polyptych upload many --to ads --jobs 2; echo code $?");
    let shown = terminal.until("uploading █");
    let bars = shown.lines().filter(|line| line.starts_with("uploading"));
    assert!(bars.clone().count() == 1 && bars.clone().all(|bar| bar.contains("/s ")), "{shown}");
    terminal.tmux.call(&["resize-window", "-x", "120", "-y", "30"]);
    terminal.tmux.call(&["send-keys", "C-c"]);
    let shown = terminal.until("code 130");
    assert!(shown.contains("finishing the uploads under way"), "{shown}");
    let count = |what: &str| {
        let before = shown.split_once(what).unwrap_or_else(|| panic!("{what}\n{shown}")).0;
        before.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse::<usize>().unwrap()
    };
    let (uploaded, left) = (count(" uploaded,"), count(" not begun"));
    assert!(uploaded > 0 && left > 0 && uploaded + left == 16, "{shown}");
    assert_eq!(shown.lines().filter(|line| line.contains("many/picture-")).count(), uploaded, "{shown}");
    // The bar is gone; only where Ctrl-C was pressed its last picture stands.
    assert!(shown.lines().filter(|line| line.starts_with("uploading")).count() <= 1, "{shown}");
}
