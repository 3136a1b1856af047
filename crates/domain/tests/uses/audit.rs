//! Every change is told, and who asked for it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_executor::block_on;
use polyptych_domain::*;

use crate::shelf::{PRICES, Shelf, id, picture};
use crate::world::{album, polled};

#[derive(Default)]
struct Log {
    events: Mutex<Vec<AuditEvent>>,
    away: AtomicBool,
    /// Seconds since 1970.
    clock: AtomicI64,
}

#[async_trait]
impl AuditLog for Log {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), Error> {
        if self.away.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Internal, "the store is away"));
        }
        self.events.lock().unwrap().extend_from_slice(events);
        Ok(())
    }

    fn record_soon(&self, events: Vec<AuditEvent>) {
        self.events.lock().unwrap().extend(events);
    }

    async fn list(&self, _: &AuditFilter, _: &PageRequest) -> Result<Page<AuditEvent>, Error> {
        Ok(Page { items: self.events.lock().unwrap().clone(), next: None })
    }
}

impl Log {
    fn told(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

fn command(number: u32) -> UploadCommand {
    let album: AlbumName = "libraries/one/albums/a".parse().unwrap();
    UploadCommand::new(album, format!("{number}.png"), picture(number))
}

fn caller() -> Caller {
    Caller { client: ClientId::new("agency").unwrap(), operation: Some(OperationId::new("op-1").unwrap()) }
}

fn service(shelf: &Arc<Shelf>, log: &Arc<Log>) -> Service {
    let service = Service::new(vec![Arc::clone(shelf) as _], Arc::new(InlineWorkers)).unwrap();
    service.with_audit(Arc::clone(log) as _).for_caller(caller())
}

#[test]
fn an_upload_is_told_with_who_where_what_and_its_points_and_one_that_sends_nothing_is_not() {
    let (shelf, log) = (Shelf::new("one"), Arc::new(Log::default()));
    let service = service(&shelf, &log);
    let image = block_on(service.upload(command(1))).unwrap().image.id;
    let events = log.told();
    let expected = AuditEvent {
        time: Some(log.now()),
        client: caller().client,
        verb: Verb::Upload,
        album: album("one", "a"),
        image: Some(image),
        operation: caller().operation,
        failure: None,
        request_id: Some("request-1".to_owned()),
        points: PRICES.upload.of(1),
    };
    assert_eq!(events, [expected]);
    assert!(block_on(service.upload(command(1))).unwrap().reused);
    assert!(log.told().is_empty());
    block_on(service.upload(UploadCommand { content: Content::from_bytes(&b"<html>"[..]), ..command(2) })).unwrap_err();
    shelf.refuse("3.png");
    block_on(service.upload(command(3))).unwrap_err();
    let failed = log.told();
    let kinds: Vec<_> = failed.iter().map(|event| event.failure.as_ref().unwrap().kind).collect();
    assert_eq!(kinds, [ErrorKind::NotAnImage, ErrorKind::ProviderRefused]);
    assert_eq!(failed[0].points, 0);
    assert_eq!(failed[1].request_id.as_deref(), Some("42"));
}

#[test]
fn the_events_of_a_batch_cost_together_what_the_batch_cost() {
    let (shelf, log) = (Shelf::new("one"), Arc::new(Log::default()));
    let service = service(&shelf, &log);
    shelf.refuse("4.png");
    shelf.spoil("6.png");
    let mut commands: Vec<_> = (0..10).map(command).collect();
    commands.push(command(1));
    commands.push(UploadCommand { name: "x.gif".to_owned(), ..command(11) });
    let report = block_on(service.upload_many(commands, Budget::default()));
    let events = log.told();
    // The twin sends nothing.
    assert_eq!(events.len(), 11);
    assert_eq!(events.iter().filter(|event| event.failure.is_some()).count(), 3);
    assert!(events.iter().all(|event| event.failure.is_some() || event.request_id.is_some()), "{events:?}");
    let told = report.outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
    for receipt in told.filter(|receipt| !receipt.reused) {
        let event = events.iter().find(|event| event.image.as_ref() == Some(&receipt.image.id)).unwrap();
        assert_eq!(event.request_id, receipt.request_id);
    }
    assert_eq!(report.outcomes[10].as_ref().unwrap().request_id, None);
    assert_eq!(events.iter().map(|event| event.points).sum::<u64>(), report.costs[&id("one")].points);
    assert_eq!(report.costs[&id("one")].points, shelf.points());

    let images = [image("none"), image(events[0].image.as_ref().unwrap().as_str())];
    let report = block_on(service.delete_many(&images, Budget::default()));
    let events = log.told();
    assert_eq!(events.iter().map(|event| event.verb).collect::<Vec<_>>(), [Verb::Delete; 2]);
    let kinds: Vec<_> = events.iter().map(|event| event.failure.as_ref().map(|failure| failure.kind)).collect();
    assert_eq!(kinds, [Some(ErrorKind::ImageNotFound), None]);
    assert_eq!(events[1].request_id, report.outcomes[1].as_ref().unwrap().request_id);
    assert!(events[1].request_id.is_some());
    assert_eq!(events.iter().map(|event| event.points).sum::<u64>(), report.costs[&id("one")].points);
    block_on(service.delete(&image("none"))).unwrap_err();
    assert_eq!(log.told()[0].image, Some(ImageId::new("none").unwrap()));
}

#[test]
fn the_event_of_an_image_that_is_refused_outside_of_a_group_tells_what_its_call_has_cost() {
    let (shelf, log) = (Shelf::single("one"), Arc::new(Log::default()));
    let service = service(&shelf, &log);
    shelf.refuse("4.png");
    let report = block_on(service.upload_many(vec![command(4)], Budget::default()));
    let points: Vec<_> = log.told().iter().map(|event| event.points).collect();
    // The call was answered, so that it costs its price and that of a refused image.
    assert_eq!(points, [PRICES.upload.call + PRICES.refused_image]);
    assert_eq!((points[0], points[0]), (report.costs[&id("one")].points, shelf.points()));
}

fn image(id: &str) -> ImageName {
    ImageName { album: album("one", "a"), image: ImageId::new(id).unwrap() }
}

#[test]
fn an_event_that_cannot_be_kept_undoes_nothing_and_goes_with_the_next_one() {
    let (shelf, log) = (Shelf::new("one"), Arc::new(Log::default()));
    let service = service(&shelf, &log);
    log.away.store(true, Ordering::SeqCst);
    for number in 1..5 {
        log.clock.store(number.into(), Ordering::SeqCst);
        log.away.store(number < 4, Ordering::SeqCst);
        block_on(service.clone().upload(command(number))).unwrap();
    }
    // Each has the time at which it came, and not at which it could be kept.
    let times: Vec<_> = log.told().iter().map(|event| event.time.unwrap().as_second()).collect();
    assert_eq!(times, [1, 2, 3, 4]);
}

#[test]
fn a_deletion_that_is_cut_off_at_any_point_is_told_and_leaves_nothing_untrue_behind() {
    for polls in 1.. {
        let (shelf, log, known) = (Shelf::new("one"), Arc::new(Log::default()), Arc::new(MemoryCatalogue::default()));
        let service = service(&shelf, &log).with_catalogue(Arc::clone(&known) as _);
        let stored = block_on(service.upload(command(1))).unwrap();
        log.told();
        shelf.pauses.store(2, Ordering::SeqCst);
        shelf.pauses_after.store(2, Ordering::SeqCst);
        let name = ImageName { album: album("one", "a"), image: stored.image.id.clone() };
        let mut deleting = Box::pin(service.delete(&name));
        let ended = polled(deleting.as_mut(), polls).is_some();
        drop(deleting);
        let events = log.told();
        let failures: Vec<_> = events.iter().map(|event| event.failure.as_ref().map(|told| told.applied)).collect();
        assert_eq!(failures, [if ended { None } else { Some(Applied::Unknown) }], "after {polls} steps");
        assert_eq!((events[0].verb, &events[0].image), (Verb::Delete, &Some(stored.image.id)));
        // A picture whose image is gone, or may be, is sent again.
        if shelf.held() == 0 {
            assert!(!block_on(service.upload(command(1))).unwrap().reused, "after {polls} steps");
        }
        if ended {
            assert!(polls > 3, "it was never cut off in between");
            return;
        }
    }
}

#[test]
fn an_upload_that_is_cut_off_is_told() {
    let (shelf, log) = (Shelf::new("one"), Arc::new(Log::default()));
    shelf.pauses_after.store(2, Ordering::SeqCst);
    let service = service(&shelf, &log);
    let mut uploading = Box::pin(service.upload(command(1)));
    while shelf.held() == 0 {
        assert!(polled(uploading.as_mut(), 1).is_none());
    }
    drop(uploading);
    let events = log.told();
    assert_eq!(events.len(), 1);
    let told = events[0].failure.as_ref().unwrap();
    assert_eq!((events[0].verb, told.applied), (Verb::Upload, Applied::Unknown));
}

#[test]
fn an_image_that_is_not_deleted_stays_known() {
    let (shelf, log) = (Shelf::new("one"), Arc::new(Log::default()));
    let service = service(&shelf, &log).with_catalogue(Arc::new(MemoryCatalogue::default()));
    let stored = block_on(service.upload(command(1))).unwrap();
    let name = ImageName { album: album("one", "a"), image: stored.image.id };
    shelf.down(true);
    block_on(service.delete(&name)).unwrap_err();
    assert!(block_on(service.upload(command(1))).unwrap().reused);
    assert!(block_on(service.delete_many(std::slice::from_ref(&name), Budget::default())).outcomes[0].is_err());
    assert!(block_on(service.upload(command(1))).unwrap().reused);
}
