//! Who changed what.

use std::time::Duration;

use polyptych_domain::{
    Applied, AuditEvent, AuditFilter, ErrorKind, LibraryId, OperationId, Page, PageRequest, ProviderError, Verb,
};
use polyptych_store::{Clock, Store};

use crate::world::{World, album, client, failure, image};

pub(crate) fn event(who: &str, points: u64) -> AuditEvent {
    AuditEvent {
        time: None,
        client: client(who),
        verb: Verb::Upload,
        album: album("a"),
        image: None,
        operation: None,
        failure: None,
        request_id: None,
        points,
    }
}

async fn page(store: &Store, filter: &AuditFilter, size: u32, after: Option<String>) -> Page<AuditEvent> {
    store.audit().list(filter, &PageRequest { size, after }).await.unwrap()
}

fn points(page: &Page<AuditEvent>) -> Vec<u64> {
    page.items.iter().map(|event| event.points).collect()
}

pub(crate) async fn an_event_is_told_as_it_was_recorded(world: World) {
    let store = world.store().await;
    let mut failure = failure("out of service", Applied::Unknown);
    failure.provider_error = Some(ProviderError { message: "нет \" ✓".to_owned(), ..ProviderError::default() });
    let whole = AuditEvent {
        verb: Verb::Associate,
        image: Some(image("one")),
        operation: Some(OperationId::new("op-1").unwrap()),
        failure: Some(failure),
        request_id: Some("8695244274068608439".to_owned()),
        ..event("anna", u64::MAX >> 1)
    };
    store.audit().record(&[whole.clone(), event("bert", 0)]).await.unwrap();
    let time = Some(world.clock.wall());
    let told = page(&store, &AuditFilter::default(), 10, None).await;
    assert_eq!(told.items, [AuditEvent { time, ..event("bert", 0) }, AuditEvent { time, ..whole }]);
    assert_eq!(told.next, None);
}

pub(crate) async fn pages_go_from_new_to_old_while_more_comes(world: World) {
    let (one, two) = (world.store().await, world.store().await);
    let many: Vec<_> = (0..450).map(|points| event("anna", points)).collect();
    one.audit().record(&many).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = page(&two, &AuditFilter::default(), 100, after).await;
        assert!(page.items.len() <= 100);
        seen.extend(points(&page));
        one.audit().record(&[event("anna", 1000)]).await.unwrap();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..450).rev().collect::<Vec<_>>());
    let wrong = PageRequest { size: 1, after: Some("x".to_owned()) };
    let refused = one.audit().list(&AuditFilter::default(), &wrong).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
}

pub(crate) async fn events_are_found_by_client_library_and_time(world: World) {
    let store = world.store().await;
    let elsewhere = AuditEvent { album: "libraries/shop/albums/a".parse().unwrap(), ..event("anna", 2) };
    store.audit().record(&[event("anna", 1), elsewhere]).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let since = Some(world.clock.wall());
    store.audit().record(&[event("bert", 3), event("anna", 4)]).await.unwrap();
    let any = AuditFilter::default();
    let anna = AuditFilter { client: Some(client("anna")), ..any.clone() };
    let shop = AuditFilter { library: Some(LibraryId::new("shop").unwrap()), ..any.clone() };
    for (filter, found) in [
        (any.clone(), vec![4, 3, 2, 1]),
        (anna.clone(), vec![4, 2, 1]),
        (shop.clone(), vec![2]),
        (AuditFilter { since, ..any }, vec![4, 3]),
        (AuditFilter { since, ..anna }, vec![4]),
        (AuditFilter { since, ..shop }, vec![]),
    ] {
        assert_eq!(points(&page(&store, &filter, 10, None).await), found, "{filter:?}");
    }
}

pub(crate) async fn events_are_listed_by_their_times_whatever_the_clock_did(world: World) {
    let store = world.store().await;
    let noon = world.clock.wall();
    store.audit().record(&[event("anna", 1), event("anna", 2)]).await.unwrap();
    world.clock.jump(noon - jiff::SignedDuration::from_hours(1));
    store.audit().record(&[event("anna", 3), event("bert", 4)]).await.unwrap();
    world.clock.jump(noon + jiff::SignedDuration::from_hours(1));
    store.audit().record(&[event("anna", 5)]).await.unwrap();
    let anna = AuditFilter { client: Some(client("anna")), ..AuditFilter::default() };
    for (filter, found) in [
        (AuditFilter::default(), vec![5, 2, 1, 4, 3]),
        (anna.clone(), vec![5, 2, 1, 3]),
        (AuditFilter { since: Some(noon), ..anna }, vec![5, 2, 1]),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = page(&store, &filter, 1, after).await;
            seen.extend(points(&page));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, found, "{filter:?}");
    }
}
