//! What an operation is: its task, its items, and how far it got. All of it can be stored as JSON.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::{
    AlbumName, Animation, Applied, Budget, Confirmed, Costs, Error, ErrorKind, Fit, Image, ImageName, LibraryId,
    Manifest, Plan, PublishTarget, Sent, Sha256, SyncTask, UploadPolicy,
};

const MAX_ID_BYTES: usize = 128;

macro_rules! plain_id {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and keeps an id: 1 to 128 characters of `A-Z a-z 0-9 - _ .`.
            ///
            /// # Errors
            /// `InvalidArgument`.
            pub fn new(id: impl Into<String>) -> Result<Self, Error> {
                let id = id.into();
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(plain) {
                    let message = concat!($what, " id must be 1 to 128 letters, digits, '-', '_' and '.'");
                    return Err(Error::new(ErrorKind::InvalidArgument, message));
                }
                Ok(Self(id))
            }

            /// The id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(id: String) -> Result<Self, Error> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

plain_id!(
    /// An operation: `operations/{id}`.
    OperationId,
    "operation"
);
plain_id!(
    /// Who calls: the configured name of an API key or certificate, or the subject of a token; never a secret.
    ClientId,
    "client"
);

impl ClientId {
    /// The program itself, where it asks for nobody else: `local`.
    pub fn local() -> Self {
        Self("local".to_owned())
    }
}

/// How images of a task are uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadTerms {
    /// What may be done to each image.
    pub fit: Fit,
    /// What the fit does with several frames.
    pub animation: Animation,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// How far an upload may rely on what is known of the album.
    pub policy: UploadPolicy,
}

/// What an operation does. Each kind names how its items are counted; an item has the place that it has here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Pictures from URLs into albums; an item is a picture.
    Import(ImportTask),
    /// Deletions; an item is an image.
    Delete(DeleteTask),
    /// One picture into many albums; an item is a target.
    Publish(PublishTask),
    /// Images into another album; an item is an image.
    Copy(CopyTask),
    /// A plan of what a manifest wants; the plan is its only item.
    Plan(Box<PlanTask>),
    /// A plan that is carried out; an item is a step of it.
    Sync(Box<SyncTask>),
}

impl Task {
    /// The names of all kinds.
    pub const KINDS: [&'static str; 6] = ["import", "delete", "publish", "copy", "plan", "sync"];

    /// Stable name for lists, metrics and audit, one of [`Task::KINDS`].
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Delete(_) => "delete",
            Self::Publish(_) => "publish",
            Self::Copy(_) => "copy",
            Self::Plan(_) => "plan",
            Self::Sync(_) => "sync",
        }
    }

    /// The libraries that it works with.
    pub fn libraries(&self) -> BTreeSet<&LibraryId> {
        fn of(images: &[ImageName]) -> impl Iterator<Item = &LibraryId> {
            images.iter().map(|image| &image.album.library)
        }
        match self {
            Self::Import(task) => task.items.iter().map(|item| &item.target.album.library).collect(),
            Self::Delete(task) => of(&task.images).collect(),
            Self::Publish(task) => task.targets.iter().map(|target| &target.album.library).collect(),
            Self::Copy(task) => of(&task.images).chain([&task.target.album.library]).collect(),
            Self::Plan(task) => task.manifest.albums.iter().map(|album| &album.album.library).collect(),
            Self::Sync(task) => task.plan.albums.iter().map(|album| &album.album.library).collect(),
        }
    }

    /// How many items it has.
    pub fn items(&self) -> u64 {
        match self {
            Self::Import(task) => task.items.len() as u64,
            Self::Delete(task) => task.images.len() as u64,
            Self::Publish(task) => task.targets.len() as u64,
            Self::Copy(task) => task.images.len() as u64,
            Self::Plan(_) => 1,
            Self::Sync(task) => task.plan.steps.len() as u64,
        }
    }

    /// The blobs that it needs until it has ended.
    pub fn blobs(&self) -> Vec<Sha256> {
        match self {
            Self::Import(_) | Self::Delete(_) | Self::Copy(_) => Vec::new(),
            Self::Publish(task) => vec![task.sha256],
            Self::Plan(task) => task.manifest.blobs(),
            Self::Sync(task) => task.plan.blobs(),
        }
    }
}

