//! The wire types of Evotor Cloud against the samples of its documentation and recorded errors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
#[path = "../../../wire/tests/every_type/parameters.rs"]
mod every_parameter;
#[path = "../../../wire/tests/every_type/recordings.rs"]
mod every_recording;
#[path = "../../../wire/tests/every_type/mod.rs"]
mod every_type;
mod every_type_evotor;
mod parameters;
mod recordings;
mod requests;
mod round_trips;
mod support;
