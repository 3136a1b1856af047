//! How workers hear of what is due, and callers of what has changed.

use std::time::{Duration, Instant};

use polyptych_domain::{Applied, Costs, Ending, Phase, Standing};
use polyptych_store::Store;

use crate::world::{HELD, World, deletion, failed, failure, taken, takes};

/// Whether it is named before a moment has passed.
async fn named(due: &mut polyptych_store::Due) -> Option<polyptych_domain::OperationId> {
    tokio::time::timeout(Duration::from_millis(300), due.next()).await.ok()
}

pub(crate) async fn what_is_submitted_is_due(world: World) {
    let store = world.store().await;
    let mut due = store.due();
    let operations = store.operations();
    let waiting = tokio::spawn(async move { (due.next().await, due.next().await) });
    let first = operations.submit(deletion("anna", 1)).await.unwrap();
    let second = operations.submit(deletion("anna", 1)).await.unwrap();
    let started = Instant::now();
    assert_eq!(waiting.await.unwrap(), (first.id, second.id));
    assert!(started.elapsed() < Duration::from_millis(900));
}

pub(crate) async fn what_another_process_submits_is_due_within_two_seconds(world: World) {
    let (caller, worker) = (world.store().await, Store::open(&world.config()).await.unwrap());
    let mut due = worker.due();
    assert_eq!(named(&mut due).await, None);
    let submitted = caller.operations().submit(deletion("anna", 1)).await.unwrap();
    let found = tokio::time::timeout(Duration::from_secs(2), due.next()).await.unwrap();
    assert_eq!(found, submitted.id);
}

pub(crate) async fn what_is_held_is_not_due(world: World) {
    let store = world.store().await;
    let mut due = store.due();
    let (lease, _) = taken(&*store.operations(), 1).await;
    assert_eq!(named(&mut due).await, None);
    store.operations().give_back(&lease, &failure("busy", Applied::No)).await.unwrap();
    assert_eq!(named(&mut due).await, None);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(due.next().await, lease.operation);
}

pub(crate) async fn what_is_due_is_not_named_twice_in_a_row(world: World) {
    let store = world.store().await;
    let mut due = store.due();
    let first = store.operations().submit(deletion("anna", 1)).await.unwrap();
    assert_eq!(due.next().await, first.id);
    assert_eq!(named(&mut due).await, None);
    // But again where nobody has come to take it.
    assert_eq!(due.next().await, first.id);
}

pub(crate) async fn what_a_worker_has_abandoned_is_due_again(world: World) {
    let store = world.store().await;
    let mut due = store.due();
    let (lease, _) = taken(&*store.operations(), 1).await;
    assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    store.operations().abandon(&lease);
    store.tick().await.unwrap();
    assert_eq!(due.next().await, lease.operation);
    assert_eq!(
        store.operations().settle(&lease, &[(0, failed(Applied::No))], &Costs::new()).await.unwrap(),
        Standing::Lost
    );
    let (second, operation) = store.operations().take(&lease.operation).await.unwrap().unwrap();
    assert_eq!(operation.tries, 2);
    // What is held by another lease than the one that was abandoned stays held.
    store.operations().abandon(&lease);
    store.tick().await.unwrap();
    assert_eq!(named(&mut due).await, None);
    assert_eq!(store.operations().begin(&second, &[0]).await.unwrap(), HELD);
}

pub(crate) async fn what_only_a_newer_program_can_do_keeps_nothing_waiting(world: World) {
    let store = world.store().await;
    for _ in 0..70 {
        store.operations().submit(deletion("anna", 1)).await.unwrap();
    }
    world.execute("UPDATE operations SET kind = 'novelty', task = '{\"kind\":\"novelty\"}'").await;
    let known = store.operations().submit(deletion("anna", 1)).await.unwrap();
    assert_eq!(named(&mut store.due()).await, Some(known.id));
}

pub(crate) async fn a_change_wakes_who_waits(world: World) {
    let store = world.store().await;
    let (lease, taken) = taken(&*store.operations(), 1).await;
    let (operations, id) = (store.operations(), lease.operation.clone());
    let waiting = tokio::spawn(async move { operations.changed(&id, taken.version).await.unwrap() });
    store.operations().finish(&lease, Ending::Succeeded).await.unwrap();
    let started = Instant::now();
    assert_eq!(waiting.await.unwrap().phase, Phase::Succeeded);
    assert!(started.elapsed() < Duration::from_millis(900));
}

pub(crate) async fn a_change_of_another_process_is_seen(world: World) {
    let (caller, worker) = (Store::open(&world.config()).await.unwrap(), world.store().await);
    let (lease, taken) = taken(&*worker.operations(), 1).await;
    let (operations, id) = (caller.operations(), lease.operation.clone());
    let waiting = tokio::spawn(async move { operations.changed(&id, taken.version).await.unwrap() });
    worker.operations().finish(&lease, Ending::Succeeded).await.unwrap();
    let seen = tokio::time::timeout(Duration::from_secs(3), waiting).await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Succeeded);
    assert_eq!(takes(&*caller.operations(), &lease.operation).await, None);
}
