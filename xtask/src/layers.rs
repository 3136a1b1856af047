//! `cargo xtask layers`: who may know whom. The tables are the rule; the check is a pure function of the graph.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::metadata::{self, Graph};

/// Which of our packages a package of ours may name. Test crates may name all (`*`), and nothing else may name them.
const MAY_KNOW: &[(&str, &[&str])] = &[
    (
        "polyptych",
        &[
            "polyptych-facade",
            "polyptych-providers",
            "polyptych-store",
            "polyptych-emulator",
            "polyptych-domain",
            "polyptych-proto",
            "polyptych-transport",
        ],
    ),
    ("polyptych-facade", &["polyptych-proto", "polyptych-domain"]),
    (
        "polyptych-providers",
        &[
            "polyptych-domain",
            "polyptych-wire-yandex",
            "polyptych-wire-facebook",
            "polyptych-wire-evotor",
            "polyptych-wire",
            "polyptych-transport",
        ],
    ),
    ("polyptych-store", &["polyptych-domain", "polyptych-failpoint"]),
    ("polyptych-domain", &["polyptych-imaging"]),
    ("polyptych-transport", &["polyptych-wire", "polyptych-failpoint"]),
    ("polyptych-wire-yandex", &["polyptych-wire"]),
    ("polyptych-wire-facebook", &["polyptych-wire"]),
    ("polyptych-wire-evotor", &["polyptych-wire"]),
    ("polyptych-wire", &[]),
    ("polyptych-imaging", &[]),
    ("polyptych-proto", &[]),
    ("polyptych-failpoint", &[]),
    ("polyptych-emulator", &[]),
    ("polyptych-codegen", &[]),
    ("xtask", &["polyptych-codegen"]),
    ("polyptych-bench", &["*"]),
    ("polyptych-conformance", &["*"]),
    ("polyptych-e2e", &["*"]),
    ("polyptych-cost", &["*"]),
    ("polyptych-crash", &["*"]),
    ("polyptych-faults", &["*"]),
    ("polyptych-hostile", &["*"]),
    ("polyptych-postgres", &[]),
    ("polyptych-s3", &[]),
    ("polyptych-service", &["*"]),
    ("polyptych-stores", &["*"]),
];

/// Which of our packages may name these packages of others.
const NAMED_BY: &[(&[&str], &[&str])] = &[
    (&["reqwest", "hyper-rustls"], &["polyptych-transport"]),
    (&["hyper"], &["polyptych-transport", "polyptych-emulator", "polyptych-facade"]),
    // The program's own way to a façade in its process is a connector of hyper's kind, and its admin port is served by it.
    (&["hyper-util"], &["polyptych-transport", "polyptych-emulator", "polyptych-facade", "polyptych"]),
    (
        &["tonic", "tonic-prost", "tonic-types", "tonic-health", "tonic-reflection", "tonic-web"],
        &["polyptych-proto", "polyptych-facade", "polyptych"],
    ),
    (&["quick-xml"], &["polyptych-wire", "polyptych-emulator"]),
    (&["sqlx", "object_store", "apalis", "apalis-sqlite", "apalis-postgres"], &["polyptych-store"]),
    (&["opentelemetry", "opentelemetry_sdk", "opentelemetry-otlp"], &["polyptych"]),
    (&["axum"], &["polyptych-emulator", "polyptych"]),
];

/// What a package of ours must not bring in, not even through others.
const MUST_NOT_REACH: &[(&[&str], &[&str])] = &[
    (&["polyptych-domain"], &["tokio", "reqwest", "tonic", "sqlx", "quick-xml"]),
    (&["polyptych-imaging"], &["tokio", "reqwest", "tonic", "sqlx", "quick-xml"]),
    (
        &["polyptych-wire", "polyptych-wire-yandex", "polyptych-wire-facebook", "polyptych-wire-evotor"],
        &["tokio", "reqwest", "tonic", "sqlx", "hyper"],
    ),
    (&["polyptych-emulator"], &["reqwest", "tonic", "sqlx"]),
];

/// Members that are tests: their tables are open, since they look at everything from outside.
const TESTS: &[&str] = &[
    "polyptych-bench",
    "polyptych-conformance",
    "polyptych-cost",
    "polyptych-crash",
    "polyptych-e2e",
    "polyptych-faults",
    "polyptych-hostile",
    "polyptych-service",
    "polyptych-stores",
];

/// Runs the command.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let graph = metadata::read(root)?;
    let broken = check(&graph);
    for line in &broken {
        eprintln!("{line}");
    }
    if broken.is_empty() {
        let ours = graph.packages.iter().filter(|package| package.ours).count();
        println!("{ours} packages keep to their layers");
    }
    Ok(broken.is_empty())
}

