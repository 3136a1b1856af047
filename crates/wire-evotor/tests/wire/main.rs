//! The wire types of Evotor Cloud against the samples of its documentation and recorded errors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod requests;
mod support;
