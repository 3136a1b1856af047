//! Requests that callers may repeat.

use std::time::Duration;

use polyptych_domain::{Begun, ErrorKind, Request, Sha256};
use polyptych_store::Store;

use crate::world::{LONG, World, client};

const HOUR: Duration = Duration::from_secs(3600);

fn request(what: &str) -> Request {
    Request { id: "r".to_owned(), digest: Sha256::of(what.as_bytes()) }
}

async fn begin(store: &Store, who: &str, what: &str) -> Begun {
    store.requests().begin(&client(who), &request(what)).await.unwrap()
}

async fn finish(store: &Store, who: &str, answer: &[u8]) {
    store.requests().finish(&client(who), "r", answer).await.unwrap();
}

pub(crate) async fn a_repetition_gets_the_answer_of_the_first_one_and_only_of_its_client(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    assert_eq!(begin(&one, "anna", "x").await, Begun::Fresh);
    assert_eq!(begin(&one, "anna", "x").await, Begun::Running);
    assert_eq!(begin(&two, "anna", "x").await, Begun::Running);
    let answer: Vec<u8> = (0..=255).collect();
    finish(&one, "anna", &answer).await;
    one.requests().abandon(&client("anna"), "r").await.unwrap();
    assert_eq!(begin(&one, "anna", "x").await, Begun::Done(answer.clone()));
    assert_eq!(begin(&two, "anna", "x").await, Begun::Done(answer));
    assert_eq!(begin(&two, "bert", "x").await, Begun::Fresh);
}

pub(crate) async fn another_request_under_the_same_id_is_refused_and_an_abandoned_one_begins_again(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    assert_eq!(begin(&one, "anna", "x").await, Begun::Fresh);
    for store in [&one, &two] {
        let refused = store.requests().begin(&client("anna"), &request("y")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::RequestMismatch);
    }
    // It is not another process's to abandon.
    two.requests().abandon(&client("anna"), "r").await.unwrap();
    assert_eq!(begin(&two, "anna", "x").await, Begun::Running);
    one.requests().abandon(&client("anna"), "r").await.unwrap();
    assert_eq!(begin(&two, "anna", "y").await, Begun::Fresh);
}

pub(crate) async fn of_many_processes_one_begins_a_request(world: World) {
    let mut stores = Vec::new();
    for _ in 0..5 {
        stores.push(world.store().await);
    }
    let begun = stores.iter().map(|store| {
        let requests = store.requests();
        tokio::spawn(async move { requests.begin(&client("anna"), &request("x")).await.unwrap() })
    });
    let mut fresh = 0;
    for begun in begun.collect::<Vec<_>>() {
        fresh += u32::from(begun.await.unwrap() == Begun::Fresh);
    }
    assert_eq!(fresh, 1);
}

pub(crate) async fn a_request_of_a_dead_process_begins_again(world: World) {
    let (dead, alive) = (world.store().await, world.store().await);
    assert_eq!(begin(&dead, "anna", "x").await, Begun::Fresh);
    world.pass(LONG, &[&alive]).await;
    assert_eq!(begin(&alive, "anna", "x").await, Begun::Fresh);
    finish(&alive, "anna", b"second").await;
    // The first one wakes: its answer comes too late, and it works on as another member.
    finish(&dead, "anna", b"first").await;
    assert_eq!(begin(&alive, "anna", "x").await, Begun::Done(b"second".to_vec()));
    assert_eq!(begin(&dead, "bert", "x").await, Begun::Fresh);
}

pub(crate) async fn an_answer_is_kept_for_a_day_and_a_clock_set_back_does_not_keep_it_longer(world: World) {
    let store = world.store().await;
    assert_eq!(begin(&store, "anna", "x").await, Begun::Fresh);
    finish(&store, "anna", b"done").await;
    world.clock.advance(23 * HOUR);
    assert_eq!(begin(&store, "anna", "x").await, Begun::Done(b"done".to_vec()));
    world.clock.advance(HOUR);
    assert_eq!(begin(&store, "anna", "y").await, Begun::Fresh);
    finish(&store, "anna", b"done").await;
    let noon = polyptych_store::Clock::wall(&*world.clock);
    world.clock.jump(noon - jiff::SignedDuration::from_hours(2));
    assert_eq!(begin(&store, "anna", "y").await, Begun::Done(b"done".to_vec()));
    world.clock.jump(noon - jiff::SignedDuration::from_hours(30));
    assert_eq!(begin(&store, "anna", "z").await, Begun::Fresh);
}

pub(crate) async fn of_processes_that_keep_requests_for_different_times_the_longest_counts(world: World) {
    let patient = world.config().without_background().with_requests_kept(48 * HOUR);
    let (short, long) = (world.store().await, Store::open(&patient).await.unwrap());
    assert_eq!(begin(&long, "anna", "x").await, Begun::Fresh);
    finish(&long, "anna", b"done").await;
    // The one that came first learns of it when it next looks, one that comes later at once.
    world.pass(LONG, &[&short, &long]).await;
    world.clock.advance(47 * HOUR);
    let later = world.store().await;
    for store in [&short, &later, &long] {
        assert_eq!(begin(store, "anna", "x").await, Begun::Done(b"done".to_vec()));
    }
    // Nor is it tidied up.
    let retention = polyptych_store::Retention::default();
    short.tidy(&retention, None).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM requests").await, 1);
    // Once no process lives that is set to it, the others go by their own time again.
    long.close().await.unwrap();
    world.pass(LONG, &[&short, &later]).await;
    assert_eq!(begin(&short, "anna", "y").await, Begun::Fresh);
}
