//! The stored tables of error codes and image rules against what the reference lists.

use std::collections::BTreeSet;
use std::fs;

use polyptych_codegen::source::tables::{Size, parse_errors, parse_rules};

use crate::support::{reference, stored};

/// Codes in the first cells of the tables under `heading`: `52`, `5002 / 5003`, `10–17`, `**80**`.
fn listed(text: &str, heading: &str) -> BTreeSet<i64> {
    let section = text.split_once(heading).unwrap().1;
    let section = section.split("\n### ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    let texts = cells.flat_map(|cell| cell.split(['/', ',', '–']));
    texts.filter_map(|text| text.trim().trim_matches('*').parse().ok()).collect()
}

#[test]
fn every_code_of_the_reference_has_a_row() {
    let Some(folder) = reference() else { return };
    for (name, headings, least) in [
        ("yandex-direct-v5", &[("### 7.1", "Request"), ("### 7.2", "Item")][..], 36),
        ("yandex-direct-live4", &[("### 5.2", "Request")][..], 39),
        ("evotor", &[("### 3.1", "Request")][..], 9),
    ] {
        let document = if name == "evotor" { "evotor-images" } else { name };
        let Ok(text) = fs::read_to_string(folder.join("..").join(document).with_extension("md")) else {
            println!("skipped: there is no {document}.md beside the reference data");
            continue;
        };
        let path = format!("{name}/errors.toml");
        let rows = parse_errors(&path, &stored(&path)).unwrap();
        let mut codes = 0;
        for (heading, level) in headings {
            for code in listed(&text, heading) {
                codes += 1;
                // Successes of HTTP are no errors.
                let known = (200..300).contains(&code)
                    || rows.iter().any(|row| row.level == *level && (row.code..=row.last).contains(&code));
                assert!(known, "{path} has no row for {code} at level {level}");
            }
        }
        assert!(codes >= least, "{name}: {codes} codes found");
    }
}

#[test]
fn the_fixed_sizes_are_those_of_the_reference() {
    let Some(folder) = reference() else { return };
    let Ok(text) = fs::read_to_string(folder.join("../yandex-direct-v5.md")) else {
        println!("skipped: there is no yandex-direct-v5.md beside the reference data");
        return;
    };
    let section = text.split_once("### 5.3").unwrap().1.split("Sizes that fit both").next().unwrap();
    let sizes = section.split([',', '.', '\n']).filter_map(|text| {
        let (width, height) = text.trim().split_once('×')?;
        Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
    });
    let path = "yandex-direct-v5/rules.toml";
    let rules = parse_rules(path, &stored(path)).unwrap();
    let fixed = rules.classes.iter().find(|class| class.name == "FIXED_IMAGE").unwrap();
    let sizes: Vec<_> = sizes.collect();
    assert_eq!(sizes.len(), 44);
    assert_eq!(fixed.size, Size::Exact(sizes));
}
