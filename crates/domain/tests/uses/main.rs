//! What the use cases do, seen through a library that keeps its images in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod batches;
mod claims;
mod copies;
mod crashes;
mod failing;
mod imports;
mod operations;
mod repeated;
mod runner;
mod shelf;
mod syncs;
mod world;
