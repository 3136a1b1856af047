//! What the use cases do, seen through a library that keeps its images in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod batches;
mod claims;
mod copies;
mod failing;
mod repeated;
mod shelf;
