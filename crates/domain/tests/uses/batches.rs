//! What batches, publishes and the catalogue do, seen through a library that keeps its images in memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_executor::block_on;
use futures_util::FutureExt;
use futures_util::future::join_all;
use polyptych_domain::*;
use proptest::prelude::*;

use crate::shelf::{PRICES, Shelf, id, picture};

pub(crate) fn command(library: &str, album: &str, picture_number: u32) -> UploadCommand {
    let album = AlbumName { library: LibraryId::new(library).unwrap(), album: AlbumId::new(album).unwrap() };
    UploadCommand::new(album, format!("{picture_number}.png"), picture(picture_number))
}

pub(crate) fn service(shelves: &[&Arc<Shelf>]) -> Service {
    let libraries = shelves.iter().map(|shelf| Arc::clone(shelf) as Arc<dyn ImageLibrary>).collect();
    Service::new(libraries, Arc::new(InlineWorkers)).unwrap()
}

pub(crate) fn kinds<T>(report: &BatchReport<T>) -> Vec<Option<ErrorKind>> {
    report.outcomes.iter().map(|outcome| outcome.as_ref().err().map(Error::kind)).collect()
}

pub(crate) fn name(library: &str, album: &str, image: &str) -> ImageName {
    format!("libraries/{library}/albums/{album}/images/{image}").parse().unwrap()
}

#[test]
fn what_was_uploaded_is_not_sent_again_until_somebody_says_that_it_is_gone() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let upload = |policy| {
        let command = UploadCommand { policy, ..command("shelf", "a", 1) };
        block_on(service.upload(command)).unwrap()
    };
    let first = upload(UploadPolicy::Reuse);
    assert!(!first.reused && first.unrecorded.is_none());
    let again = upload(UploadPolicy::Reuse);
    assert_eq!((again.reused, again.image.id == first.image.id, shelf.sent()), (true, true, 1));
    let verified = upload(UploadPolicy::Verify);
    assert_eq!((verified.reused, verified.image.name.as_deref(), shelf.sent()), (true, Some("1.png"), 1));
    assert_eq!(upload(UploadPolicy::Reuse).image.name.as_deref(), Some("1.png"));
    assert_eq!((upload(UploadPolicy::Force).reused, shelf.sent()), (false, 2));

    // Somebody else deletes it.
    shelf.empty();
    assert!(!upload(UploadPolicy::Verify).reused);
    shelf.empty();
    let (album, page) = (AlbumId::new("a").unwrap(), PageRequest { size: 10, after: None });
    block_on(service.list(&id("shelf"), Some(&album), &page)).unwrap();
    assert!(!upload(UploadPolicy::Reuse).reused);
    shelf.empty();
    block_on(service.get(&name("shelf", "a", first.image.id.as_str()))).unwrap_err();
    assert!(!upload(UploadPolicy::Reuse).reused);
    block_on(service.delete(&name("shelf", "a", first.image.id.as_str()))).unwrap();
    assert!(!upload(UploadPolicy::Reuse).reused);
    let deleted = block_on(service.delete_many(&[name("shelf", "a", first.image.id.as_str())], Budget::default()));
    assert_eq!(kinds(&deleted), [None]);
    assert!(!upload(UploadPolicy::Reuse).reused);
}

#[test]
fn an_album_under_another_spelling_is_the_same_album_and_another_album_is_not() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let reused = |album| block_on(service.upload(command("shelf", album, 1))).unwrap().reused;
    assert_eq!([reused("a"), reused("A"), reused("b")], [false, true, false]);
}

#[test]
fn a_hundred_uploads_of_one_content_at_once_are_one_call() {
    let shelf = Shelf::new("shelf");
    shelf.pauses.store(3, Ordering::SeqCst);
    let service = service(&[&shelf]);
    let uploads = (0..100).map(|_| service.upload(command("shelf", "a", 1)));
    let receipts: Vec<_> = block_on(join_all(uploads)).into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| !receipt.reused).count(), 1);
    assert_eq!(shelf.sent(), 1);
}

#[test]
fn who_waits_for_a_failed_upload_shares_its_failure_and_who_comes_later_tries() {
    let shelf = Shelf::new("shelf");
    shelf.pauses.store(3, Ordering::SeqCst);
    shelf.refuse("1.png");
    let service = service(&[&shelf]);
    let outcomes = block_on(join_all((0..100).map(|_| service.upload(command("shelf", "a", 1)))));
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(shelf.sent(), 1);
    block_on(service.upload(command("shelf", "a", 1))).unwrap_err();
    assert_eq!(shelf.sent(), 2);
}

