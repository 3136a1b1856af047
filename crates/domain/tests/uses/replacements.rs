//! Pictures that take the place of others, in albums that hold one: what is known afterwards is true, or nothing is known.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use futures_util::FutureExt;
use futures_util::future::join;
use polyptych_domain::*;

use crate::batches::{command, service};
use crate::shelf::{Shelf, pauses};

struct Till {
    shelf: Arc<Shelf>,
    catalogue: Arc<MemoryCatalogue>,
    service: Service,
}

fn till() -> Till {
    let (shelf, catalogue) = (Shelf::single("shelf"), Arc::new(MemoryCatalogue::default()));
    let service = service(&[&shelf]).with_catalogue(Arc::clone(&catalogue) as _);
    Till { shelf, catalogue, service }
}

fn replacing(number: u32) -> UploadCommand {
    UploadCommand { replace: true, ..command("shelf", "a", number) }
}

fn album() -> AlbumName {
    "libraries/shelf/albums/a".parse().unwrap()
}

impl Till {
    /// One upload, by itself or as a batch.
    fn upload(&self, command: UploadCommand, batch: bool) -> Result<UploadReceipt, Error> {
        match batch {
            false => block_on(self.service.upload(command)),
            true => block_on(self.service.upload_many(vec![command], Budget::default())).outcomes.pop().unwrap(),
        }
    }

    fn known(&self) -> Vec<ImageId> {
        block_on(self.catalogue.images(&album())).unwrap()
    }
}

#[test]
fn after_a_replacement_that_failed_and_was_undone_the_old_id_is_known_no_longer() {
    for batch in [false, true] {
        let till = till();
        let old = till.upload(command("shelf", "a", 1), batch).unwrap();
        assert_eq!(till.known(), [old.image.id]);
        till.shelf.restore("2.png", "again");
        let error = till.upload(replacing(2), batch).unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderRefused, Applied::Unknown));
        assert_eq!((till.known().len(), till.shelf.images_of("a")), (0, vec![ImageId::new("again").unwrap()]));
        assert!(!till.upload(replacing(1), batch).unwrap().reused, "its old id leads nowhere");
        assert_eq!(till.known(), till.shelf.images_of("a"));
    }
}

#[test]
fn a_replacement_that_changed_nothing_leaves_known_what_was_known() {
    for batch in [false, true] {
        let till = till();
        let old = till.upload(command("shelf", "a", 1), batch).unwrap();
        till.shelf.down(true);
        let error = till.upload(replacing(2), batch).unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::No));
        assert_eq!(till.known(), [old.image.id]);
        assert!(till.upload(command("shelf", "a", 1), batch).unwrap().reused);
    }
}

#[test]
fn a_replacement_that_nobody_waits_for_any_more_leaves_no_old_id_behind() {
    for batch in [false, true] {
        let till = till();
        till.upload(command("shelf", "a", 1), batch).unwrap();
        till.shelf.pauses_after.store(1, Ordering::SeqCst);
        let given_up = match batch {
            false => till.service.upload(replacing(2)).now_or_never().is_none(),
            true => till.service.upload_many(vec![replacing(2)], Budget::default()).now_or_never().is_none(),
        };
        assert!(given_up && till.known().is_empty());
        till.shelf.pauses_after.store(0, Ordering::SeqCst);
        assert!(!till.upload(replacing(1), batch).unwrap().reused);
        assert_eq!(till.known(), till.shelf.images_of("a"));
    }
}

/// Claims of two processes that see each other.
struct Together {
    catalogue: Arc<MemoryCatalogue>,
    held: Mutex<HashSet<ContentKey>>,
    refused: AtomicU32,
}

impl Together {
    fn free(&self, claim: &Claim) {
        self.held.lock().unwrap().remove(&claim.key);
    }
}

#[async_trait]
impl Claims for Together {
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error> {
        match self.held.lock().unwrap().insert(key.clone()) {
            true => Ok(Claimed::Ours(Claim { key: key.clone(), token: 1, earlier: None })),
            false => {
                self.refused.fetch_add(1, Ordering::SeqCst);
                Ok(Claimed::Theirs)
            }
        }
    }
    async fn sending(&self, _: &Claim, _: &str, _: Option<&str>) -> Result<bool, Error> {
        Ok(true)
    }
    async fn settle(&self, claim: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error> {
        if let Some((key, known)) = known {
            self.catalogue.record(key, known).await?;
        }
        self.free(claim);
        Ok(())
    }
    async fn leave(&self, claim: &Claim) -> Result<(), Error> {
        self.free(claim);
        Ok(())
    }
    fn abandon(&self, claim: &Claim) {
        self.free(claim);
    }
}

#[async_trait]
impl Pauses for Together {
    async fn pause(&self, _: Duration) {
        pauses(&AtomicU32::new(1)).await;
    }
}

#[test]
fn two_processes_put_different_pictures_into_one_album_one_after_the_other() {
    let (shelf, catalogue) = (Shelf::single("shelf"), Arc::new(MemoryCatalogue::default()));
    let claims =
        Arc::new(Together { catalogue: Arc::clone(&catalogue), held: Mutex::default(), refused: AtomicU32::new(0) });
    shelf.pauses.store(3, Ordering::SeqCst);
    shelf.pauses_after.store(3, Ordering::SeqCst);
    let process = || {
        service(&[&shelf]).with_claims(Arc::clone(&catalogue) as _, Arc::clone(&claims) as _, Arc::clone(&claims) as _)
    };
    let (one, two) = (process(), process());
    for round in 0..3 {
        let (first, second) = (10 * round, 10 * round + 1);
        let outcomes = match round % 2 {
            0 => {
                let (first, second) = block_on(join(one.upload(replacing(first)), two.upload(replacing(second))));
                [first, second]
            }
            _ => {
                let (first, second) = block_on(join(batch(&one, replacing(first)), batch(&two, replacing(second))));
                [first, second]
            }
        };
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(block_on(catalogue.images(&album())).unwrap(), shelf.images_of("a"));
    }
    assert_eq!((shelf.sent(), shelf.most_at_once()), (6, 1));
    assert!(claims.refused.load(Ordering::SeqCst) > 0, "they never met");
}

/// A batch of one.
async fn batch(service: &Service, command: UploadCommand) -> Result<UploadReceipt, Error> {
    service.upload_many(vec![command], Budget::default()).await.outcomes.pop().unwrap()
}
