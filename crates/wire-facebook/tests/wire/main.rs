//! The wire types of Facebook against recorded answers and the requests of the official SDK.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod errors;
mod requests;
mod support;
