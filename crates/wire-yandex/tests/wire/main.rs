//! The wire types of Yandex Direct against what the provider publishes and what was recorded of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod headers;
mod live4_answers;
mod live4_requests;
mod schema;
mod support;
mod v5_answers;
mod v5_requests;
