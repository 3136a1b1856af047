//! State of Polyptych: what is in albums, who may upload what, and long-running operations, in SQLite or PostgreSQL.
//!
//! The ports are the domain's; this crate keeps them true over any number of processes that die at any moment. A process is
//! a [member](members) while it is heard of, and holds leases and claims only as long. It never talks to a provider, and
//! never decides what is uploaded.

#![forbid(unsafe_code)]

mod catalogue;
mod claims;
mod clock;
mod config;
mod dialect;
mod dispatch;
mod error;
mod hub;
mod members;
mod migrations;
mod operations;
mod patience;
mod pool;
mod store;

pub use clock::{Clock, ManualClock, SystemClock};
pub use config::StoreConfig;
pub use dispatch::Due;
pub use error::OpenError;
pub use store::Store;
