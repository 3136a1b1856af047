//! `cargo xtask policy`: what dependencies may be, by the `deny.toml` that cargo-deny reads as well: licences, sources
//! and duplicate versions. The checks are pure functions of the graph and the file.

mod license;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::metadata::{self, Package, Source};

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let text = fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let rules = Rules::parse(&text)?;
    let packages = metadata::read(root)?.packages;
    let others: Vec<Package> = packages.into_iter().filter(|package| !package.ours).collect();
    let broken: Vec<String> =
        [licenses(&others, &rules), sources(&others), duplicates(&others, &rules)].into_iter().flatten().collect();
    for line in &broken {
        eprintln!("{line}");
    }
    if broken.is_empty() {
        println!("{} packages of others keep to the policy", others.len());
    }
    Ok(broken.is_empty())
}

/// What `deny.toml` says, as far as it is read here.
#[derive(Debug)]
struct Rules {
    /// `licenses.allow`: SPDX identifiers.
    allow: BTreeSet<String>,
    /// `bans.skip`: `name@version` that may be there beside another version.
    skip: BTreeSet<String>,
}

impl Rules {
    fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().context("deny.toml is not TOML")?;
        let list = |section: &str, key: &str| {
            let list = table.get(section).and_then(|section| section.get(key)).and_then(Value::as_array);
            list.with_context(|| format!("deny.toml has no list {section}.{key}"))
        };
        let mut allow = BTreeSet::new();
        for license in list("licenses", "allow")? {
            allow.insert(license.as_str().context("licenses.allow holds texts")?.to_owned());
        }
        let mut skip = BTreeSet::new();
        for entry in list("bans", "skip")? {
            let package = entry.get("crate").and_then(Value::as_str).context("bans.skip entries name a `crate`")?;
            let reason = entry.get("reason").and_then(Value::as_str).unwrap_or_default();
            anyhow::ensure!(!reason.trim().is_empty(), "bans.skip: `{package}` needs a `reason`");
            anyhow::ensure!(package.contains('@'), "bans.skip: `{package}` needs a version: `name@version`");
            skip.insert(package.to_owned());
        }
        Ok(Self { allow, skip })
    }
}

fn licenses(packages: &[Package], rules: &Rules) -> Vec<String> {
    let mut broken = Vec::new();
    for package in packages {
        let name = id(package);
        match package.license.as_deref().map(|license| (license, license::allows(license, &rules.allow))) {
            None => broken.push(format!("{name}: states no licence")),
            Some((_, Some(true))) => {}
            Some((license, Some(false))) => broken.push(format!("{name}: licence `{license}` is not allowed")),
            Some((license, None)) => broken.push(format!("{name}: `{license}` is not a licence expression")),
        }
    }
    broken
}

fn sources(packages: &[Package]) -> Vec<String> {
    let foreign = packages.iter().filter_map(|package| match &package.source {
        Source::Path | Source::Registry => None,
        Source::Other(source) => Some(format!("{}: comes from {source}", id(package))),
    });
    foreign.collect()
}

/// Packages with more than one version that is not skipped, and skips of nothing.
fn duplicates(packages: &[Package], rules: &Rules) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let mut broken = Vec::new();
    for (name, versions) in &versions {
        let counted: Vec<&str> =
            versions.iter().copied().filter(|version| !rules.skip.contains(&format!("{name}@{version}"))).collect();
        if counted.len() > 1 {
            broken.push(format!("{name}: there are versions {}", counted.join(" and ")));
        }
    }
    for skip in &rules.skip {
        let several = skip.split_once('@').and_then(|(name, version)| Some((versions.get(name)?, version)));
        if !several.is_some_and(|(versions, version)| versions.contains(version) && versions.len() > 1) {
            broken.push(format!("deny.toml: bans.skip `{skip}` skips nothing; remove it"));
        }
    }
    broken
}

fn id(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0"]
        [bans]
        skip = [{ crate = "old@1.0.0", reason = "b still needs it" }]
    "#;

    fn package(name: &str, version: &str, license: Option<&str>, source: Source) -> Package {
        let license = license.map(str::to_owned);
        Package { name: name.to_owned(), version: version.to_owned(), ours: false, license, source }
    }

    fn versions(list: &[(&str, &str)]) -> Vec<Package> {
        list.iter().map(|(name, version)| package(name, version, Some("MIT"), Source::Registry)).collect()
    }

    #[test]
    fn a_licence_must_be_stated_and_allowed() {
        let rules = Rules::parse(DENY).unwrap();
        let packages = [
            package("good", "1.0.0", Some("MIT OR GPL-3.0"), Source::Registry),
            package("bad", "1.0.0", Some("GPL-3.0"), Source::Registry),
            package("mute", "1.0.0", None, Source::Registry),
        ];
        let broken = licenses(&packages, &rules);
        assert_eq!(broken, ["bad@1.0.0: licence `GPL-3.0` is not allowed", "mute@1.0.0: states no licence"]);
    }

    #[test]
    fn packages_come_from_the_registry_or_a_folder() {
        let git = Source::Other("git+https://example.com/x".to_owned());
        let packages = [package("a", "1.0.0", None, Source::Path), package("b", "1.0.0", None, git)];
        assert_eq!(sources(&packages), ["b@1.0.0: comes from git+https://example.com/x"]);
    }

    #[test]
    fn a_second_version_needs_a_skip() {
        let rules = Rules::parse(DENY).unwrap();
        assert_eq!(duplicates(&versions(&[("old", "1.0.0"), ("old", "2.0.0")]), &rules), Vec::<String>::new());
        let broken = duplicates(&versions(&[("old", "1.0.0"), ("old", "2.0.0"), ("old", "3.0.0")]), &rules);
        assert_eq!(broken, ["old: there are versions 2.0.0 and 3.0.0"]);
    }

    #[test]
    fn a_skip_that_skips_nothing_is_reported() {
        let rules = Rules::parse(DENY).unwrap();
        let broken = duplicates(&versions(&[("old", "1.0.0")]), &rules);
        assert_eq!(broken, ["deny.toml: bans.skip `old@1.0.0` skips nothing; remove it"]);
    }

    #[test]
    fn a_skip_without_a_reason_is_refused() {
        let error = Rules::parse(&DENY.replace("b still needs it", " ")).unwrap_err();
        assert_eq!(error.to_string(), "bans.skip: `old@1.0.0` needs a `reason`");
    }
}
