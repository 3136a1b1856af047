//! State of Polyptych: what is in albums, who may upload what, and long-running operations, in SQLite or PostgreSQL.
//!
//! The ports are the domain's; this crate keeps them true over any number of processes that die at any moment. A process is
//! a member while it is heard of, and holds leases and claims only as long. It never talks to a provider, and
//! never decides what is uploaded.

#![forbid(unsafe_code)]

mod audit;
mod backup;
mod blobs;
mod catalogue;
mod chores;
mod claims;
mod clock;
mod config;
mod debts;
mod dialect;
mod dispatch;
mod error;
mod hub;
mod json;
mod members;
mod migrations;
mod operations;
mod paging;
mod patience;
mod places;
mod pool;
mod pulse;
mod quotas;
mod requests;
mod store;
mod tidy;

pub use backup::{BackupError, backup, migrate};
pub use blobs::{
    BlobPlace, BlobPlaceError, Bucket, BucketBody, BucketHttp, BucketHttpError, BucketKeySource, BucketKeys,
    BucketProblem,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::StoreConfig;
pub use dispatch::Due;
pub use error::OpenError;
pub use places::{Place, Places};
pub use pulse::Pulse;
pub use quotas::Quotas;
pub use store::Store;
pub use tidy::{Retention, Tidied};
