//! Who may upload, and what the next one learns.

use polyptych_domain::{Claim, Claimed, Claims, ContentKey, Known};

use crate::world::{LONG, World, image, key};

async fn ours(claims: &dyn Claims, key: &ContentKey) -> Option<Claim> {
    match claims.claim(key).await.unwrap() {
        Claimed::Ours(claim) => Some(claim),
        Claimed::Theirs => None,
    }
}

pub(crate) async fn of_many_processes_one_gets_the_claim(world: World) {
    let mut tasks = Vec::new();
    let mut stores = Vec::new();
    for _ in 0..6 {
        stores.push(world.store().await);
    }
    for store in &stores {
        let claims = store.claims();
        tasks.push(tokio::spawn(async move { ours(&*claims, &key("a", 1)).await.is_some() }));
    }
    let mut granted = 0;
    for task in tasks {
        granted += u32::from(task.await.unwrap());
    }
    assert_eq!(granted, 1);
}

pub(crate) async fn what_is_settled_is_in_the_catalogue_and_free(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let claim = ours(&*one.claims(), &key("a", 1)).await.unwrap();
    assert!(one.claims().sending(&claim, "a.png", None).await.unwrap());
    assert_eq!(ours(&*two.claims(), &key("a", 1)).await, None);
    let known = Known { image: image("one"), name: None, class: None };
    one.claims().settle(&claim, Some((&key("a", 1), &known))).await.unwrap();
    assert_eq!(two.catalogue().find(&key("a", 1)).await.unwrap(), Some(known.clone()));
    let next = ours(&*two.claims(), &key("a", 1)).await.unwrap();
    assert_eq!(next.earlier, None);
    // Repeating it, after an answer that was lost, harms nobody.
    one.claims().settle(&claim, Some((&key("a", 1), &known))).await.unwrap();
    assert!(two.claims().sending(&next, "a.png", None).await.unwrap());
    assert!(!one.claims().sending(&claim, "a.png", None).await.unwrap());
}

pub(crate) async fn a_claim_on_an_album_ends_with_the_content_that_it_holds(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let whole = ContentKey::anything(key("a", 1).album);
    let claim = ours(&*one.claims(), &whole).await.unwrap();
    assert_eq!(ours(&*two.claims(), &whole).await, None);
    assert!(ours(&*two.claims(), &ContentKey::anything(key("b", 1).album)).await.is_some());
    let known = Known { image: image("one"), name: None, class: None };
    one.claims().settle(&claim, Some((&key("a", 1), &known))).await.unwrap();
    assert_eq!(two.catalogue().find(&key("a", 1)).await.unwrap(), Some(known));
    assert_eq!(two.catalogue().find(&whole).await.unwrap(), None);
    assert!(ours(&*two.claims(), &whole).await.is_some());
}

pub(crate) async fn what_was_not_applied_leaves_nothing_behind(world: World) {
    let (one, two) = (world.process().await, world.process().await);
    let claim = ours(&*one.claims(), &key("a", 1)).await.unwrap();
    assert!(one.claims().sending(&claim, "a.png", None).await.unwrap());
    one.claims().settle(&claim, None).await.unwrap();
    assert_eq!(ours(&*two.claims(), &key("a", 1)).await.unwrap().earlier, None);
    assert_eq!(two.catalogue().find(&key("a", 1)).await.unwrap(), None);
}

pub(crate) async fn a_claim_that_is_left_tells_what_was_sent(world: World) {
    let (one, two) = (world.process().await, world.process().await);
    let untouched = ours(&*one.claims(), &key("a", 1)).await.unwrap();
    one.claims().leave(&untouched).await.unwrap();
    let claim = ours(&*one.claims(), &key("a", 1)).await.unwrap();
    assert_eq!(claim.earlier, None);
    assert!(one.claims().sending(&claim, "a.png", Some("ICON")).await.unwrap());
    one.claims().leave(&claim).await.unwrap();
    let next = ours(&*two.claims(), &key("a", 1)).await.unwrap();
    assert!(next.token > claim.token && claim.token > untouched.token);
    let earlier = next.earlier.unwrap();
    assert_eq!((earlier.name.as_str(), earlier.class.as_deref()), ("a.png", Some("ICON")));
}

pub(crate) async fn an_abandoned_claim_is_free(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let claim = ours(&*one.claims(), &key("a", 1)).await.unwrap();
    one.claims().abandon(&claim);
    while ours(&*two.claims(), &key("a", 1)).await.is_none() {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_dead_holders_intent_is_told(world: World) {
    let (dead, alive) = (world.store().await, world.store().await);
    let since = polyptych_store::Clock::wall(&*world.clock);
    let claim = ours(&*dead.claims(), &key("a", 1)).await.unwrap();
    assert!(dead.claims().sending(&claim, "a.png", None).await.unwrap());
    world.pass(LONG, &[&alive]).await;
    let next = ours(&*alive.claims(), &key("a", 1)).await.unwrap();
    assert_eq!(next.earlier.as_ref().map(|earlier| earlier.since), Some(since));
    // Who sends once more may be cut off, too: then the first intent still counts.
    assert!(alive.claims().sending(&next, "b.png", None).await.unwrap());
    alive.claims().leave(&next).await.unwrap();
    let third = ours(&*alive.claims(), &key("a", 1)).await.unwrap().earlier.unwrap();
    assert_eq!((third.name.as_str(), third.since), ("b.png", since));
}

pub(crate) async fn a_claim_of_this_process_is_granted_again(world: World) {
    let store = world.process().await;
    let first = ours(&*store.claims(), &key("a", 1)).await.unwrap();
    assert!(store.claims().sending(&first, "a.png", None).await.unwrap());
    let second = ours(&*store.claims(), &key("a", 1)).await.unwrap();
    assert_eq!(second.earlier.as_ref().map(|earlier| earlier.name.as_str()), Some("a.png"));
    assert!(!store.claims().sending(&first, "a.png", None).await.unwrap());
    assert!(store.claims().sending(&second, "a.png", None).await.unwrap());
}

pub(crate) async fn who_was_taken_for_dead_may_not_send_nor_settle(world: World) {
    let (stopped, alive) = (world.store().await, world.store().await);
    let claim = ours(&*stopped.claims(), &key("a", 1)).await.unwrap();
    world.pass(LONG, &[&alive]).await;
    let known = Known { image: image("old"), name: None, class: None };
    assert!(!stopped.claims().sending(&claim, "a.png", None).await.unwrap());
    stopped.claims().settle(&claim, Some((&key("a", 1), &known))).await.unwrap();
    assert_eq!(alive.catalogue().find(&key("a", 1)).await.unwrap(), None);
    let next = ours(&*alive.claims(), &key("a", 1)).await.unwrap();
    stopped.claims().leave(&claim).await.unwrap();
    stopped.tick().await.unwrap();
    assert!(!stopped.claims().sending(&claim, "a.png", None).await.unwrap());
    assert!(alive.claims().sending(&next, "a.png", None).await.unwrap());
    assert_eq!(ours(&*stopped.claims(), &key("a", 1)).await, None);
    assert!(ours(&*stopped.claims(), &key("a", 2)).await.is_some());
}
