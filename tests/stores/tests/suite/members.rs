//! Who is alive, and what becomes of what the dead held.

use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{Applied, Confirmed, Costs, Ending, ItemOutcome, Phase, Standing};
use polyptych_store::{Clock, Store, SystemClock};

use crate::world::{HELD, LONG, World, failure, taken, takes};

pub(crate) async fn a_dead_processs_operation_goes_on_elsewhere(world: World) {
    let (dead, alive) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*dead.operations(), 2).await;
    dead.operations().begin(&lease, &[0]).await.unwrap();
    alive.tick().await.unwrap();
    world.pass(Duration::from_millis(3_500), &[&alive]).await;
    assert_eq!(takes(&*alive.operations(), &lease.operation).await, None);
    world.pass(Duration::from_millis(1_500), &[&alive]).await;
    let (next, operation) = alive.operations().take(&lease.operation).await.unwrap().unwrap();
    assert!(next.token > lease.token);
    assert_eq!(operation.tries, 2);
    let items = alive.operations().items(&lease.operation, 0, 10).await.unwrap();
    assert!(matches!(items.as_slice(), [item] if item.place == 0 && item.outcome.is_none()));
}

pub(crate) async fn a_stopped_process_finds_its_leases_lost(world: World) {
    let (stopped, alive) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*stopped.operations(), 2).await;
    world.pass(LONG, &[&alive]).await;
    let operations = stopped.operations();
    for woken in [false, true] {
        if woken {
            assert!(takes(&*alive.operations(), &lease.operation).await.is_some());
            stopped.tick().await.unwrap();
        }
        assert_eq!(operations.begin(&lease, &[0]).await.unwrap(), Standing::Lost);
        assert_eq!(
            operations.settle(&lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()).await.unwrap(),
            Standing::Lost
        );
        assert_eq!(operations.finish(&lease, Ending::Succeeded).await.unwrap(), Standing::Lost);
        assert_eq!(operations.release(&lease).await.unwrap(), Standing::Lost);
        assert_eq!(operations.give_back(&lease, &failure("late", Applied::No)).await.unwrap(), Standing::Lost);
    }
    assert_eq!(operations.items(&lease.operation, 0, 10).await.unwrap(), []);
    assert_eq!(operations.get(&lease.operation).await.unwrap().phase, Phase::Running);
}

pub(crate) async fn a_living_process_keeps_its_lease_whatever_the_date(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*one.operations(), 1).await;
    let noon = world.clock.wall();
    for hours in [-24, 0, 24, 24 * 365] {
        world.clock.jump(noon + jiff::SignedDuration::from_hours(hours));
        world.pass(LONG, &[&one, &two]).await;
        assert_eq!(takes(&*two.operations(), &lease.operation).await, None);
        assert_eq!(one.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    }
}

pub(crate) async fn a_watcher_that_slept_takes_nobody_for_dead(world: World) {
    let (one, watcher) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*one.operations(), 1).await;
    for _ in 0..3 {
        world.pass(Duration::from_secs(1), &[&one, &watcher]).await;
        // Both were stopped, or the database was; the watcher is the first to look.
        world.clock.advance(Duration::from_secs(3_600));
        watcher.tick().await.unwrap();
        one.tick().await.unwrap();
    }
    assert_eq!(one.operations().begin(&lease, &[0]).await.unwrap(), HELD);
}

pub(crate) async fn a_closed_process_leaves_its_work_at_once(world: World) {
    let (closed, alive) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*closed.operations(), 1).await;
    closed.close().await.unwrap();
    let (_, operation) = alive.operations().take(&lease.operation).await.unwrap().unwrap();
    assert_eq!(operation.tries, 1);
}

pub(crate) async fn a_taken_for_dead_process_can_work_again(world: World) {
    let (stopped, alive) = (world.store().await, world.store().await);
    let (lease, _) = taken(&*stopped.operations(), 1).await;
    world.pass(LONG, &[&alive]).await;
    // It asks before its heart has beaten.
    let again = takes(&*stopped.operations(), &lease.operation).await.unwrap();
    assert_eq!(stopped.operations().begin(&lease, &[0]).await.unwrap(), Standing::Lost);
    assert_eq!(stopped.operations().begin(&again, &[0]).await.unwrap(), HELD);
    world.pass(LONG, &[&alive, &stopped]).await;
    assert_eq!(stopped.operations().begin(&again, &[0]).await.unwrap(), HELD);
}

pub(crate) async fn what_a_dropped_process_held_is_due_within_six_seconds(world: World) {
    let config = world.config().with_clock(Arc::new(SystemClock::default()));
    let (dropped, alive) = (Store::open(&config).await.unwrap(), Store::open(&config).await.unwrap());
    let mut due = alive.due();
    let (lease, _) = taken(&*dropped.operations(), 1).await;
    drop(dropped);
    let found = tokio::time::timeout(Duration::from_secs(6), due.next()).await.unwrap();
    assert_eq!(found, lease.operation);
}