/// Pictures from URLs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportTask {
    /// Where each picture is and goes.
    pub items: Vec<ImportItem>,
    /// How they are uploaded.
    pub terms: UploadTerms,
}

/// A picture at a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportItem {
    /// Where it is, http or https; stored as given, shown without its query.
    pub url: String,
    /// Name to keep; absent means the last segment of the URL's path.
    pub name: Option<String>,
    /// Where it goes.
    pub target: TargetRecord,
}

/// Images that are to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeleteTask {
    /// The images, in any albums.
    pub images: Vec<ImageName>,
}

/// Images for another album.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CopyTask {
    /// The images, of any libraries and albums.
    pub images: Vec<ImageName>,
    /// Where they go.
    pub target: TargetRecord,
    /// How they are uploaded where the provider does not copy by itself.
    pub terms: UploadTerms,
}

/// One picture for many albums.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishTask {
    /// Name to keep, with an extension.
    pub name: String,
    /// The picture as received; its bytes are a blob of that digest.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub len: u64,
    /// Where to.
    pub targets: Vec<TargetRecord>,
    /// How it is uploaded.
    pub terms: UploadTerms,
}

/// A manifest that is to be planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanTask {
    /// The manifest.
    pub manifest: Manifest,
}

/// [`PublishTarget`] as it is kept: the album is always named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The album.
    pub album: AlbumName,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
}

impl From<TargetRecord> for PublishTarget {
    fn from(target: TargetRecord) -> Self {
        let AlbumName { library, album } = target.album;
        Self { library, album: Some(album), class: target.class }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for a worker.
    Pending,
    /// A worker is at it.
    Running,
    /// Every item has an outcome; items may have failed.
    Succeeded,
    /// It ended before every item had an outcome; [`Operation::failure`] tells why.
    Failed,
    /// It was asked to end; what was done before stays done, and the rest has no outcome.
    Cancelled,
}

impl Phase {
    /// Whether nothing more will be done.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How many items have an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Items in all.
    pub total: u64,
    /// Done as asked.
    pub succeeded: u64,
    /// Not done.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
}

impl Progress {
    /// The count to which an outcome belongs.
    pub fn count(&mut self, outcome: &ItemOutcome) -> &mut u64 {
        match outcome {
            ItemOutcome::Stored(_) | ItemOutcome::Deleted(_) | ItemOutcome::Planned(_) => &mut self.succeeded,
            ItemOutcome::Failed(failure) if failure.applied == Applied::Unknown => &mut self.unknown,
            ItemOutcome::Failed(_) => &mut self.failed,
        }
    }
}

/// A long-running operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Who asked for it.
    pub client: ClientId,
    /// What it does.
    pub task: Task,
    /// How far it is.
    pub phase: Phase,
    /// Whether it was asked to end.
    pub cancelling: bool,
    /// How many items have an outcome.
    pub progress: Progress,
    /// The most that it may cost.
    pub budget: Budget,
    /// What it has cost so far, over all tries; of calls in progress, and of those of a worker that died, the most that they
    /// may have cost.
    pub costs: Costs,
    /// How often a worker has taken it since an item has last got an outcome; see [`MOST_TRIES`](super::MOST_TRIES).
    pub tries: u32,
    /// Why it failed; absent otherwise.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When anything of it changed last.
    pub updated: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ItemOutcome {
    /// The image is in the album.
    Stored(Box<ImageRecord>),
    /// The image is gone.
    Deleted(Confirmed),
    /// What has to be done is known.
    Planned(Box<Plan>),
    /// It failed, or nobody knows: see [`Failure::applied`].
    Failed(Box<Failure>),
}

/// A stored image as an item's outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// The library that holds it.
    pub library: LibraryId,
    /// The image.
    pub image: Image,
    /// The file that was sent, or would have been; absent where the provider fetched it by itself.
    pub sent: Option<Sent>,
    /// Whether nothing was sent since the album was known to hold it.
    pub reused: bool,
    /// Whether it was found by looking, after a lost answer or a crash.
    pub found: bool,
    /// How often it was sent once more.
    pub resent: u32,
    /// Of the answer that put it there, as in [`Confirmed::request_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// An item that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRecord {
    /// Its place in the task, from 0.
    pub place: u64,
    /// What became of it; absent where it was begun and nobody has told yet: it may have been applied.
    pub outcome: Option<ItemOutcome>,
}
