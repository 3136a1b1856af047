//! The port by which processes agree who uploads a content into an album, and learn what became of an upload whose
//! process died.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{ContentKey, Error, Known};

/// An upload that was about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The name that it was sent under.
    pub name: String,
    /// The class that was asked for; absent where the provider was to choose.
    pub class: Option<String>,
    /// When, by the clock of the store.
    pub since: Timestamp,
}

/// The right to upload. It is lost when its process is taken for dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it is for: a content, or [anything](ContentKey::anything) in an album that holds one image.
    pub key: ContentKey,
    /// Rises with each claim of the key.
    pub token: i64,
    /// What an earlier holder was about to send when its process died: it may have been applied, so look first.
    pub earlier: Option<Intent>,
}

/// Who may upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// This process.
    Ours(Claim),
    /// Another process is at it. Ask again after a pause, and look into the catalogue first.
    Theirs,
}

/// Claims on (album, content), over any number of processes; where an album holds one image, on the album. Within a process, callers have settled among themselves
/// before they claim: a claim of this process that was not settled is granted again, with its intent.
///
/// Every method fails with `Internal` where the store cannot be read or written; then it may have been written or not.
#[async_trait]
pub trait Claims: Send + Sync {
    /// Claims a content in an album, or the album.
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error>;

    /// Keeps that the upload is about to be sent. Called right before the call; `false` means that the claim is lost and
    /// nothing may be sent.
    async fn sending(&self, claim: &Claim, name: &str, class: Option<&str>) -> Result<bool, Error>;

    /// Ends the claim: with a content that the album holds now, which goes into the catalogue in the same step, or with
    /// nothing, where the upload was not applied. A claim whose outcome is unknown is not settled but [left](Claims::leave).
    async fn settle(&self, claim: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error>;

    /// Leaves the claim to whoever comes next, who will look first if anything was about to be sent.
    async fn leave(&self, claim: &Claim) -> Result<(), Error>;

    /// Leaves the claim like [`Claims::leave`], for a holder that is dropped and cannot wait. It takes effect a moment
    /// later; where it fails, the claim ends with its process.
    fn abandon(&self, claim: &Claim);
}
