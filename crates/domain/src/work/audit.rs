//! The port behind which is kept who changed what. Nothing secret and no image byte is in an event.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{ClientId, Failure, OperationId};
use crate::{AlbumName, Error, ImageId, LibraryId, Page, PageRequest};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// An image into an album.
    Upload,
    /// An image out of an album.
    Delete,
    /// Images bound to what shows them, or loosened.
    Associate,
}

impl Verb {
    /// `upload`, `delete` or `associate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Delete => "delete",
            Self::Associate => "associate",
        }
    }
}

/// One change, or one that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// When it ended, by the [log's clock](AuditLog::now); absent lets the log take the time at which it is kept.
    pub time: Option<Timestamp>,
    /// Who asked.
    pub client: ClientId,
    /// What for.
    pub verb: Verb,
    /// In which album.
    pub album: AlbumName,
    /// Which image, where it has an id.
    pub image: Option<ImageId>,
    /// Within which operation; absent for a call of its own.
    pub operation: Option<OperationId>,
    /// Why it was not done, or may not have been; absent where it was.
    pub failure: Option<Failure>,
    /// Request id of the provider's answer, where it is known.
    pub request_id: Option<String>,
    /// Points by the price list.
    pub points: u64,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this client; absent means of any.
    pub client: Option<ClientId>,
    /// In this library; absent means in any.
    pub library: Option<LibraryId>,
    /// At this time or later; absent means from the first one on.
    pub since: Option<Timestamp>,
}

/// Keeps events, in the order in which they came.
///
/// Every method fails with `Internal` where the store cannot be read or written.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// What its clock tells.
    fn now(&self) -> Timestamp;

    /// Keeps events.
    async fn record(&self, events: &[AuditEvent]) -> Result<(), Error>;

    /// Keeps events for somebody who is dropped and cannot wait. It takes effect a moment later; that it fails is told nobody.
    fn record_soon(&self, events: Vec<AuditEvent>);

    /// Lists events, the newest first by their times, or as they came where the log is of one process.
    ///
    /// # Errors
    /// `InvalidArgument` if `page.after` is no cursor of this port.
    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Error>;
}
