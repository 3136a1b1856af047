//! The generator: what it makes of small schemas, what it refuses, and that it reads what the provider publishes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod every_type;
mod fixtures;
mod overlays;
mod passes;
mod properties;
mod published;
mod refusals;
mod sources;
mod stability;
mod support;
