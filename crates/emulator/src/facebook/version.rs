//! API versions in paths: which are served, and what calls to others get (reference 3.1).

use super::error::GraphError;
use crate::settings::{ExpiredVersions, FacebookSettings};

/// A version that a call is served under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) version: (u32, u32),
    /// The version that was asked for, when it is another.
    pub(super) upgraded_from: Option<(u32, u32)>,
}

/// `v26.0` as numbers; `None` for any other form.
pub(crate) fn parse(part: &str) -> Option<(u32, u32)> {
    let (major, minor) = part.strip_prefix('v')?.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(major) || !digits(minor) {
        return None;
    }
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The version that serves a call to the version `part` of a path; a path without a version has an empty one.
///
/// # Errors
/// 2635 for an expired version or none, 2500 for one that does not exist.
pub(super) fn serve(settings: &FacebookSettings, part: &str) -> Result<Served, GraphError> {
    let newest = settings.versions.last().copied().unwrap_or((26, 0));
    let asked = parse(part).ok_or_else(|| GraphError::expired(newest))?;
    if settings.versions.contains(&asked) {
        return Ok(Served { version: asked, upgraded_from: None });
    }
    if asked > newest {
        return Err(GraphError::unknown_path(part));
    }
    match settings.expired_versions {
        ExpiredVersions::Refused => Err(GraphError::expired(newest)),
        ExpiredVersions::Upgraded => {
            let next = settings.versions.iter().copied().find(|version| *version > asked).unwrap_or(newest);
            Ok(Served { version: next, upgraded_from: Some(asked) })
        }
    }
}
