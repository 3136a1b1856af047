//! What a copy does, seen through libraries that keep their images in memory.

use std::sync::Arc;

use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_domain::*;

use crate::shelf::{Shelf, id, picture};

fn service(shelves: &[&Arc<Shelf>]) -> Service {
    let libraries = shelves.iter().map(|shelf| Arc::clone(shelf) as Arc<dyn ImageLibrary>).collect();
    Service::new(libraries, Arc::new(InlineWorkers)).unwrap()
}

fn album(name: &str) -> AlbumId {
    AlbumId::new(name).unwrap()
}

/// Puts pictures of these numbers into an album; the names of the images.
fn stored(service: &Service, library: &str, album_name: &str, numbers: std::ops::Range<u32>) -> Vec<ImageName> {
    let album = AlbumName { library: id(library), album: album(album_name) };
    let command = |number: u32| UploadCommand::new(album.clone(), format!("{number}.png"), picture(number));
    let report = block_on(service.upload_many(numbers.map(command).collect(), Budget::default()));
    report.outcomes.into_iter().map(|outcome| outcome.unwrap().name()).collect()
}

fn copy(images: &[ImageName], library: &str, album_name: &str) -> CopyCommand {
    CopyCommand::new(images.to_vec(), AlbumName { library: id(library), album: album(album_name) })
}

fn kinds(report: &BatchReport<CopyReceipt>) -> Vec<Option<ErrorKind>> {
    report.outcomes.iter().map(|outcome| outcome.as_ref().err().map(Error::kind)).collect()
}

#[test]
fn images_are_fetched_and_uploaded_in_groups_and_never_twice() {
    let (source, target) = (Shelf::new("source"), Shelf::new("target"));
    let service = service(&[&source, &target]);
    let images = stored(&service, "source", "a", 0..7);
    let (calls, target_calls) = (source.calls(), target.calls());

    let report = block_on(service.copy(copy(&images, "target", "b")));
    let receipts: Vec<_> = report.outcomes.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
    for (number, (receipt, image)) in receipts.iter().zip(&images).enumerate() {
        assert_eq!(receipt.image.id, image.image, "the shelf knows images by content");
        assert_eq!(receipt.album.to_string(), "libraries/target/albums/b");
        assert_eq!(receipt.sent.as_ref().unwrap().sha256, Sha256::of(&picture(number as u32)));
        assert!(!receipt.reused);
    }
    // One reading of all images; three calls of three images at most.
    assert_eq!((source.calls() - calls, source.copying_seen()), (1, (7, 0, 7)));
    assert_eq!((target.calls() - target_calls, target.sent()), (3, 7));
    assert_eq!(report.costs[&id("source")], Cost { calls: 1, points: 15 + 7, bytes: 0 });
    assert_eq!((report.costs[&id("target")].calls, report.costs[&id("target")].points), (3, 3 * 20 + 7 * 20));

    let again = block_on(service.copy(copy(&images, "target", "b")));
    assert!(again.outcomes.iter().all(|outcome| outcome.as_ref().unwrap().reused));
    assert_eq!(target.sent(), 7);
    assert_eq!(again.costs[&id("target")], Cost::default());
}

#[test]
fn each_image_has_its_outcome_in_order_and_fails_alone() {
    let (source, target) = (Shelf::new("source"), Shelf::new("target"));
    let service = service(&[&source, &target]);
    let images = stored(&service, "source", "a", 0..2);
    source.hold("a", 90..91);
    let named = |text: &str| text.parse::<ImageName>().unwrap();
    let asked = [
        images[0].clone(),
        named("libraries/source/albums/a/images/missing"),
        images[1].clone(),
        named("libraries/nowhere/albums/a/images/1"),
        images[0].clone(),
        named("libraries/source/albums/a/images/90"),
    ];
    let report = block_on(service.copy(copy(&asked, "target", "b")));
    let (gone, nowhere, unserved) =
        (Some(ErrorKind::ImageNotFound), Some(ErrorKind::LibraryNotFound), Some(ErrorKind::ProviderUnavailable));
    assert_eq!(kinds(&report), [None, gone, None, nowhere, None, unserved]);
    assert_eq!(target.sent(), 2);
    assert_eq!(report.outcomes[0].as_ref().unwrap(), report.outcomes[4].as_ref().unwrap());
    let error = report.outcomes[5].as_ref().unwrap_err();
    assert_eq!(error.library(), Some(&id("source")));
    let told = "the picture of libraries/source/albums/a/images/90 cannot be fetched: the picture is not served";
    assert_eq!(error.message(), told);
}

