//! The generator: bytes of stored schemas in, Rust text out. Offline and deterministic; it never touches a file
//! itself: [`xtask`](https://github.com/matklad/cargo-xtask) reads and writes.

pub mod ir;
