//! The long run of `cargo xtask faults`, shortened; alone in its process, whose sockets it counts.

use polyptych_faults::storm::{self, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_uploads_and_deletes_at_once_are_neither_lost_nor_told_wrongly() {
    let account = storm::run(Plan { seed: 7, count: 300, struck: 20 }).await.expect("a run");
    assert!(account.problems.is_empty(), "{}\n{account}", account.problems.join("\n"));
    assert!(account.requests.1 > 50 && account.calls.1 > 50, "{account}");
    assert_eq!((account.lost, account.untrue, account.panics, account.twice.1), (0, 0, 0, 0), "{account}");
}
