//! Limits of calls at once over many processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use polyptych_store::{Place, Places};

use crate::world::{LONG, World};

/// Patience for what comes sooner or later.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether there is no place within some time. A place that is free is got in far less.
async fn is_full(places: &Places) -> bool {
    tokio::time::timeout(Duration::from_millis(300), places.acquire("login", 5)).await.is_err()
}

async fn take(places: &Places, count: usize) -> Vec<Place> {
    let mut taken = Vec::new();
    for _ in 0..count {
        taken.push(places.acquire("login", 5).await.unwrap());
    }
    taken
}

pub(crate) async fn no_more_than_the_limit_are_held_over_all_processes(world: World) {
    let (held, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut stores = Vec::new();
    for _ in 0..3 {
        stores.push(world.store().await);
    }
    let mut calls = Vec::new();
    for number in 0..60 {
        let places = stores[number % 3].places();
        let (held, most) = (Arc::clone(&held), Arc::clone(&most));
        calls.push(tokio::spawn(async move {
            let place = places.acquire("login", 5).await.unwrap();
            most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            held.fetch_sub(1, Ordering::SeqCst);
            drop(place);
        }));
    }
    for call in calls {
        tokio::time::timeout(PATIENCE, call).await.unwrap().unwrap();
    }
    assert!((2..=5).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

pub(crate) async fn other_limits_and_places_that_were_given_back_are_free(world: World) {
    let (one, two) = (world.store().await.places(), world.store().await.places());
    let mut taken = take(&one, 5).await;
    assert!(is_full(&two).await && is_full(&one).await);
    drop(two.acquire("other", 1).await.unwrap());
    taken.pop();
    drop(tokio::time::timeout(PATIENCE, two.acquire("login", 5)).await.unwrap().unwrap());
}

pub(crate) async fn who_waits_gets_a_share_while_others_are_busy(world: World) {
    let (one, two) = (world.store().await.places(), world.store().await.places());
    let busy = (0..10).map(|_| {
        let places = one.clone();
        tokio::spawn(async move {
            loop {
                let _place = places.acquire("login", 5).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    });
    let busy: Vec<_> = busy.collect();
    let taken = tokio::time::timeout(PATIENCE, take(&two, 2)).await;
    busy.iter().for_each(|task| task.abort());
    assert_eq!(taken.map(|taken| taken.len()).unwrap_or(0), 2);
}

pub(crate) async fn places_of_a_dead_process_are_free(world: World) {
    let (dead, alive) = (world.store().await, world.store().await);
    let taken = take(&dead.places(), 5).await;
    assert!(is_full(&alive.places()).await);
    world.pass(LONG, &[&alive]).await;
    let free = tokio::time::timeout(PATIENCE, take(&alive.places(), 5)).await.unwrap();
    // The stopped one wakes up, and gives back what is not its own any more.
    drop(taken);
    dead.tick().await.unwrap();
    assert!(is_full(&dead.places()).await);
    drop(free);
}

pub(crate) async fn a_wait_that_is_given_up_takes_no_place(world: World) {
    let (one, two) = (world.store().await.places(), world.store().await.places());
    let taken = take(&one, 5).await;
    assert!(is_full(&two).await);
    drop(taken);
    // Given up at any moment of the asking.
    for microseconds in (0..40).map(|step| step * 150) {
        let _either = tokio::time::timeout(Duration::from_micros(microseconds), two.acquire("login", 5)).await;
    }
    assert_eq!(tokio::time::timeout(PATIENCE, take(&one, 5)).await.unwrap().len(), 5);
}
