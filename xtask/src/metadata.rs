//! What `cargo metadata` says, reduced to what the checks look at: packages, and who depends on whom in a normal build.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

/// The packages that a build of the workspace with all features may use.
pub(crate) struct Graph {
    /// Every package, of ours and of others.
    pub(crate) packages: Vec<Package>,
    /// Indices into `packages`: who names whom as a normal dependency; tests and build scripts do not count.
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
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if let (true, Some(from), Some(to)) = (normal, index.get(&node.id), index.get(&dependency.pkg)) {
                edges.push((*from, *to));
            }
        }
    }
    edges.sort_unstable();
    Ok(Graph { packages, edges })
}
