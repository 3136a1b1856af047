//! REST sources and tables: that the stored schemas say what is published, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod evotor;
mod facebook;
mod openapi;
mod support;
mod tables;
