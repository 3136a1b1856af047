//! Who may work with which schema.

use polyptych_store::{OpenError, Store};

use crate::world::{World, deletion};

pub(crate) async fn many_processes_may_open_a_new_database(world: World) {
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let config = world.config().without_background();
        tasks.push(tokio::spawn(async move { Store::open(&config).await.map(drop) }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

pub(crate) async fn a_newer_schema_that_allows_it_is_worked_with(world: World) {
    drop(world.process().await);
    world.execute("ALTER TABLE operations ADD COLUMN novelty TEXT").await;
    world.execute("INSERT INTO polyptych_schema (version, oldest, applied) VALUES (1000, 1, 0)").await;
    world.process().await.operations().submit(deletion("anna", 1)).await.unwrap();
}

pub(crate) async fn a_newer_schema_that_does_not_is_refused(world: World) {
    drop(world.process().await);
    world.execute("INSERT INTO polyptych_schema (version, oldest, applied) VALUES (1000, 999, 0)").await;
    let refused = Store::open(&world.config()).await.err().unwrap();
    assert!(matches!(refused, OpenError::TooNew { found: 1000, needed: 999, .. }), "{refused:?}");
    assert!(refused.to_string().contains("schema 1000"));
}
