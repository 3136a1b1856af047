//! The stored schemas against what the providers publish, in structure and not in text: names, types, order,
//! cardinality, nillability, values, addresses. Bytes in, a report out; it never reads a file.
//!
//! Two readings are compared: the published document through our own parsers, and lists of types that other tools made
//! of it ([`independent`]), so that one parser does not judge itself.

pub mod independent;
mod provider;
mod render;
pub mod samples;

use crate::ir::{Api, Origin};
use crate::pass::overlay::Overlay;
use crate::structure::{Change, Node, changes};
use crate::{Errors, Inputs};

/// What came of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One per pair of documents.
    pub checks: Vec<Check>,
}

/// A stored document and a published one.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// Which: `yandex-direct-v5 as published for v501`.
    pub name: String,
    /// Every type and operation that was compared, and of samples every file.
    pub compared: Vec<String>,
    /// What was not compared, and why.
    pub left_out: Vec<String>,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Overlay entries that do not hit the published document.
    pub broken: Vec<String>,
    /// Overlays over the stored document: where, and why.
    pub overlays: Vec<(Origin, String)>,
}

/// A difference between what is stored (old) and what is published (new).
#[derive(Debug, Clone)]
pub struct Difference {
    /// What differs, with both places.
    pub change: Change,
    /// The overlay that makes the difference deliberately: where, and why.
    pub explained: Option<(Origin, String)>,
}

/// Compares everything that is stored with everything that is published; see `provider` for which with which.
///
/// `published` holds the files of the reference data by their paths in it.
///
/// # Errors
/// If a stored or a published document cannot be read.
pub fn run(stored: &Inputs, published: &Inputs) -> Result<Report, Errors> {
    let mut checks = Vec::new();
    checks.extend(provider::yandex(stored, published)?);
    checks.extend(provider::facebook(stored, published)?);
    checks.push(provider::evotor(stored, published)?);
    Ok(Report { checks })
}

impl Report {
    /// Differences that no overlay explains.
    pub fn unexplained(&self) -> impl Iterator<Item = (&Check, &Difference)> {
        let all = self.checks.iter().flat_map(|check| check.differences.iter().map(move |item| (check, item)));
        all.filter(|(_, difference)| difference.explained.is_none())
    }

    /// Whether all that differs is explained, and every overlay hits.
    pub fn is_well(&self) -> bool {
        self.unexplained().next().is_none() && self.checks.iter().all(|check| check.broken.is_empty())
    }

    /// Overlays over all stored documents, each counted once.
    pub fn overlays(&self) -> usize {
        let all: std::collections::BTreeSet<_> =
            self.checks.iter().flat_map(|check| check.overlays.iter().map(|(origin, _)| origin)).collect();
        all.len()
    }

    /// The report as text. Places in JSON are told by line; `folder` is where the published documents are.
    pub fn render(&self, stored: &Inputs, published: &Inputs, folder: &str) -> String {
        render::report(self, stored, published, folder)
    }
}

/// Compares a stored reading with a published one, both as the parser made them. What an overlay sets is compared too,
/// and is explained by it.
///
/// # Errors
/// If an overlay does not hit, or the stored reading does not resolve.
pub fn apis(stored: &Api, overlays: &[Overlay], published: &Api) -> Result<Vec<Difference>, Errors> {
    use crate::pass::{overlay, resolve};
    let plain = changes(stored, published);
    let same = |one: &Change, other: &Change| one.node == other.node && one.aspect == other.aspect;
    let corrected = match overlays {
        [] => plain.clone(),
        _ => {
            let corrected = overlay::run(resolve::run(stored.clone())?, overlays)?;
            changes(&corrected, &resolve::run(published.clone())?)
        }
    };
    // An overlay explains what it makes, or what it makes good; not what is different with and without it.
    let lasting = plain.iter().map(|change| {
        let lasts = overlays.is_empty() || corrected.iter().any(|other| same(change, other));
        (change, !lasts)
    });
    let made =
        corrected.iter().filter(|change| !plain.iter().any(|other| same(change, other))).map(|change| (change, true));
    let explained = lasting.chain(made).map(|(change, by_overlay)| Difference {
        change: change.clone(),
        explained: if by_overlay { explanation(change, overlays) } else { None },
    });
    Ok(explained.collect())
}

fn explanation(change: &Change, overlays: &[Overlay]) -> Option<(Origin, String)> {
    let local = |name: &str| name.rsplit_once('}').map_or(name, |(_, local)| local).to_owned();
    let (owner, member) = match &change.node {
        Node::Type(name) => (local(name), None),
        Node::Operation(name) => (name.clone(), None),
        Node::Field(owner, member) | Node::Value(owner, member) => (local(owner), Some(member.as_str())),
        Node::Param(owner, member) | Node::Fault(owner, member) => (owner.clone(), Some(member.as_str())),
    };
    let overlay = overlays
        .iter()
        .find(|overlay| overlay.target() == (owner.as_str(), member) && overlay.aspects().contains(&change.aspect))?;
    Some((overlay.origin.clone(), overlay.reason().to_owned()))
}

/// Everything in a reading by name, for a report.
fn names(api: &Api) -> Vec<String> {
    let types = api.types.keys().map(|name| Node::Type(name.to_string()).to_string());
    types.chain(api.operations.keys().map(|name| Node::Operation(name.clone()).to_string())).collect()
}

#[cfg(test)]
mod tests;
