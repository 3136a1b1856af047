//! The session of the README: each of its commands is run by a shell, against emulated libraries, and prints what stands there.
//! `POLYPTYCH_BLESS=1` writes what they print into the README. What a user is to learn from it is asserted beside.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Serving;

/// What begins and ends the session.
const FENCES: (&str, &str) = ("```console\n", "```\n");
/// Columns that the README has room for.
const COLUMNS: &str = "96";

/// A command, and what it printed.
struct Step {
    command: String,
    printed: String,
    code: i32,
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")
}

/// What stands before the session, its commands with what they print, and what stands behind.
fn read(text: &str) -> (&str, Vec<(String, String)>, &str) {
    let (before, rest) = text.split_once(FENCES.0).unwrap();
    let (session, after) = rest.split_once(FENCES.1).unwrap();
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in session.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push((command.to_owned(), String::new())),
            None => steps.last_mut().unwrap().1.push_str(&format!("{line}\n")),
        }
    }
    (before, steps, after)
}

/// Replaces what differs from run to run by something as long: times, ids of operations and ids that Evotor makes.
fn settled(printed: &str) -> String {
    let mut settled = String::new();
    for line in printed.lines() {
        let words = line.split_inclusive(' ').map(|word| {
            let bare = word.trim_end_matches([' ', '`']);
            let rest = &word[bare.len()..];
            let like = |pattern: &str| {
                bare.len() == pattern.len()
                    && bare.bytes().zip(pattern.bytes()).all(|(found, wanted)| match wanted {
                        b'0' => found.is_ascii_digit(),
                        b'x' => found.is_ascii_hexdigit(),
                        wanted => found == wanted,
                    })
            };
            let uuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
            let told = match bare {
                _ if like("0000-00-00") => "2026-01-31".to_owned(),
                _ if like("00:00:00") => "12:00:00".to_owned(),
                _ if like(uuid) => "0198c0de-0000-4000-8000-000000000000".to_owned(),
                _ if line.contains(" evotor ") && like("xxxxxxx…xxxx") => "0198c0d…0000".to_owned(),
                _ if bare.starts_with("operations/") => "operations/ID".to_owned(),
                _ => bare.to_owned(),
            };
            told + rest
        });
        settled.push_str(words.collect::<String>().trim_end());
        settled.push('\n');
    }
    settled
}

/// The pictures that come with the program.
fn copy_pictures(to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn run(commands: Vec<(String, String)>) -> Vec<Step> {
    let serving = Serving::start(&["serve", "--emulate", "--listen", "127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    copy_pictures(&folder.path().join("pictures"));
    let program = Path::new(env!("CARGO_BIN_EXE_polyptych")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut plan = String::new();
    let mut steps = Vec::new();
    for (command, told) in commands {
        // A file that the reader is shown is the one that is used.
        if let Some(file) = command.strip_prefix("cat ") {
            std::fs::write(folder.path().join(file), told).unwrap();
        }
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("{{ {}; }} 2>&1", command.replace("operations/ID", &plan)))
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .env("PATH", &path)
            .env("COLUMNS", COLUMNS)
            .env("POLYPTYCH_ENDPOINT", &serving.address)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        if let Some(name) = printed.split(['`', ' ']).find(|word| word.starts_with("operations/")) {
            name.clone_into(&mut plan);
        }
        steps.push(Step { command, printed: settled(&printed), code: output.status.code().unwrap() });
    }
    steps
}

#[test]
fn the_session_of_the_readme_prints_what_stands_there_and_does_what_it_says() {
    let text = std::fs::read_to_string(readme()).unwrap();
    let (before, commands, after) = read(&text);
    let steps = run(commands);
    let session: String = steps.iter().map(|step| format!("$ {}\n{}", step.command, step.printed)).collect();
    let written = [before, FENCES.0, &session, FENCES.1, after].concat();
    if std::env::var_os("POLYPTYCH_BLESS").is_some() {
        std::fs::write(readme(), &written).unwrap();
    } else {
        assert_eq!(read(&text).1, read(&written).1, "POLYPTYCH_BLESS=1 writes it anew");
    }

    let mut left = steps.iter();
    // What a user does next, in this order: the command, its exit code, and what has to be seen.
    let mut did = |command: &str, code: i32, seen: &[&str]| {
        let step = left.by_ref().find(|step| step.command.starts_with(command));
        let step = step.unwrap_or_else(|| panic!("`{command}` is not in the session"));
        assert_eq!(step.code, code, "{}\n{}", step.command, step.printed);
        for text in seen {
            assert!(step.printed.contains(text), "{}\n{}", step.command, step.printed);
        }
    };
    // A folder goes into two libraries; one picture is refused, with where to learn why.
    did("polyptych upload pictures", 1, &["5 uploaded, 1 failed", "RULES_VIOLATED", "help: `polyptych check`"]);
    did("polyptych check pictures/banner.gif", 1, &["refused", "728x410", "contain to"]);
    did("polyptych upload pictures/banner.gif", 0, &["fitted", "1 uploaded"]);
    did("polyptych publish", 0, &["6 published", "was there"]);
    did("polyptych sync plan", 0, &["2 steps", "polyptych sync apply operations/"]);
    did("polyptych sync apply", 0, &["2 done"]);
    did("polyptych quota", 0, &["points"]);
    did("polyptych list facebook --names | polyptych delete -", 0, &["1 deleted"]);
    did("polyptych list facebook", 0, &["0 images"]);
}
