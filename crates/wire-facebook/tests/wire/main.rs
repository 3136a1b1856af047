//! The wire types of Facebook against recorded answers and the requests of the official SDK.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod batch;
mod errors;
#[path = "../../../wire/tests/every_type/parameters.rs"]
mod every_parameter;
#[path = "../../../wire/tests/every_type/recordings.rs"]
mod every_recording;
#[path = "../../../wire/tests/every_type/mod.rs"]
mod every_type;
mod every_type_facebook;
mod parameters;
mod recordings;
mod requests;
mod round_trips;
mod support;
mod usage;
