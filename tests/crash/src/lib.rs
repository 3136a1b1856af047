//! Servers that are killed at work. The program itself, `polyptych serve`, works on operations against `polyptych emulate`;
//! it is ended without warning at random moments and at every failpoint, and started again. Then what each operation says is
//! compared with what the emulator wrote down before it deduplicated anything. Everything is on loopback, decided by a seed,
//! and every child is ended by the handle that started it.

pub mod asked;
pub mod client;
pub mod emulator;
pub mod kills;
pub mod origin;
pub mod picture;
pub mod process;
pub mod replicas;
pub mod tally;
pub mod told;
pub mod watch;
pub mod world;

/// A PostgreSQL server; `None` where there is none, and then says that `what` is skipped.
///
/// # Errors
/// If one is there and does not start, or is required and not there.
pub fn postgres(what: &str) -> anyhow::Result<Option<polyptych_postgres::Postgres>> {
    polyptych_postgres::Postgres::find(what)
}

/// A server that speaks S3; `None` where there is none, and then says that `what` is skipped.
///
/// # Errors
/// If one is there and does not start, or is required and not there.
pub fn s3(what: &str) -> anyhow::Result<Option<polyptych_s3::S3>> {
    polyptych_s3::S3::find(what)
}
