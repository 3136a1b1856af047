//! What `cargo metadata` says, reduced to what the checks look at: packages, and who depends on whom in a normal build.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

/// The packages that a build of the workspace with all features may use.
pub(crate) struct Graph {
    /// Every package, of ours and of others.
    pub(crate) packages: Vec<Package>,
    /// Indices into `packages`: who names whom for a normal build. Tests do not count, and build scripts only where they
    /// are of our packages.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// Whether it is a member of the workspace.
    pub(crate) ours: bool,
    /// Its `license`, as the manifest writes it.
    pub(crate) license: Option<String>,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A folder.
    Path,
    /// The public registry of crates.
    Registry,
    /// Somewhere else; as cargo writes it.
    Other(String),
}

/// Asks cargo.
pub(crate) fn read(root: &Path) -> Result<Graph> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cargo metadata failed")?;
    let members = metadata.workspace_members;
    let packages = metadata.packages.iter().map(|package| Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        ours: members.contains(&package.id),
        license: package.license.clone(),
        source: match &package.source {
            None => Source::Path,
            Some(source) if source.is_crates_io() => Source::Registry,
            Some(source) => Source::Other(source.to_string()),
        },
    });
    let packages = packages.collect();
    let index: BTreeMap<_, _> =
        metadata.packages.iter().enumerate().map(|(index, package)| (&package.id, index)).collect();
    let nodes = metadata.resolve.context("cargo metadata resolved nothing")?.nodes;
    let mut edges = Vec::new();
    for node in &nodes {
        for dependency in &node.deps {
            let named = dependency.dep_kinds.iter().any(|kind| match kind.kind {
                DependencyKind::Normal => true,
                DependencyKind::Build => members.contains(&node.id),
                _ => false,
            });
            if let (true, Some(from), Some(to)) = (named, index.get(&node.id), index.get(&dependency.pkg)) {
                edges.push((*from, *to));
            }
        }
    }
    edges.sort_unstable();
    Ok(Graph { packages, edges })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_build_script_of_ours_names_its_dependencies_and_a_test_does_not() {
        let root = tempfile::tempdir().unwrap();
        let manifest = |name: &str, rest: &str| {
            fs::create_dir_all(root.path().join(name).join("src")).unwrap();
            fs::write(root.path().join(name).join("src/lib.rs"), "").unwrap();
            let text = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{rest}");
            fs::write(root.path().join(name).join("Cargo.toml"), text).unwrap();
        };
        manifest(
            "a",
            "[dependencies]\nb = { path = \"../b\" }\n[build-dependencies]\nc = { path = \"../c\" }\n\
             [dev-dependencies]\nd = { path = \"../d\" }\n",
        );
        for name in ["b", "c", "d"] {
            manifest(name, "");
        }
        let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\", \"c\", \"d\"]\n";
        fs::write(root.path().join("Cargo.toml"), workspace).unwrap();
        let locked = Command::new("cargo").args(["generate-lockfile", "--offline"]).current_dir(root.path()).output();
        let locked = locked.unwrap();
        assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));

        let graph = read(root.path()).unwrap();
        let name = |index: usize| graph.packages[index].name.as_str();
        let edges: Vec<_> = graph.edges.iter().map(|(from, to)| (name(*from), name(*to))).collect();
        assert_eq!(edges, [("a", "b"), ("a", "c")]);
        assert!(graph.packages.iter().all(|package| package.ours && package.source == Source::Path));
    }
}
