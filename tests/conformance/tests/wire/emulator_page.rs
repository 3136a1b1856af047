//! The page about the emulator: what it quotes is in the file it names, and what it tells a shell to do works.

use std::path::{Path, PathBuf};
use std::process::Command;

use polyptych_conformance::reference::skipped;
use polyptych_emulator::Emulator;

/// A block of the page: what follows the language, and its text.
struct Block {
    told: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blocks() -> Vec<Block> {
    let page = std::fs::read_to_string(root().join("docs/emulator.md")).unwrap();
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        let told = head.split_once(' ').map_or("", |(_, told)| told).to_owned();
        blocks.push(Block { told, text: text.join("\n") });
    }
    blocks
}

#[test]
fn what_the_page_quotes_is_in_the_files_that_it_names() {
    let blocks = blocks();
    let quotes: Vec<&Block> = blocks.iter().filter(|block| !matches!(block.told.as_str(), "" | "run")).collect();
    for block in &quotes {
        let file =
            std::fs::read_to_string(root().join(&block.told)).unwrap_or_else(|_| panic!("no file {}", block.told));
        // Examples of a crate are in its documentation.
        let plain = file.lines().map(|line| line.strip_prefix("//! ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
        assert!(plain.contains(&block.text), "{} has no longer:\n{}", block.told, block.text);
    }
    let quoted = |file: &str| quotes.iter().any(|block| block.told.ends_with(file));
    for script in std::fs::read_dir(root().join("tests/clients")).unwrap() {
        let name = script.unwrap().file_name().into_string().unwrap();
        // Clients of our own API and what clients share are no clients of the emulator.
        let elsewhere = ["api_", "google_", "steps.py"].iter().any(|begin| name.starts_with(begin));
        let client = [".py", ".js", ".sh"].iter().any(|end| name.ends_with(end)) && !elsewhere;
        assert!(!client || quoted(&name), "{name} has no example on the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_tells_a_shell_to_do_works() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("clients", "curl is not there");
    }
    let emulator = Emulator::start().await.unwrap();
    let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.told == "run").collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let base = emulator.base_url();
        let script = block.text.clone();
        let run = move || Command::new("sh").args(["-euc", &script]).env("base", base).output();
        let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("error"), "{}\n{said}", block.text);
    }
    let apis: Vec<&str> = emulator.journal().iter().map(|entry| entry.api).collect();
    assert_eq!(apis, ["yandex-v5-json", "yandex-live4-json", "facebook"]);
    assert_eq!(emulator.faults().len(), 1);
}
