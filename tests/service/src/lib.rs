//! What measures the façade from outside, for this crate's program and for others that measure: the program as a server, the
//! pictures that are sent to it, its memory under uploads, and a connection that keeps no deadline by itself.

pub mod memory;
pub mod picture;
pub mod server;
mod wire;

pub use wire::{Wire, origin};