#[test]
fn a_provider_that_copies_by_itself_is_asked_to_within_one_library() {
    let shelf = Shelf::copying("shelf");
    let service = service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..3);
    let sent = shelf.sent();
    let missing = "libraries/shelf/albums/a/images/missing".parse().unwrap();
    let asked = [images[0].clone(), missing, images[1].clone(), images[0].clone()];
    let report = block_on(service.copy(copy(&asked, "shelf", "b")));
    assert_eq!(kinds(&report), [None, Some(ErrorKind::ImageNotFound), None, None]);
    assert!(report.outcomes[0].as_ref().unwrap().sent.is_none());
    assert_eq!((shelf.sent(), shelf.copying_seen()), (sent, (0, 3, 0)));

    let mut classed = copy(&images[2..], "shelf", "b");
    classed.target.class = Some("ANY".to_owned());
    assert_eq!(kinds(&block_on(service.copy(classed))), [None]);
    assert_eq!((shelf.sent(), shelf.copying_seen().0), (sent + 1, 1), "a class has to be asked for");
}

#[test]
fn what_a_provider_copied_is_known_and_neither_copied_nor_sent_again() {
    let shelf = Shelf::copying("shelf");
    let service = service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..3);
    let copied = |policy| {
        let report = block_on(service.copy(CopyCommand { policy, ..copy(&images, "shelf", "B") }));
        let reused = report.outcomes.into_iter().map(|outcome| outcome.unwrap().reused).collect::<Vec<_>>();
        (reused, report.costs[&id("shelf")].calls)
    };
    assert_eq!(copied(UploadPolicy::Reuse), (vec![false; 3], 3));
    assert_eq!((copied(UploadPolicy::Reuse), shelf.copying_seen().1), ((vec![true; 3], 0), 3));
    let sent = shelf.sent();
    stored(&service, "shelf", "B", 0..3);
    assert_eq!(shelf.sent(), sent, "the album is known to hold them");
    assert_eq!((copied(UploadPolicy::Force), shelf.copying_seen().1), ((vec![false; 3], 3), 6));
    shelf.lose_image("B", &images[1].image);
    // Three looks, and one copy.
    assert_eq!((copied(UploadPolicy::Verify), shelf.copying_seen().1), ((vec![true, false, true], 4), 7));

    // Nobody here knows what an image holds that came another way.
    shelf.hold("a", 90..91);
    let stranger = ["libraries/shelf/albums/a/images/90".parse().unwrap()];
    for copies in 8..10 {
        let report = block_on(service.copy(copy(&stranger, "shelf", "B")));
        assert!(!report.outcomes[0].as_ref().unwrap().reused);
        assert_eq!(shelf.copying_seen().1, copies);
    }
}

#[test]
fn an_estimate_of_a_copy_is_what_it_then_does_and_costs() {
    let (source, target) = (Shelf::new("source"), Shelf::new("target"));
    let service = service(&[&source, &target]);
    let mut images = stored(&service, "source", "a", 0..8);
    stored(&service, "target", "b", 2..4);
    images.push(images[5].clone());
    images.push("libraries/nowhere/albums/a/images/1".parse().unwrap());
    let calls = target.calls();
    let estimate = block_on(service.estimate_copy(copy(&images, "target", "b")));
    assert_eq!(target.calls(), calls, "an estimate changes nothing");
    let copied = block_on(service.copy(copy(&images, "target", "b")));
    assert_eq!(estimate.costs, copied.costs);
    assert_eq!(estimate.costs[&id("source")], Cost { calls: 1, points: 15 + 8, bytes: 0 });
    assert_eq!((estimate.costs[&id("target")].calls, estimate.costs[&id("target")].points), (2, 2 * 20 + 6 * 20));
    for (planned, copied) in estimate.outcomes.iter().zip(&copied.outcomes) {
        match (planned, copied) {
            (Ok(planned), Ok(receipt)) => assert_eq!(*planned == Planned::Reuse, receipt.reused),
            (Err(planned), Err(copied)) => assert_eq!(planned.kind(), copied.kind()),
            other => panic!("{other:?}"),
        }
    }

    let shelf = Shelf::copying("shelf");
    let service = self::service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..5);
    stored(&service, "shelf", "b", 3..4);
    for (policy, calls) in [(UploadPolicy::Reuse, 4), (UploadPolicy::Verify, 5), (UploadPolicy::Force, 5)] {
        let command = || CopyCommand { policy, ..copy(&images, "shelf", "b") };
        let estimate = block_on(service.estimate_copy(command()));
        let copied = block_on(service.copy(command()));
        assert_eq!((estimate.costs[&id("shelf")].calls, &estimate.costs), (calls, &copied.costs), "{policy:?}");
        let gone: Vec<_> = [0, 1, 2, 4].map(|number: usize| images[number].image.clone()).into();
        let gone = gone.into_iter().map(|image| ImageName { album: copied_album(), image });
        block_on(service.delete_many(&gone.collect::<Vec<_>>(), Budget::default()));
    }
}