/// Every rule that the graph breaks, one line each.
fn check(graph: &Graph) -> Vec<String> {
    let mut broken = BTreeSet::new();
    let ours = |name: &str| graph.packages.iter().any(|package| package.ours && package.name == name);
    for package in graph.packages.iter().filter(|package| package.ours) {
        if row(&package.name).is_none() {
            broken.insert(format!("{} has no row in the table of layers", package.name));
        }
    }
    for (from, to) in named(graph) {
        if !ours(from) {
            continue;
        }
        if ours(to) {
            let known = row(from).is_some_and(|row| row.contains(&to) || row.contains(&"*"));
            if !known || (TESTS.contains(&to) && !TESTS.contains(&from)) {
                broken.insert(format!("{from} -> {to}: {from} may not know {to}"));
            }
        }
        for (names, by) in NAMED_BY {
            if names.contains(&to) && !by.contains(&from) && !TESTS.contains(&from) {
                broken.insert(format!("{from} -> {to}: only {} may name {to}", by.join(", ")));
            }
        }
    }
    for (packages, banned) in MUST_NOT_REACH {
        for package in *packages {
            for path in paths(graph, package, banned) {
                broken.insert(format!(
                    "{}: {package} must not bring in {}",
                    path.join(" -> "),
                    path.last().unwrap_or(package)
                ));
            }
        }
    }
    broken.into_iter().collect()
}

fn row(name: &str) -> Option<&'static [&'static str]> {
    MAY_KNOW.iter().find(|(package, _)| *package == name).map(|(_, row)| *row)
}

fn named(graph: &Graph) -> impl Iterator<Item = (&str, &str)> {
    let name = |index: usize| graph.packages.get(index).map(|package| package.name.as_str());
    graph.edges.iter().filter_map(move |(from, to)| Some((name(*from)?, name(*to)?)))
}

/// A shortest path from `package` to each banned package that it reaches.
fn paths<'g>(graph: &'g Graph, package: &'g str, banned: &[&str]) -> Vec<Vec<&'g str>> {
    let mut seen = BTreeSet::from([package]);
    let mut open = std::collections::VecDeque::from([vec![package]]);
    let mut found = Vec::new();
    while let Some(path) = open.pop_front() {
        let last = path.last().copied().unwrap_or(package);
        if banned.contains(&last) {
            found.push(path);
            continue;
        }
        for (_, to) in named(graph).filter(|(from, _)| *from == last) {
            if seen.insert(to) {
                open.push_back(path.iter().copied().chain([to]).collect());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{Package, Source};

    /// A graph from edges; names that start with `polyptych` or are `xtask` are ours.
    fn graph(edges: &[(&str, &str)]) -> Graph {
        let names: BTreeSet<&str> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let index = |name: &str| names.iter().position(|known| *known == name).unwrap();
        let edges = edges.iter().map(|(from, to)| (index(from), index(to))).collect();
        let packages = names.iter().map(|name| Package {
            name: (*name).to_owned(),
            version: "1.0.0".to_owned(),
            ours: name.starts_with("polyptych") || *name == "xtask",
            license: None,
            source: Source::Path,
        });
        Graph { packages: packages.collect(), edges }
    }

    #[test]
    fn allowed_dependencies_are_silent() {
        let allowed = [
            ("polyptych", "polyptych-facade"),
            ("polyptych-facade", "polyptych-domain"),
            ("polyptych-facade", "tonic"),
            ("polyptych-domain", "polyptych-imaging"),
            ("polyptych-transport", "reqwest"),
            ("reqwest", "tokio"),
            ("polyptych-e2e", "polyptych-emulator"),
        ];
        assert_eq!(check(&graph(&allowed)), Vec::<String>::new());
    }

    #[test]
    fn a_forbidden_dependency_of_ours_is_named() {
        let broken = check(&graph(&[("polyptych-domain", "polyptych-wire"), ("polyptych", "polyptych-e2e")]));
        assert_eq!(
            broken,
            [
                "polyptych -> polyptych-e2e: polyptych may not know polyptych-e2e",
                "polyptych-domain -> polyptych-wire: polyptych-domain may not know polyptych-wire",
            ]
        );
    }

    #[test]
    fn a_package_of_others_is_named_by_its_owner_only() {
        let broken = check(&graph(&[("polyptych-providers", "reqwest"), ("polyptych-transport", "reqwest")]));
        assert_eq!(broken, ["polyptych-providers -> reqwest: only polyptych-transport may name reqwest"]);
    }

    #[test]
    fn what_comes_in_through_others_is_shown_with_its_path() {
        let broken = check(&graph(&[("polyptych-domain", "helper"), ("helper", "tokio")]));
        assert_eq!(broken, ["polyptych-domain -> helper -> tokio: polyptych-domain must not bring in tokio"]);
    }

    #[test]
    fn a_new_package_needs_a_row() {
        let broken = check(&graph(&[("polyptych-novelty", "serde")]));
        assert_eq!(broken, ["polyptych-novelty has no row in the table of layers"]);
    }
}
