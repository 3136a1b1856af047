//! What is old is removed, what is needed stays.

use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use polyptych_domain::{AuditFilter, Claimed, Ending, OperationFilter, PageRequest, Request, Sha256};
use polyptych_store::{BlobPlace, Clock, Retention, Store, Tidied};

use crate::audit::event;
use crate::blobs::picture;
use crate::world::{HELD, LONG, World, client, deletion, key, publication, taken};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn retention() -> Retention {
    Retention { operations: 2 * DAY, audit: 4 * DAY, intents: 6 * DAY, pictures: HOUR }
}

async fn tidied(store: &Store, place: Option<&BlobPlace>) -> Tidied {
    store.tidy(&retention(), place).await.unwrap().unwrap()
}

pub(crate) async fn what_is_old_is_removed_and_what_is_not_stays(world: World) {
    let store = world.store().await;
    let (lease, _) = taken(&*store.operations(), 3).await;
    assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    let waiting = store.operations().submit(deletion("anna", 1)).await.unwrap();
    store.audit().record(&vec![event("anna", 0); 1201]).await.unwrap();
    let request = Request { id: "r".to_owned(), digest: Sha256::of(b"r") };
    store.requests().begin(&client("anna"), &request).await.unwrap();
    let Claimed::Ours(left) = store.claims().claim(&key("a", 1)).await.unwrap() else { panic!("it is free") };
    store.claims().sending(&left, "a.png", None).await.unwrap();
    store.claims().leave(&left).await.unwrap();
    let Claimed::Ours(held) = store.claims().claim(&key("a", 2)).await.unwrap() else { panic!("it is free") };
    store.claims().sending(&held, "b.png", None).await.unwrap();
    assert_eq!(tidied(&store, None).await, Tidied::default());
    // Nothing was sent under the claim of one that died.
    let dead = world.store().await;
    let Claimed::Ours(_) = dead.claims().claim(&key("a", 3)).await.unwrap() else { panic!("it is free") };
    drop(dead);
    world.pass(Duration::from_secs(601), &[&store]).await;
    assert_eq!(tidied(&store, None).await, Tidied { intents: 1, ..Tidied::default() });

    // Two days, and an hour with each step that follows.
    world.clock.advance(2 * DAY);
    store.operations().finish(&lease, Ending::Cancelled).await.unwrap();
    assert_eq!(tidied(&store, None).await, Tidied { requests: 1, ..Tidied::default() });
    let none = Tidied::default();
    for (passed, removed) in [
        (DAY + HOUR, none),
        (DAY, Tidied { operations: 1, events: 1201, ..none }),
        (2 * DAY, Tidied { intents: 1, ..none }),
        (9 * DAY, none),
    ] {
        world.clock.advance(passed);
        assert_eq!(tidied(&store, None).await, removed, "after {passed:?}");
    }
    let page = PageRequest { size: 10, after: None };
    let left = store.operations().list(&OperationFilter::default(), &page).await.unwrap();
    assert_eq!(left.items.iter().map(|operation| &operation.id).collect::<Vec<_>>(), [&waiting.id]);
    assert!(store.audit().list(&AuditFilter::default(), &page).await.unwrap().items.is_empty());
    assert!(store.claims().sending(&held, "b.png", None).await.unwrap(), "a claim that is held stays");
}

pub(crate) async fn one_process_at_a_time_tidies_up_and_not_all_the_time(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    assert!(one.tidy(&retention(), None).await.unwrap().is_some());
    assert_eq!(two.tidy(&retention(), None).await.unwrap(), None);
    world.clock.advance(Duration::from_secs(601));
    let (first, second) = (retention(), retention());
    let (first, second) = tokio::join!(one.tidy(&first, None), two.tidy(&second, None));
    assert_eq!([first.unwrap(), second.unwrap()].iter().flatten().count(), 1);
    // Who dies at it does not keep the others from it.
    world.execute("UPDATE chores SET done = 0, member = (SELECT id FROM members ORDER BY since, id LIMIT 1)").await;
    let third = world.store().await;
    assert_eq!(third.tidy(&retention(), None).await.unwrap(), None);
    world.pass(LONG, &[&third]).await;
    assert!(third.tidy(&retention(), None).await.unwrap().is_some());
}