#[test]
fn an_upload_that_is_given_up_is_taken_over_by_one_that_waits() {
    let shelf = Shelf::new("shelf");
    shelf.pauses.store(2, Ordering::SeqCst);
    let service = service(&[&shelf]);
    let mut leader = Box::pin(service.upload(command("shelf", "a", 1)));
    let mut follower = Box::pin(service.upload(command("shelf", "a", 1)));
    assert!(leader.as_mut().now_or_never().is_none());
    assert!(follower.as_mut().now_or_never().is_none());
    drop(leader);
    assert!(!block_on(follower).unwrap().reused);
}

#[test]
fn one_bad_image_is_found_and_does_not_fail_the_others() {
    let shelf = Shelf::grouping("shelf", 100);
    shelf.spoil("37.png");
    let service = service(&[&shelf]);
    let report = block_on(service.upload_many((0..100).map(|n| command("shelf", "a", n)).collect(), Budget::default()));
    for (number, kind) in kinds(&report).into_iter().enumerate() {
        assert_eq!(kind, (number == 37).then_some(ErrorKind::ProviderRefused), "{number}");
    }
    assert!(shelf.calls() <= 15, "{}", shelf.calls());
    let cost = report.costs[&id("shelf")];
    assert_eq!(cost.calls, shelf.calls());
    assert_eq!(cost.points, shelf.points());
}

#[test]
fn looking_for_bad_images_ends_and_leaves_no_image_without_an_outcome() {
    let shelf = Shelf::grouping("shelf", 100);
    (0..100).for_each(|number| shelf.spoil(&format!("{number}.png")));
    let service = service(&[&shelf]);
    let report = block_on(service.upload_many((0..100).map(|n| command("shelf", "a", n)).collect(), Budget::default()));
    assert!(kinds(&report).iter().all(|kind| *kind == Some(ErrorKind::ProviderRefused)));
    assert_eq!(shelf.calls(), 32);
}

#[test]
fn a_failure_of_the_account_ends_the_work_after_the_calls_in_progress() {
    let shelf = Shelf::new("shelf");
    shelf.lock_out();
    let service = service(&[&shelf]);
    let report = block_on(service.upload_many((0..100).map(|n| command("shelf", "a", n)).collect(), Budget::default()));
    assert!(kinds(&report).iter().all(|kind| *kind == Some(ErrorKind::CredentialRefused)));
    assert!(shelf.calls() <= 4, "{}", shelf.calls());
}

#[test]
fn work_stops_before_the_budget_is_exceeded_and_tells_what_was_done() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let commands: Vec<_> = (0..30).map(|number| command("shelf", "a", number)).collect();
    let budget = Budget { points: Some(500), ..Budget::default() };
    let report = block_on(service.upload_many(commands.clone(), budget));
    let done = report.outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    // Three images are 80 points; the seventh call would be the one too many.
    assert_eq!((done, shelf.points()), (18, 480));
    assert_eq!(report.costs[&id("shelf")].points, 480);
    assert!(kinds(&report).iter().flatten().all(|kind| *kind == ErrorKind::BudgetSpent));
    let rest = block_on(service.upload_many(commands, Budget::default()));
    assert!(rest.outcomes.iter().all(Result::is_ok));
    assert_eq!(shelf.sent(), 30);
}

#[test]
fn an_estimate_sends_nothing_and_is_what_it_then_costs() {
    let (shelf, other) = (Shelf::new("shelf"), Shelf::new("other"));
    let service = service(&[&shelf, &other]);
    block_on(service.upload(command("shelf", "a", 3))).unwrap();
    let sent = shelf.calls();
    let mut commands: Vec<_> = (0..20).map(|number| command("shelf", "a", number)).collect();
    commands.push(UploadCommand { content: Content::from_bytes(&b"<html>"[..]), ..command("shelf", "a", 50) });
    commands.extend((0..2).map(|number| command("other", "b", number)));
    let estimate = block_on(service.estimate(commands.clone()));
    assert_eq!((shelf.calls(), other.calls()), (sent, 0));
    assert_eq!(estimate.outcomes[2].as_ref().ok(), Some(&Planned::Upload));
    assert_eq!(estimate.outcomes[3].as_ref().ok(), Some(&Planned::Reuse));
    assert_eq!(kinds(&estimate)[20], Some(ErrorKind::NotAnImage));
    let report = block_on(service.upload_many(commands, Budget::default()));
    assert_eq!(estimate.costs, report.costs);
    assert_eq!(report.costs[&id("shelf")].calls, 7);
}

