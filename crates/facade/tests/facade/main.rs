//! The façade as a caller sees it: generated clients, HTTP/2 over in-memory connections, a library in memory behind.
//!
//! The clock is tokio's paused one: it moves only when every task waits, so that a wait in a test is a wait for the
//! server to come to rest, and timers fire in their order without a real second passing.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails its test by panicking")]

mod access;
mod albums;
mod associations;
mod auditing;
mod deadlines;
mod downloads;
mod library;
mod listing;
mod operations;
mod publishing;
mod repeats;
mod server;
mod serving;
mod slow;
mod statuses;
mod streaming;
mod support;
mod tls;
mod uploads;
