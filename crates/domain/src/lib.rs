//! What Polyptych is about, without I/O: libraries that hold images in albums, the rules that each library has, and
//! the use cases over them.
//!
//! Providers implement [`ImageLibrary`]; the façade and the command line call [`Service`]. No provider's wire type and
//! no async runtime appears here.

mod album;
mod association;
mod catalogue;
mod content;
mod cost;
mod error;
mod fetch;
mod flights;
mod image;
mod names;
mod port;
mod quota;
mod rules;
mod runner;
mod service;
mod spool;
mod sync;
mod work;
mod workers;

pub use album::{Album, AlbumQuery};
pub use association::{AdId, Association, AssociationChange, AssociationFilter, Moderation};
pub use catalogue::{Catalogue, ContentKey, Known, MemoryCatalogue};
pub use content::{ChunkStream, Content, ContentSource, Sha256};
pub use cost::{Budget, Cost, Costs, Price, Prices};
pub use error::{Applied, Error, ErrorKind, ProviderError};
pub use fetch::{Fetched, Fetcher, Pauses, PictureUrl, Pictures, Pieces, Spool};
pub use image::{Confirmed, Image, Page, PageRequest, Uploaded};
pub use names::{AlbumId, AlbumName, ImageId, ImageName, LibraryId, NameError, is_display_name};
pub use polyptych_imaging::{
    Animation, ColourSpace, Focus, Format, Inspection, Loss, Mode, Orientation, Pixels, Rgb, Target,
};
pub use port::{Capabilities, Capability, Found, ImageLibrary, ImportStatus, ImportTicket, Provider, Upload};
pub use quota::{Gauge, Quota, QuotaSource, Unit};
pub use rules::{
    Advice, Case, CaseRule, Evidence, Fit, FitPlan, ImageClass, NameRule, Rules, SizeRule, Verdict, Violation,
};
pub use runner::{Runner, Stop};
pub use service::{
    BatchReport, Caller, CheckCommand, CheckReport, CopyCommand, CopyReceipt, Download, ImportCommand, ImportStep,
    Imported, NativeImport, Planned, PublishCommand, PublishTarget, Scope, Sent, Service, UploadCommand, UploadPolicy,
    UploadReceipt,
};
pub use spool::MemorySpool;
pub use sync::{
    AlbumPlan, KeepReason, Kept, Manifest, ManifestAlbum, ManifestMistake, ManifestPicture, Objection, PictureSource,
    Plan, PlanStep, SyncTask, Wish,
};
pub use work::{
    AuditEvent, AuditFilter, AuditLog, Begun, Blobs, Claim, Claimed, Claims, ClientId, CopyTask, DeleteTask, Ending,
    Failure, ImageRecord, ImportItem, ImportTask, Intent, ItemOutcome, ItemRecord, Lease, MOST_TRIES, MemoryAudit,
    MemoryBlobs, MemoryClaims, MemoryOperations, MemoryRequests, NewOperation, Operation, OperationFilter, OperationId,
    Operations, Phase, PlanTask, Progress, PublishTask, Request, Requests, Standing, TargetRecord, Task, UploadTerms,
    Verb, Work,
};
pub use workers::{InlineWorkers, Workers};
