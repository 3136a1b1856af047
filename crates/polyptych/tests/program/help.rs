//! What every command says of itself in a terminal of 80 columns, as `tests/help` has it. `POLYPTYCH_BLESS=1` writes it anew:
//! read it as somebody who has never seen it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The columns of the smallest terminal.
const WIDTH: usize = 80;

fn help(command: &[String]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_polyptych"));
    let output = program.args(command).arg("--help").env("COLUMNS", WIDTH.to_string()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    // Between the paragraphs of an option clap leaves its indentation.
    String::from_utf8(output.stdout).unwrap().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The names below `Commands:`, with what is said of each.
fn commands(help: &str) -> Vec<(String, String)> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines {
        match line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
            Some(rest) => {
                let (name, summary) = rest.split_once(' ').unwrap_or((rest, ""));
                found.push((name.to_owned(), summary.trim().to_owned()));
            }
            None => found.last_mut().unwrap().1.push_str(&format!("\n{}", line.trim())),
        }
    }
    found.retain(|(name, _)| name != "help");
    found
}

/// Every command below this one, and its help.
fn collect(command: &[String], all: &mut BTreeMap<String, String>) {
    let text = help(command);
    for (name, summary) in commands(&text) {
        assert!(!summary.is_empty() && !summary.contains('\n'), "{command:?} {name}: {summary:?} is not one line");
        assert!(!summary.ends_with('.'), "{command:?} {name}: {summary}");
        collect(&[command, &[name]].concat(), all);
    }
    let name = if command.is_empty() { "polyptych".to_owned() } else { command.join("-") };
    all.insert(format!("{name}.txt"), text);
}

#[test]
fn help_is_as_it_was_read_and_fits_eighty_columns() {
    let mut all = BTreeMap::new();
    collect(&[], &mut all);
    assert!(all.len() > 30, "{:?}", all.keys());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    if std::env::var_os("POLYPTYCH_BLESS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in &all {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &all {
        let long: Vec<_> = text.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert!(long.is_empty(), "{name}: {long:#?}");
    }
    let kept: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    let names = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&all), "POLYPTYCH_BLESS=1 writes them anew");
    for (name, text) in &all {
        assert_eq!(&kept[name], text, "{name}: POLYPTYCH_BLESS=1 writes it anew");
    }
}
