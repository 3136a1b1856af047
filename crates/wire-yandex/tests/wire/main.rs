//! The wire types of Yandex Direct against what the provider publishes and what was recorded of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../wire/tests/every_type/recordings.rs"]
mod every_recording;
#[path = "../../../wire/tests/every_type/mod.rs"]
mod every_type;
mod every_type_live4;
mod every_type_v5;
#[path = "../../../wire/tests/every_type/xml.rs"]
mod every_type_xml;
mod headers;
mod live4_answers;
mod live4_requests;
mod recordings;
mod round_trips;
mod schema;
mod support;
mod v5_answers;
mod v5_requests;
