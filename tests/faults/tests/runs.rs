//! The long runs of `cargo xtask faults`, shortened.

use std::path::Path;

use polyptych_faults::fault::Fault;
use polyptych_faults::outage::{self, OUTAGES};
use polyptych_faults::{canary, hostile};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_polyptych-faults"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_gets_few_requests_and_the_others_all_of_theirs() {
    for name in OUTAGES {
        let outage = outage::run(Fault::named(name).expect("a fault"), 40, None).await.expect("a run");
        assert!(outage.requests > 0, "{outage}");
        assert!(outage.problems().is_empty(), "{outage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_made_to_exhaust_a_client_are_refused_within_its_memory() {
    let met = hostile::run(program()).await.expect("a run");
    let problems: Vec<_> = met.iter().filter_map(hostile::Met::problem).collect();
    assert!(problems.is_empty(), "{problems:?}\n{met:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_in_nothing_that_a_process_writes() {
    let found = canary::run(program()).await.expect("a run");
    assert!(found.complaints().is_empty(), "{:?}", found.complaints());
}
