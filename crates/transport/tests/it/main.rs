//! The transport against raw TCP peers in this process: bytes in, bytes out, no HTTP library on the other side.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking, as the test does")]

mod connections;
mod credentials;
mod delivery;
mod downloads;
mod exchanges;
mod fetches;
mod limits;
mod on_the_wire;
mod peer;
mod quotas;
mod retries;
mod secrets;
mod telemetry;
mod time;
mod tls;
