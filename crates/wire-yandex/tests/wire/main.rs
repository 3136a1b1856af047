//! The wire types of Yandex Direct against what the provider publishes and what was recorded of it.

mod headers;
mod live4_answers;
mod live4_requests;
mod schema;
mod support;
mod v5_answers;
mod v5_requests;