fn copied_album() -> AlbumName {
    "libraries/shelf/albums/b".parse().unwrap()
}

#[test]
fn an_image_is_not_copied_to_where_it_is_and_no_target_fails_all() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..2);
    let calls = shelf.calls();
    for (library, album, kind) in
        [("shelf", "A", ErrorKind::InvalidArgument), ("nowhere", "a", ErrorKind::LibraryNotFound)]
    {
        assert_eq!(kinds(&block_on(service.copy(copy(&images, library, album)))), [Some(kind), Some(kind)]);
    }
    let mut without_album = copy(&images, "shelf", "b");
    without_album.target.album = None;
    assert_eq!(kinds(&block_on(service.copy(without_album))), [Some(ErrorKind::InvalidArgument); 2]);
    assert_eq!(shelf.calls(), calls);
}

#[test]
fn a_budget_holds_for_source_and_target_together_where_they_are_one_library() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..6);
    // A reading of six, and one call of three; the second would be one too many.
    let budget = Budget { points: Some(15 + 6 + 20 + 3 * 20), ..Budget::default() };
    let report = block_on(service.copy(CopyCommand { budget, ..copy(&images, "shelf", "b") }));
    let spent = kinds(&report).into_iter().filter(|kind| *kind == Some(ErrorKind::BudgetSpent)).count();
    assert_eq!(spent, 3);
    assert_eq!(report.costs[&id("shelf")].points, 15 + 6 + 20 + 3 * 20);

    let nothing = Budget { calls: Some(0), ..Budget::default() };
    let report = block_on(service.copy(CopyCommand { budget: nothing, ..copy(&images, "shelf", "c") }));
    assert_eq!(kinds(&report), [Some(ErrorKind::BudgetSpent); 6]);
    assert_eq!(report.costs[&id("shelf")], Cost::default());
}

#[test]
fn a_copy_without_a_usable_name_gets_one() {
    let (source, target) = (Shelf::new("source"), Shelf::new("target"));
    let service = service(&[&source, &target]);
    let images = stored(&service, "source", "a", 0..1);
    // The shelf forgets the name but serves the picture; the digest is too long a name for its rules.
    source.rename("a", images[0].image.as_str(), "bytes");
    let report = block_on(service.copy(copy(&images, "target", "b")));
    assert_eq!(kinds(&report), [None]);
    assert_eq!(target.name_of("b", images[0].image.as_str()), "bytes.png");
}

#[test]
fn a_download_hands_the_picture_on_and_forgets_an_image_that_is_gone() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let images = stored(&service, "shelf", "a", 0..1);
    let download = block_on(service.download(&images[0])).unwrap();
    assert_eq!(download.image.id, images[0].image);
    let bytes: Vec<u8> = block_on(download.picture.pieces.try_collect::<Vec<_>>()).unwrap().concat();
    assert_eq!((download.picture.len, bytes), (Some(picture(0).len() as u64), picture(0)));

    shelf.empty();
    let gone = block_on(service.download(&images[0])).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::ImageNotFound);
    let _ = stored(&service, "shelf", "a", 0..1);
    assert_eq!(shelf.sent(), 2, "the catalogue knows no longer that it was there");
}

#[test]
fn what_a_library_lacks_is_refused_with_its_place() {
    let shelf = Shelf::new("shelf");
    let service = service(&[&shelf]);
    let page = PageRequest { size: 10, after: None };
    let listed = block_on(service.associations(&id("shelf"), Some(&album("a")), &AssociationFilter::default(), &page));
    let changes = [AssociationChange { ad: AdId::new("1").unwrap(), image: None }];
    let changed = block_on(service.set_associations(&id("shelf"), Some(&album("a")), &changes));
    for error in [listed.unwrap_err(), changed.unwrap_err()] {
        assert_eq!((error.kind(), error.applied()), (ErrorKind::Unsupported, Applied::No));
        assert_eq!((error.library(), error.album()), (Some(&id("shelf")), Some(&album("a"))));
    }
}
