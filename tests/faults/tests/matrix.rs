//! Every form, operation and fault, judged by rule and by the emulator's journal. What waits for limits of time to run
//! out again and again is left to `cargo xtask faults`.

use polyptych_faults::expect::Operation;
use polyptych_faults::matrix::{self, Cell, Verdict};
use polyptych_faults::world::Strike;

async fn hold(cells: Vec<Cell>) {
    assert!(cells.len() > 200, "{} cases", cells.len());
    let verdicts = matrix::run(cells).await;
    let complaints: Vec<_> = verdicts.iter().flat_map(Verdict::complaints).collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_strikes_once_is_survived_or_told() {
    hold(matrix::cells(Strike::Once, true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_is_told_for_what_it_is() {
    hold(matrix::cells(Strike::Always, true).into_iter().filter(|cell| !cell.is_slow()).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_upload_depends_on_the_provider_keeping_identical_bytes_once() {
    let cells = matrix::cells(Strike::Once, false);
    hold(cells.into_iter().filter(|cell| cell.operation == Operation::Upload).collect()).await;
}
