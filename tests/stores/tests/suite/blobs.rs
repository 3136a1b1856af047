//! Pictures of operations.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use polyptych_domain::{Content, ErrorKind, Sha256};
use polyptych_store::{BlobPlace, Retention, Store};

use crate::unreliable::Unreliable;
use crate::world::{World, client};

/// Bytes that differ from place to place.
pub(crate) fn picture(len: usize, seed: u32) -> Content {
    let mut state = seed | 1;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    Content::from_bytes(bytes.take(len).collect::<Vec<_>>())
}

/// The names of all objects.
async fn names(place: &BlobPlace) -> Vec<Path> {
    place.objects().list(None).map_ok(|meta| meta.location).try_collect().await.unwrap()
}

/// The bytes as they stream, or how that ends.
async fn streamed(content: &Content) -> std::io::Result<Vec<u8>> {
    let (mut chunks, mut all) = (content.source().chunks(), Vec::new());
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => all.extend_from_slice(&chunk),
            Err(error) => {
                assert!((all.len() as u64) < content.len(), "the whole was given before the fault was told");
                return Err(error);
            }
        }
    }
    Ok(all)
}

async fn whole(content: Content) -> Vec<u8> {
    let bytes = tokio::task::spawn_blocking(move || content.source().read()).await.unwrap().unwrap();
    bytes.to_vec()
}

async fn put(store: &Store, place: &BlobPlace, who: &str, content: &Content) -> Result<(), ErrorKind> {
    store.blobs(place).put(&client(who), content).await.map_err(|error| error.kind())
}

pub(crate) async fn what_one_process_puts_another_one_opens(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let place = world.place().await;
    for (len, seed) in [(0, 1), (1, 2), (100_000, 3), (5_000_001, 4)] {
        let content = picture(len, seed);
        put(&one, &place, "anna", &content).await.unwrap();
        let opened = two.blobs(&place).open(&content.sha256()).await.unwrap();
        assert_eq!((opened.len(), opened.sha256()), (content.len(), content.sha256()));
        let bytes = content.source().read().unwrap();
        assert!(streamed(&opened).await.unwrap() == bytes && whole(opened).await == bytes, "{len} bytes");
    }
    let missing = two.blobs(&place).open(&Sha256::of(b"never")).await.unwrap_err();
    assert!(missing.kind() == ErrorKind::SourceUnavailable && missing.message().contains("not kept"), "{missing}");
}

pub(crate) async fn a_client_holds_what_it_has_put_and_keeps_it_by_asking(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let place = world.place().await;
    one.tidy(&Retention::default(), Some(&place)).await.unwrap();
    let pictures: Vec<_> = (1..=250).map(|number| picture(number, number as u32)).collect();
    for (number, picture) in pictures.iter().enumerate() {
        let who = if number == 7 { "other" } else { "anna" };
        put(&one, &place, who, picture).await.unwrap();
    }
    let mut wanted: Vec<_> = pictures.iter().map(Content::sha256).collect();
    wanted.push(Sha256::of(b"never"));
    world.clock.advance(Duration::from_secs(60 * 60 + 1));
    let held = two.blobs(&place).held(&client("anna"), &wanted).await.unwrap();
    let expected = (1..=251).map(|number| Some(number).filter(|number| ![8, 251].contains(number)));
    assert_eq!(held, expected.collect::<Vec<_>>());
    // What was asked for an hour later is kept for an hour from then on, and the other client's is not.
    let tidied = one.tidy(&Retention::default(), Some(&place)).await.unwrap().unwrap();
    assert_eq!(tidied.pictures, 1);
    let held = two.blobs(&place).held(&client("other"), &wanted).await.unwrap();
    assert!(held.iter().all(Option::is_none), "{held:?}");
    assert!(two.blobs(&place).held(&client("anna"), &wanted).await.unwrap().contains(&Some(250)));
}