#[test]
fn a_picture_goes_to_many_albums_and_one_librarys_trouble_leaves_the_others_alone() {
    let (good, bad) = (Shelf::new("good"), Shelf::new("bad"));
    bad.lock_out();
    let service = service(&[&good, &bad]);
    let target = |library: &str, album: &str| PublishTarget {
        library: LibraryId::new(library).unwrap(),
        album: Some(AlbumId::new(album).unwrap()),
        class: None,
    };
    let nowhere = target("nowhere", "a");
    let targets = vec![target("good", "a"), target("bad", "a"), nowhere, target("good", "b"), target("good", "a")];
    let publish = PublishCommand::new("1.png", picture(1), targets);
    let report = block_on(service.publish(publish.clone()));
    let expected = [None, Some(ErrorKind::CredentialRefused), Some(ErrorKind::LibraryNotFound), None, None];
    assert_eq!(kinds(&report), expected);
    assert_eq!(good.sent(), 2);
    let again = block_on(service.publish(publish));
    assert!(again.outcomes.iter().flatten().all(|receipt| receipt.reused));
    assert_eq!(good.sent(), 2);
}

#[test]
fn ten_thousand_deletions_and_one_more_are_two_calls() {
    let shelf = Shelf::new("shelf");
    shelf.hold("a", 0..10_001);
    let service = service(&[&shelf]);
    let mut names: Vec<_> = (0..10_001).rev().map(|number| name("shelf", "a", &number.to_string())).collect();
    names.insert(17, name("shelf", "a", "missing"));
    names.push(name("shelf", "a", "5"));
    names.push(name("nowhere", "a", "5"));
    let report = block_on(service.delete_many(&names, Budget::default()));
    for (place, kind) in kinds(&report).into_iter().enumerate() {
        let expected = match place {
            17 => Some(ErrorKind::ImageNotFound),
            10_003 => Some(ErrorKind::LibraryNotFound),
            _ => None,
        };
        assert_eq!(kind, expected, "{place}");
    }
    assert_eq!(shelf.calls(), 2);
    assert_eq!(report.costs[&id("shelf")].points, 2 * PRICES.delete.call + PRICES.refused_image);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever comes in whatever order: each image has the outcome of its own content, good ones are stored once per
    /// album, and no call holds more than it may.
    #[test]
    fn every_item_has_its_own_outcome(
        items in prop::collection::vec((0u32..12, 0u8..3), 0..40),
        bad in prop::collection::btree_set(0u32..12, 0..3),
        refused in prop::collection::btree_set(0u32..12, 0..3),
        group in 1u32..9,
    ) {
        let shelf = Shelf::grouping("shelf", group);
        bad.iter().for_each(|number| shelf.spoil(&format!("{number}.png")));
        refused.iter().for_each(|number| shelf.refuse(&format!("{number}.png")));
        let service = service(&[&shelf]);
        let album = |number: u8| ["a", "b", "c"][usize::from(number)];
        let commands = items.iter().map(|(number, place)| command("shelf", album(*place), *number)).collect();
        let report = block_on(service.upload_many(commands, Budget::default()));
        prop_assert_eq!(report.outcomes.len(), items.len());
        for ((number, place), outcome) in items.iter().zip(&report.outcomes) {
            if bad.contains(number) || refused.contains(number) {
                prop_assert!(outcome.is_err(), "{}", number);
            } else {
                let receipt = outcome.as_ref().unwrap();
                prop_assert_eq!(receipt.sent.sha256, Sha256::of(&picture(*number)));
                prop_assert_eq!(receipt.album.album.as_str(), album(*place));
                prop_assert_eq!(shelf.times_stored(album(*place), &receipt.sent.sha256), 1);
            }
        }
        prop_assert!(shelf.largest_group() <= group as usize);
        if !items.is_empty() {
            prop_assert_eq!(report.costs[&id("shelf")].points, shelf.points());
        }
    }

    /// Deleting answers item by item, whatever is named how often.
    #[test]
    fn every_deletion_has_its_own_outcome(
        named in prop::collection::vec((0u32..40, 0u8..2), 0..80),
        per_call in 1u32..20,
    ) {
        let shelf = Shelf::deleting("shelf", per_call);
        for album in ["a", "b"] {
            shelf.hold(album, 0..20);
        }
        let service = service(&[&shelf]);
        let album = |number: u8| ["a", "b"][usize::from(number)];
        let names: Vec<_> =
            named.iter().map(|(image, place)| name("shelf", album(*place), &image.to_string())).collect();
        let report = block_on(service.delete_many(&names, Budget::default()));
        for ((image, _), kind) in named.iter().zip(kinds(&report)) {
            prop_assert_eq!(kind, (*image >= 20).then_some(ErrorKind::ImageNotFound));
        }
        prop_assert!(shelf.largest_group() <= per_call as usize);
    }
}
