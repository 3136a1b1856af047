//! What answers told of quotas, as other processes know it.

use std::time::Duration;

use polyptych_store::Quotas;

use crate::world::{LONG, World};

/// Waits until the others' knowledge of the account is this.
async fn learnt(quotas: &Quotas, told: &[&str]) {
    let learnt = async {
        while &*quotas.told("shelf self").await != told {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), learnt).await.unwrap();
}

pub(crate) async fn what_one_process_is_told_the_others_learn(world: World) {
    let (one, two) = (world.store().await.quotas(), world.store().await.quotas());
    learnt(&two, &[]).await;
    one.tell("shelf self", "90 left".to_owned());
    learnt(&two, &["90 left"]).await;
    one.tell("shelf self", "80 left".to_owned());
    one.tell("shelf self", "70 left".to_owned());
    learnt(&two, &["70 left"]).await;
    assert!(one.told("shelf self").await.is_empty(), "what it was told itself it knows");
    assert!(two.told("shelf other").await.is_empty());
}

pub(crate) async fn what_a_dead_process_was_told_is_forgotten(world: World) {
    let (dead, alive) = (world.store().await, world.store().await);
    dead.quotas().tell("shelf self", "0 left".to_owned());
    learnt(&alive.quotas(), &["0 left"]).await;
    world.pass(LONG, &[&alive]).await;
    learnt(&alive.quotas(), &[]).await;
}

pub(crate) async fn a_store_that_has_closed_tells_and_asks_nothing_more(world: World) {
    let (closing, alive) = (world.store().await, world.store().await);
    alive.quotas().tell("shelf self", "90 left".to_owned());
    let quotas = closing.quotas();
    learnt(&quotas, &["90 left"]).await;
    // Its writer waits for more to be told when the store closes.
    quotas.tell("shelf self", "80 left".to_owned());
    learnt(&alive.quotas(), &["80 left"]).await;
    closing.close().await.unwrap();
    quotas.tell("shelf self", "70 left".to_owned());
    assert!(quotas.told("shelf self").await.is_empty());
    learnt(&alive.quotas(), &[]).await;
}
