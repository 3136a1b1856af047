//! What the use cases do, seen through a library that keeps its images in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod batches;
mod budgets;
mod claims;
mod copies;
mod crashes;
mod failing;
mod imports;
mod measure;
mod operations;
mod publishing;
mod repeated;
mod replacements;
mod runner;
mod shelf;
mod syncs;
mod world;