pub(crate) async fn a_picture_that_many_put_at_once_is_kept_once(world: World) {
    let store = world.store().await;
    let place = world.place().await;
    let content = picture(300_000, 1);
    let puts = (0..8).map(|number| {
        let (blobs, content) = (store.blobs(&place), content.clone());
        tokio::spawn(async move { blobs.put(&client(&format!("c{number}")), &content).await })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
    put(&store, &place, "anna", &content).await.unwrap();
    while names(&place).await.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(whole(store.blobs(&place).open(&content.sha256()).await.unwrap()).await.len(), 300_000);
}

pub(crate) async fn a_picture_that_was_damaged_is_not_given_as_a_whole(world: World) {
    let store = world.store().await;
    let place = world.place().await;
    let content = picture(1_000_000, 1);
    put(&store, &place, "anna", &content).await.unwrap();
    let opened = store.blobs(&place).open(&content.sha256()).await.unwrap();
    let (objects, object) = (place.objects(), names(&place).await.pop().unwrap());
    let good = objects.get(&object).await.unwrap().bytes().await.unwrap();
    let flipped = |damage: usize| {
        let mut bytes = good.to_vec();
        bytes[damage] ^= 1;
        bytes
    };
    for bytes in [flipped(3), flipped(999_999), good[..999_999].to_vec(), [&*good, b"x"].concat()] {
        objects.put(&object, bytes.into()).await.unwrap();
        assert_eq!(streamed(&opened).await.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
    objects.put(&object, good.clone().into()).await.unwrap();
    assert!(streamed(&opened).await.unwrap() == good);
}

pub(crate) async fn a_picture_whose_bytes_are_lost_is_kept_anew(world: World) {
    let (store, place) = (world.store().await, world.place().await);
    let content = picture(100_000, 7);
    put(&store, &place, "anna", &content).await.unwrap();
    let opened = store.blobs(&place).open(&content.sha256()).await.unwrap();
    for name in names(&place).await {
        place.objects().delete(&name).await.unwrap();
    }
    let error = streamed(&opened).await.unwrap_err();
    assert_eq!(error.to_string(), "the picture is not kept any more");
    put(&store, &place, "anna", &content).await.unwrap();
    let opened = store.blobs(&place).open(&content.sha256()).await.unwrap();
    assert_eq!(whole(opened).await, whole(content.clone()).await);
    // Nothing more is written for one that is there.
    put(&store, &place, "bert", &content).await.unwrap();
    assert_eq!(names(&place).await.len(), 1);
}

pub(crate) async fn what_is_not_what_it_is_said_to_be_is_not_kept(world: World) {
    let store = world.store().await;
    let place = world.place().await;
    let content = picture(2_000_000, 1);
    let (source, len) = (content.source(), content.len());
    let wrong = [
        Content::new(len, Sha256::of(b"other"), Arc::clone(source)),
        Content::new(len - 1, content.sha256(), Arc::clone(source)),
        Content::new(len + 1, content.sha256(), Arc::clone(source)),
    ];
    for wrong in wrong {
        assert_eq!(put(&store, &place, "anna", &wrong).await, Err(ErrorKind::Internal));
        assert!(store.blobs(&place).open(&wrong.sha256()).await.is_err());
    }
    while !names(&place).await.is_empty() {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn each_client_has_its_own_room(world: World) {
    let store = world.store().await;
    let place = world.place().await.with_bytes_per_client(250);
    put(&store, &place, "anna", &picture(150, 1)).await.unwrap();
    assert_eq!(put(&store, &place, "anna", &picture(101, 2)).await, Err(ErrorKind::QuotaExhausted));
    put(&store, &place, "anna", &picture(100, 3)).await.unwrap();
    // What a client has put already takes no more room.
    put(&store, &place, "anna", &picture(150, 1)).await.unwrap();
    put(&store, &place, "bert", &picture(150, 1)).await.unwrap();
    assert_eq!(put(&store, &place, "bert", &picture(101, 2)).await, Err(ErrorKind::QuotaExhausted));
    assert_eq!(put(&store, &place, "carl", &picture(251, 4)).await, Err(ErrorKind::QuotaExhausted));
}

pub(crate) async fn a_client_that_puts_many_at_once_stays_within_its_room(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let place = world.place().await.with_bytes_per_client(350);
    let puts = (0..8).map(|seed| {
        let blobs = if seed % 2 == 0 { one.blobs(&place) } else { two.blobs(&place) };
        tokio::spawn(async move { blobs.put(&client("anna"), &picture(100, 1000 * seed + 7)).await })
    });
    let mut kept = 0;
    for put in puts.collect::<Vec<_>>() {
        kept += u32::from(put.await.unwrap().is_ok());
    }
    assert_eq!(kept, 3);
}

pub(crate) async fn a_full_place_is_told_and_takes_pictures_again_once_there_is_room(world: World) {
    let store = world.store().await;
    let objects = Arc::new(Unreliable::default());
    let place = BlobPlace::of(Arc::clone(&objects) as Arc<dyn ObjectStore>, 1000);
    for len in [500, 5000] {
        let content = picture(len, 1);
        objects.full.store(true, Ordering::SeqCst);
        assert_eq!(put(&store, &place, "anna", &content).await, Err(ErrorKind::QuotaExhausted));
        assert!(store.blobs(&place).open(&content.sha256()).await.is_err());
        objects.full.store(false, Ordering::SeqCst);
        put(&store, &place, "anna", &content).await.unwrap();
        let opened = store.blobs(&place).open(&content.sha256()).await.unwrap();
        assert!(streamed(&opened).await.unwrap() == content.source().read().unwrap());
    }
}
