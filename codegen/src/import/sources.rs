//! The entries of `SOURCES.toml`: changed line by line, so that the comments and the order of the file stay.

use crate::emit::header::sha256_hex;
use crate::target::input;
use crate::{Error, Inputs, Output};

use super::Origin;

pub(super) const FILE: &str = "SOURCES.toml";

/// The list with the entries of `made` brought up to date; new ones at its end.
pub(super) fn update(stored: &Inputs, made: &Output, origin: &Origin<'_>) -> Result<String, Error> {
    let text = String::from_utf8_lossy(input(stored, FILE)?).into_owned();
    let mut blocks: Vec<String> = text.split("[[source]]\n").map(str::to_owned).collect();
    for (file, content) in made {
        let set = [
            ("origin", origin.address),
            ("version", origin.version),
            ("date", Some(origin.date)),
            ("sha256", Some(&*sha256_hex(content))),
        ]
        .map(|(key, value)| (key, value.map(|value| format!("{key} = {}", quoted(value)))));
        let named = format!("file = {}\n", quoted(file));
        if let Some(block) = blocks.iter_mut().skip(1).find(|block| block.contains(&named)) {
            let lines = block.lines().map(|line| {
                let key = line.split('=').next().unwrap_or_default().trim();
                let new = set.iter().find(|(known, _)| *known == key).and_then(|(_, line)| line.clone());
                new.unwrap_or_else(|| line.to_owned()) + "\n"
            });
            *block = lines.collect();
        } else {
            if let Some(last) = blocks.last_mut() {
                *last = format!("{}\n\n", last.trim_end());
            }
            let lines: Vec<String> = set.into_iter().filter_map(|(_, line)| line).collect();
            blocks.push(format!("{named}{}\n", lines.join("\n")));
        }
    }
    Ok(blocks.join("[[source]]\n"))
}

/// What serde_json writes as a string is a basic string of TOML too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
