//! How often an operation is tried, and when.

use std::time::Duration;

use polyptych_domain::{Applied, Confirmed, Costs, ItemOutcome, MOST_TRIES, OperationId, Phase};
use polyptych_store::Clock;

use crate::world::{HELD, LONG, Process, World, deletion, failure, taken, takes};

/// The pause that a failed try is followed by, in seconds.
async fn pause(world: &World, store: &Process, id: &OperationId) -> u64 {
    for waited in 0.. {
        if let Some((lease, _)) = store.operations().take(id).await.unwrap() {
            store.operations().release(&lease).await.unwrap();
            return waited;
        }
        world.clock.advance(Duration::from_secs(1));
    }
    unreachable!("it is taken at some time")
}

pub(crate) async fn a_given_back_operation_pauses_longer_each_time(world: World) {
    let store = world.process().await;
    let (mut lease, _) = taken(&*store.operations(), 1).await;
    let mut pauses = Vec::new();
    for _ in 1..MOST_TRIES {
        store.operations().give_back(&lease, &failure("busy", Applied::No)).await.unwrap();
        assert_eq!(store.operations().get(&lease.operation).await.unwrap().phase, Phase::Pending);
        pauses.push(pause(&world, &store, &lease.operation).await);
        lease = takes(&*store.operations(), &lease.operation).await.unwrap();
    }
    assert_eq!(pauses, [2, 4, 5, 5]);
}

pub(crate) async fn a_hint_prolongs_the_pause(world: World) {
    let store = world.process().await;
    let (lease, _) = taken(&*store.operations(), 1).await;
    let mut hinted = failure("busy", Applied::No);
    hinted.retry_after = Some(Duration::from_secs(30));
    store.operations().give_back(&lease, &hinted).await.unwrap();
    assert_eq!(pause(&world, &store, &lease.operation).await, 30);
}

pub(crate) async fn a_clock_set_back_ends_pauses(world: World) {
    let store = world.process().await;
    let (lease, _) = taken(&*store.operations(), 1).await;
    store.operations().give_back(&lease, &failure("busy", Applied::No)).await.unwrap();
    assert_eq!(takes(&*store.operations(), &lease.operation).await, None);
    world.clock.jump(world.clock.wall() - jiff::SignedDuration::from_hours(24));
    assert!(takes(&*store.operations(), &lease.operation).await.is_some());
}

pub(crate) async fn the_last_try_ends_in_failure(world: World) {
    let store = world.process().await;
    let (mut lease, _) = taken(&*store.operations(), 1).await;
    for number in 1..=MOST_TRIES {
        assert_eq!(store.operations().get(&lease.operation).await.unwrap().tries, number);
        let why = failure(&format!("try {number}"), Applied::No);
        assert_eq!(store.operations().give_back(&lease, &why).await.unwrap(), HELD);
        world.clock.advance(LONG);
        match takes(&*store.operations(), &lease.operation).await {
            Some(next) => lease = next,
            None => assert_eq!(number, MOST_TRIES),
        }
    }
    let failed = store.operations().get(&lease.operation).await.unwrap();
    assert_eq!((failed.phase, failed.failure), (Phase::Failed, Some(failure("try 5", Applied::No))));
}

pub(crate) async fn an_outcome_makes_tries_count_anew(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let items = u64::from(MOST_TRIES) * 2;
    let (mut lease, _) = taken(&*store.operations(), items as usize).await;
    for place in 0..items {
        operations.settle(&lease, &[(place, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()).await.unwrap();
        operations.give_back(&lease, &failure("busy", Applied::No)).await.unwrap();
        world.clock.advance(LONG);
        lease = takes(&*store.operations(), &lease.operation).await.unwrap();
        assert_eq!(operations.get(&lease.operation).await.unwrap().tries, 1);
    }
}

pub(crate) async fn a_released_operation_is_due_and_has_no_try(world: World) {
    let store = world.process().await;
    let id = store.operations().submit(deletion("anna", 1)).await.unwrap().id;
    for _ in 0..MOST_TRIES * 2 {
        let lease = takes(&*store.operations(), &id).await.unwrap();
        assert_eq!(store.operations().release(&lease).await.unwrap(), HELD);
        let released = store.operations().get(&id).await.unwrap();
        assert_eq!((released.phase, released.tries), (Phase::Pending, 0));
    }
}

pub(crate) async fn workers_that_keep_dying_end_in_failure(world: World) {
    let watcher = world.store().await;
    let id = watcher.operations().submit(deletion("anna", 1)).await.unwrap().id;
    for _ in 0..MOST_TRIES {
        let worker = world.store().await;
        let lease = takes(&*worker.operations(), &id).await.unwrap();
        worker.operations().begin(&lease, &[0]).await.unwrap();
        drop(worker);
        world.pass(LONG, &[&watcher]).await;
    }
    assert_eq!(takes(&*watcher.operations(), &id).await, None);
    let failed = watcher.operations().get(&id).await.unwrap();
    assert_eq!(failed.phase, Phase::Failed);
    let why = failed.failure.unwrap();
    assert!(why.message.contains("5 tries") && why.applied == Applied::Unknown, "{why:?}");
}