pub(crate) async fn nothing_is_removed_for_an_hour_after_the_clock_has_jumped(world: World) {
    let store = world.store().await;
    let (lease, _) = taken(&*store.operations(), 1).await;
    store.operations().finish(&lease, Ending::Cancelled).await.unwrap();
    assert_eq!(tidied(&store, None).await, Tidied::default());
    let noon = world.clock.wall();
    for wrong in [noon + SignedDuration::from_hours(24 * 365), noon] {
        world.clock.jump(wrong);
        assert_eq!(store.tidy(&retention(), None).await.unwrap(), None);
    }
    world.clock.advance(HOUR / 2);
    assert_eq!(store.tidy(&retention(), None).await.unwrap(), None);
    world.clock.advance(HOUR);
    assert_eq!(tidied(&store, None).await, Tidied::default());
    assert!(store.operations().get(&lease.operation).await.is_ok());
    world.clock.advance(3 * DAY);
    assert_eq!(tidied(&store, None).await.operations, 1);
}

pub(crate) async fn pictures_stay_as_long_as_an_operation_needs_them(world: World) {
    let store = world.store().await;
    let place = world.place().await.with_bytes_per_client(300);
    let (needed, unneeded) = (picture(100, 1), picture(200, 2));
    let blobs = store.blobs(&place);
    blobs.put(&client("anna"), &needed).await.unwrap();
    blobs.put(&client("anna"), &unneeded).await.unwrap();
    let submitted = store.operations().submit(publication("anna", &needed)).await.unwrap();
    world.clock.advance(HOUR - Duration::from_secs(1));
    assert_eq!(tidied(&store, Some(&place)).await.pictures, 0);
    world.clock.advance(Duration::from_secs(700));
    assert_eq!(tidied(&store, Some(&place)).await.pictures, 1);
    assert!(blobs.open(&unneeded.sha256()).await.is_err());
    assert!(blobs.open(&needed.sha256()).await.is_ok());
    blobs.put(&client("anna"), &unneeded).await.unwrap();
    store.operations().cancel(&submitted.id).await.unwrap();
    world.clock.advance(2 * HOUR);
    assert_eq!(tidied(&store, Some(&place)).await.pictures, 2);
    assert!(blobs.open(&needed.sha256()).await.is_err());
    blobs.put(&client("anna"), &picture(300, 3)).await.unwrap();
}

pub(crate) async fn objects_that_nobody_names_are_swept_and_those_of_others_are_not(world: World) {
    let store = world.store().await;
    let place = world.place().await;
    let objects = place.objects();
    // What an object says of its age is the place's own time.
    world.clock.jump(Timestamp::now());
    let named = picture(10, 1);
    store.blobs(&place).put(&client("anna"), &named).await.unwrap();
    store.operations().submit(publication("anna", &named)).await.unwrap();
    let orphan = format!("ab/ab{}-{}", "0".repeat(62), "1".repeat(32));
    for name in [orphan.as_str(), "ab/notes.txt", "other/readme"] {
        objects.put(&Path::from(name), PutPayload::from_static(b"x")).await.unwrap();
    }
    assert_eq!(tidied(&store, Some(&place)).await.objects, 0, "they may be on their way");
    world.clock.advance(2 * DAY);
    assert_eq!(tidied(&store, Some(&place)).await.objects, 1);
    let left: Vec<_> = objects.list(None).try_collect().await.unwrap();
    assert_eq!(left.len(), 3);
    assert!(!left.iter().any(|meta| meta.location.as_ref() == orphan));
    assert!(store.blobs(&place).open(&named.sha256()).await.is_ok());
}
