//! The providers against scripted answers: recorded bodies where they exist, shapes of the schemas elsewhere.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking, as the test does")]

mod associations;
mod copies;
mod deletions;
mod evotor;
mod facebook;
mod failures;
mod live4;
mod lost;
mod quotas;
mod readings;
mod reference;
mod server;
mod yandex_v5;
