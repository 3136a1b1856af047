//! What fails besides a call: an account that is exhausted, a catalogue that cannot be written; and what is told of it.

use std::sync::Arc;

use futures_executor::block_on;
use polyptych_domain::*;

use crate::batches::{command, kinds, name, service};
use crate::shelf::Shelf;

#[test]
fn an_exhausted_account_ends_the_work_in_its_album_alone() {
    let shelf = Shelf::new("shelf");
    shelf.exhaust("a");
    let service = service(&[&shelf]);
    let commands = (0..60).map(|number| command("shelf", ["a", "b"][number as usize % 2], number)).collect();
    let report = block_on(service.upload_many(commands, Budget::default()));
    for (place, kind) in kinds(&report).into_iter().enumerate() {
        assert_eq!(kind, (place % 2 == 0).then_some(ErrorKind::QuotaExhausted), "{place}");
    }
    assert!(shelf.calls() <= 4 + 10, "{}", shelf.calls());
}

/// A catalogue that is read and never written.
struct Stuck(MemoryCatalogue);

#[async_trait::async_trait]
impl Catalogue for Stuck {
    async fn find(&self, key: &ContentKey) -> Result<Option<Known>, Error> {
        self.0.find(key).await
    }
    async fn record(&self, _: &ContentKey, _: &Known) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Internal, "the catalogue is stuck"))
    }
    async fn images(&self, album: &AlbumName) -> Result<Vec<ImageId>, Error> {
        self.0.images(album).await
    }
    async fn contents(&self, album: &AlbumName, images: &[ImageId]) -> Result<Vec<(Sha256, Known)>, Error> {
        self.0.contents(album, images).await
    }
    async fn forget(&self, _: &AlbumName, _: &[ImageId]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Internal, "the catalogue is stuck"))
    }
}

#[test]
fn a_catalogue_that_fails_hides_no_outcome() {
    let shelf = Shelf::new("shelf");
    shelf.hold("a", 0..2);
    let service = service(&[&shelf]).with_catalogue(Arc::new(Stuck(MemoryCatalogue::default())));
    let told = |error: &Error| (error.kind(), error.applied());
    let names = [name("shelf", "a", "0"), name("shelf", "a", "missing")];
    let report = block_on(service.delete_many(&names, Budget::default()));
    let outcomes: Vec<_> = report.outcomes.iter().map(|outcome| told(outcome.as_ref().unwrap_err())).collect();
    assert_eq!(outcomes, [(ErrorKind::Internal, Applied::Yes), (ErrorKind::ImageNotFound, Applied::No)]);
    assert_eq!(told(&block_on(service.delete(&names[1])).unwrap_err()), (ErrorKind::ImageNotFound, Applied::No));
    let one = name("shelf", "a", "1");
    assert_eq!(told(&block_on(service.delete(&one)).unwrap_err()), (ErrorKind::Internal, Applied::Yes));
    // Nothing is changed by looking.
    assert_eq!(told(&block_on(service.get(&one)).unwrap_err()), (ErrorKind::Internal, Applied::No));
    let receipt = block_on(service.upload(command("shelf", "a", 1))).unwrap();
    assert!(receipt.unrecorded.is_some_and(|why| why.contains("stuck")));
}

#[test]
fn a_copy_that_the_catalogue_did_not_keep_says_so() {
    let shelf = Shelf::copying("shelf");
    let known = MemoryCatalogue::default();
    let image = name("shelf", "a", "7");
    shelf.hold("a", 7..8);
    let key = ContentKey { album: image.album.clone(), sha256: Sha256::new([7; 32]) };
    block_on(known.record(&key, &Known { image: image.image.clone(), name: None, class: None })).unwrap();
    let service = service(&[&shelf]).with_catalogue(Arc::new(Stuck(known)));
    let target = AlbumName { album: AlbumId::new("b").unwrap(), ..image.album.clone() };
    let report = block_on(service.copy(CopyCommand::new(vec![image], target)));
    let receipt = report.outcomes[0].as_ref().unwrap();
    assert!(receipt.unrecorded.as_ref().is_some_and(|why| why.contains("stuck")), "{receipt:?}");
}

#[test]
fn an_image_under_two_spellings_of_its_album_is_deleted_once() {
    let shelf = Shelf::new("shelf");
    shelf.hold("a", 0..1);
    let service = service(&[&shelf]);
    let report = block_on(service.delete_many(&[name("shelf", "A", "0"), name("shelf", "a", "0")], Budget::default()));
    assert_eq!((kinds(&report), shelf.calls()), (vec![None, None], 1));
}
