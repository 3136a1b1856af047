//! The whole thread over gRPC. One program for all of it, since each that links the stack takes its time to build.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod albums;
mod bad_input;
mod budgets;
mod cancelled;
mod check;
mod deadlines;
mod imports;
mod operations;
mod request_ids;
mod sync;
mod thread;
mod transfers;
