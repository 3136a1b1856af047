//! Who may work with which schema.

use std::time::Duration;

use polyptych_domain::{
    AuditFilter, Claimed, Confirmed, Ending, ItemOutcome, ItemRecord, OperationFilter, OperationId, PageRequest, Phase,
};
use polyptych_store::{OpenError, Store, StoreConfig};

use crate::world::{HELD, LONG, World, deletion, image, key, taken, takes};

/// Schema 2 as it was when it was the newest.
const PREVIOUS: [&str; 2] = [
    include_str!("../../../../crates/store/migrations/0001_durable_work.sql"),
    include_str!("../../../../crates/store/migrations/0002_keeping.sql"),
];

/// What a program of it has left in it.
const LEFT: &str = include_str!("previous_schema.sql");

/// What it says from time to time, so that it is not taken for dead.
const BEAT: &str = "UPDATE members SET beat = beat + 1 WHERE id = 'old'";

/// What it says to begin an item, to settle it, to ask for another operation, and to tell of a change.
const GOES_ON: &str = "\
    INSERT INTO operation_items (operation, place, state, outcome) VALUES ('op-old', 2, 'begun', NULL) \
        ON CONFLICT (operation, place) DO UPDATE SET state = excluded.state, outcome = excluded.outcome; \
    INSERT INTO operation_items (operation, place, state, outcome) VALUES ('op-old', 2, 'succeeded', '{\"outcome\":\"deleted\"}') \
        ON CONFLICT (operation, place) DO UPDATE SET state = excluded.state, outcome = excluded.outcome; \
    UPDATE operations SET succeeded = succeeded + 1, tries = 0, version = version + 1 \
        WHERE id = 'op-old' AND token = 1 AND member = 'old'; \
    INSERT INTO operations (id, client, request_id, request_digest, kind, task, phase, total, created, updated, paused, due) \
        SELECT 'op-new', client, NULL, NULL, kind, task, 'pending', total, created, created, created, created \
        FROM operations WHERE id = 'op-old'; \
    INSERT INTO audit (time, client, verb, library, album, image, operation, failure, request_id, points) \
        VALUES (1772366400000000, 'anna', 'delete', 'shelf', 'a', 'i1', 'op-old', NULL, NULL, 0)";

/// How it lists events.
const LISTED: &str = "SELECT COUNT(*) FROM (SELECT seq FROM audit WHERE seq < 9223372036854775807 AND client = 'anna' \
                      AND time >= 0 ORDER BY seq DESC LIMIT 101) AS listed";

/// A database of schema 2, with a program of it at work.
async fn previous(world: &World) {
    let serial = match world.is_file() {
        true => "INTEGER PRIMARY KEY AUTOINCREMENT",
        false => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    };
    let versions = "CREATE TABLE polyptych_schema \
                    (version BIGINT PRIMARY KEY, oldest BIGINT NOT NULL, applied BIGINT NOT NULL); \
                    INSERT INTO polyptych_schema (version, oldest, applied) VALUES (1, 1, 0), (2, 1, 0);";
    world.execute(&format!("{versions} {} {LEFT}", PREVIOUS.concat().replace("{serial}", serial))).await;
}

pub(crate) async fn a_program_of_the_previous_schema_and_this_one_work_side_by_side(world: World) {
    previous(&world).await;
    let store = world.store().await;
    let (operations, old) = (store.operations(), OperationId::new("op-old").unwrap());
    // What the old one has kept is read.
    let operation = operations.get(&old).await.unwrap();
    assert_eq!(
        (operation.phase, operation.task, operation.progress.succeeded),
        (Phase::Running, deletion("anna", 3).task, 1)
    );
    let items = operations.items(&old, 0, 10).await.unwrap();
    let told = |place, outcome| ItemRecord { place, outcome };
    assert_eq!(items, [told(0, None), told(1, Some(ItemOutcome::Deleted(Confirmed::default())))]);
    assert_eq!(store.catalogue().find(&key("a", 1)).await.unwrap().unwrap().image, image("i9"));
    assert!(matches!(store.claims().claim(&key("a", 2)).await.unwrap(), Claimed::Theirs));
    // As long as the old one lives, what it holds is its own, and it goes on with the statements that it knows.
    let step = Duration::from_millis(500);
    for _ in 0..LONG.as_millis() / step.as_millis() {
        world.clock.advance(step);
        world.execute(BEAT).await;
        store.tick().await.unwrap();
    }
    assert!(takes(&*operations, &old).await.is_none());
    world.execute(GOES_ON).await;
    let progress = operations.get(&old).await.unwrap().progress;
    assert_eq!((progress.succeeded, progress.total), (2, 3));
    let page = PageRequest { size: 10, after: None };
    let events = store.audit().list(&AuditFilter::default(), &page).await.unwrap().items;
    assert_eq!((events.len(), world.number(LISTED).await), (1, 1));
    let lease = takes(&*operations, &OperationId::new("op-new").unwrap()).await.unwrap();
    operations.finish(&lease, Ending::Cancelled).await.unwrap();
    // When it dies, the new one takes over what it held, with what it was about to send.
    world.pass(LONG, &[&store]).await;
    let lease = takes(&*operations, &old).await.unwrap();
    assert!(lease.token > 1, "it is not the lease of the old one");
    assert_eq!(operations.begin(&lease, &[0]).await.unwrap(), HELD);
    let Claimed::Ours(claim) = store.claims().claim(&key("a", 2)).await.unwrap() else { panic!("its holder is dead") };
    assert_eq!(claim.earlier.unwrap().name, "two.png");
}

pub(crate) async fn what_only_a_newer_program_can_read_is_left_to_it(world: World) {
    let store = world.store().await;
    let newer = store.operations().submit(deletion("anna", 1)).await.unwrap().id;
    world.execute("UPDATE operations SET kind = 'novelty', task = '{\"kind\":\"novelty\"}'").await;
    let known = store.operations().submit(deletion("anna", 1)).await.unwrap().id;
    assert!(store.operations().take(&newer).await.is_err());
    let page = PageRequest { size: 10, after: None };
    let listed = store.operations().list(&OperationFilter::default(), &page).await.unwrap().items;
    assert_eq!(listed.iter().map(|operation| &operation.id).collect::<Vec<_>>(), [&known]);
    // It was not counted as a try, and nobody holds it.
    world.execute(&format!("UPDATE operations SET task = (SELECT task FROM operations WHERE id = '{known}')")).await;
    let (_, operation) = store.operations().take(&newer).await.unwrap().unwrap();
    assert_eq!(operation.tries, 1);
}

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
