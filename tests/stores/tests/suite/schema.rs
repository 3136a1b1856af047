//! Who may work with which schema.

use polyptych_domain::{Ending, OperationFilter, PageRequest, Phase};
use polyptych_store::{OpenError, Store, StoreConfig};

use crate::world::{World, deletion, taken};

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
    drop(world.store().await);
    world.execute("ALTER TABLE operations ADD COLUMN novelty TEXT").await;
    world.execute("INSERT INTO polyptych_schema (version, oldest, applied) VALUES (1000, 1, 0)").await;
    world.store().await.operations().submit(deletion("anna", 1)).await.unwrap();
}

pub(crate) async fn a_newer_schema_that_does_not_is_refused(world: World) {
    drop(world.store().await);
    world.execute("INSERT INTO polyptych_schema (version, oldest, applied) VALUES (1000, 999, 0)").await;
    let refused = Store::open(&world.config()).await.err().unwrap();
    assert!(matches!(refused, OpenError::TooNew { found: 1000, needed: 999, .. }), "{refused:?}");
    assert!(refused.to_string().contains("schema 1000"));
}

pub(crate) async fn a_url_of_another_kind_is_refused_and_not_shown(_world: World) {
    for url in ["mysql://anna:secret@db/x", "sqlite:", "secret", "postgres://anna:secret@db:no-port/x"] {
        let config = StoreConfig::new(url);
        assert!(!format!("{config:?}").contains("anna:secret"));
        let refused = Store::open(&config).await.err().unwrap();
        assert!(matches!(refused, OpenError::Url) && !format!("{refused:?}").contains("secret"), "{refused:?}");
    }
}

pub(crate) async fn many_processes_write_at_once(world: World) {
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = world.store().await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..25 {
                let (lease, _) = taken(&*store.operations(), 2).await;
                store.operations().begin(&lease, &[0, 1]).await.unwrap();
                store.tick().await.unwrap();
                store.operations().finish(&lease, Ending::Succeeded).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let filter = OperationFilter { client: None, phases: vec![Phase::Succeeded] };
    let page = PageRequest { size: 1000, after: None };
    let store = world.store().await;
    assert_eq!(store.operations().list(&filter, &page).await.unwrap().items.len(), 100);
}
