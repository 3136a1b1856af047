//! The program, killed at work: whatever it was told to do is done by the next one, once, and told as it is. `cargo xtask
//! crash` is the long run, with failpoints and several servers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use polyptych_crash::kills::{Moments, Plan, run};
use polyptych_crash::tally::Tally;
use polyptych_crash::world::Shared;

/// Moments are counted in requests that came to the emulator, so that it does not matter how fast the machine is.
fn plan(seed: u64) -> Plan {
    Plan { seed, kills: 3, moments: Moments::Requests, passages: u64::from(cfg!(feature = "failpoints")), latency: 20 }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_polyptych"))
}

fn assert_all_well(tally: &Tally) {
    let wrong: Vec<_> = [&tally.lost, &tally.twice, &tally.wrong].into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{tally}: {wrong:#?}");
    assert_eq!((tally.kills, tally.items), (3, tally.true_items), "{tally}");
    let points = if cfg!(feature = "failpoints") { 5 } else { 0 };
    assert_eq!(tally.failpoints.len(), points, "{tally}");
}

#[tokio::test]
async fn what_a_killed_server_was_told_to_do_is_done_once_by_the_next_one_on_sqlite() {
    assert_all_well(&run(program(), Shared::default(), plan(1)).await.unwrap());
}

#[tokio::test]
async fn what_a_killed_server_was_told_to_do_is_done_once_by_the_next_one_on_postgresql() {
    let Some(postgres) = polyptych_crash::postgres("kills on PostgreSQL").unwrap() else { return };
    let state = Shared { database: Some(postgres.database().unwrap()), bucket: None };
    assert_all_well(&run(program(), state, plan(2)).await.unwrap());
}

#[tokio::test]
async fn what_a_killed_server_was_told_to_do_is_done_once_by_the_next_one_on_postgresql_and_s3() {
    let Some(postgres) = polyptych_crash::postgres("kills on PostgreSQL with pictures in a bucket").unwrap() else {
        return;
    };
    let Some(s3) = polyptych_crash::s3("kills with pictures in a bucket").unwrap() else { return };
    let state = Shared { database: Some(postgres.database().unwrap()), bucket: Some(Arc::new(s3)) };
    assert_all_well(&run(program(), state, plan(3)).await.unwrap());
}
