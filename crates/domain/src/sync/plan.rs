//! What has to be done so that albums are as a manifest wants them, and the state of the albums that this follows from. A plan
//! is carried out as it is or not at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::work::Failure;
use crate::{AlbumName, Cost, Error, ErrorKind, ImageId, LibraryId, Sent, Sha256};

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What it is for.
    pub manifest: Manifest,
    /// What came from the addresses of pictures, by what the manifest calls these: digests of files that were put into the
    /// blobs, as far as there was room.
    #[serde(default)]
    pub fetched: BTreeMap<String, Sha256>,
    /// What is done: uploads first, deletions after them.
    pub steps: Vec<PlanStep>,
    /// Images that stay, of those that are wanted or might be deleted.
    pub kept: Vec<Kept>,
    /// Wishes that cannot be fulfilled. From their albums nothing is deleted.
    pub objections: Vec<Objection>,
    /// The albums as they were seen.
    pub albums: Vec<AlbumPlan>,
    /// What carrying it out costs in each library, the look at the albums before included.
    pub costs: BTreeMap<LibraryId, Cost>,
}

/// Something that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PlanStep {
    /// A picture is uploaded.
    Upload {
        /// Where to.
        album: AlbumName,
        /// What the manifest calls it.
        picture: String,
        /// Class in the provider's words; absent means any.
        class: Option<String>,
        /// Digest of the picture as it is before any fitting.
        content: Sha256,
        /// The file that is sent.
        sent: Sent,
        /// Whether the image of the album gives way to it.
        replace: bool,
    },
    /// An image is deleted, unless one of the uploads turns out to be it.
    Delete {
        /// Where from.
        album: AlbumName,
        /// The image.
        image: ImageId,
        /// Its name, where the library tells it.
        name: Option<String>,
    },
}

impl PlanStep {
    /// The album that it changes.
    pub fn album(&self) -> &AlbumName {
        match self {
            Self::Upload { album, .. } | Self::Delete { album, .. } => album,
        }
    }
}

/// Why an image stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepReason {
    /// It is a wanted picture.
    Wanted,
    /// It might be deleted, but is in use.
    InUse,
    /// It might be deleted, but not as long as a picture for its album cannot be brought.
    Objection,
}

/// An image that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its album.
    pub album: AlbumName,
    /// The image.
    pub image: ImageId,
    /// The picture that it is; absent for one that is not wanted.
    pub picture: Option<String>,
    /// Why.
    pub reason: KeepReason,
}

/// A wish that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objection {
    /// For this album.
    pub album: AlbumName,
    /// What the manifest calls the picture; empty where it is about images that are none, and may not be deleted.
    pub picture: String,
    /// Why: the rules that it breaks, an address that serves nothing, an album that is full.
    pub failure: Failure,
}

/// An album as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlbumPlan {
    /// The album.
    pub album: AlbumName,
    /// How many images it held.
    pub images: u64,
    /// Digest of everything that the steps for it follow from, and of the steps.
    pub digest: Sha256,
    /// Albums of the manifest that are, or may be, the same one, reached through another library or under another name.
    /// Nothing is deleted that one of them wants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<AlbumName>,
}

/// A plan that is carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncTask {
    /// The plan.
    pub plan: Plan,
}

impl Plan {
    /// Whether the albums are as they are wanted, as far as they can be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The blobs that carrying it out needs: those of the manifest, and what was fetched for it.
    pub fn blobs(&self) -> Vec<Sha256> {
        let mut blobs = self.manifest.blobs();
        blobs.extend(self.fetched.values());
        blobs
    }

    /// Compares with a plan that was made of the same manifest just now.
    ///
    /// # Errors
    /// `PlanOutdated` that names the albums that are no longer as this plan found them.
    pub fn unless_changed(&self, now: &Self) -> Result<(), Error> {
        let seen = |plan: &Self| {
            plan.albums.iter().map(|album| (album.album.clone(), album.digest)).collect::<BTreeMap<_, _>>()
        };
        let (before, after) = (seen(self), seen(now));
        let changed: Vec<_> =
            before.iter().filter(|(album, digest)| after.get(album) != Some(digest)).map(|(album, _)| album).collect();
        let [first, rest @ ..] = changed.as_slice() else {
            return Ok(());
        };
        let others = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let message = format!(
            "nothing was done: {first}{others}, or a picture for it, is not as it was when the plan was made; make another plan"
        );
        Err(Error::new(ErrorKind::PlanOutdated, message))
    }
}
