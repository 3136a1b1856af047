//! Uploads under claims: what is done where another process is at it, or has died at it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use futures_util::FutureExt;
use polyptych_domain::*;

use crate::shelf::{Shelf, picture};

fn command(number: u32, policy: UploadPolicy) -> UploadCommand {
    let album: AlbumName = "libraries/shelf/albums/a".parse().unwrap();
    UploadCommand { policy, ..UploadCommand::new(album, format!("{number}.png"), picture(number)) }
}

fn key(number: u32) -> ContentKey {
    ContentKey { album: "libraries/shelf/albums/a".parse().unwrap(), sha256: Sha256::of(&picture(number)) }
}

/// Claims as another process sees them: some are refused at first, some come with an intent, and each step is noted.
#[derive(Default)]
struct Scripted {
    theirs: AtomicU32,
    lost: AtomicU32,
    /// What the other process has put into the catalogue by the time its claim ends.
    lands: Mutex<Option<(ContentKey, Known)>>,
    catalogue: Arc<MemoryCatalogue>,
    steps: Mutex<Vec<&'static str>>,
    dead: Mutex<Option<Intent>>,
}

impl Scripted {
    fn note(&self, step: &'static str) {
        self.steps.lock().unwrap().push(step);
    }

    fn steps(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.steps.lock().unwrap())
    }

    fn countdown(counter: &AtomicU32) -> bool {
        counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

#[async_trait]
impl Claims for Scripted {
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error> {
        if Self::countdown(&self.theirs) {
            self.note("theirs");
            return Ok(Claimed::Theirs);
        }
        let landed = self.lands.lock().unwrap().take();
        if let Some((key, known)) = landed {
            self.catalogue.record(&key, &known).await?;
        }
        self.note("ours");
        let earlier = self.dead.lock().unwrap().take();
        Ok(Claimed::Ours(Claim { key: key.clone(), token: 1, earlier }))
    }

    async fn sending(&self, _: &Claim, _: &str, _: Option<&str>) -> Result<bool, Error> {
        self.note("sending");
        Ok(!Self::countdown(&self.lost))
    }

    async fn settle(&self, _: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error> {
        self.note(if known.is_some() { "known" } else { "nothing" });
        match known {
            Some((key, known)) => self.catalogue.record(key, known).await,
            None => Ok(()),
        }
    }

    async fn leave(&self, _: &Claim) -> Result<(), Error> {
        self.note("left");
        Ok(())
    }

    fn abandon(&self, _: &Claim) {
        self.note("abandoned");
    }
}

#[async_trait]
impl Pauses for Scripted {
    async fn pause(&self, _: Duration) {
        self.note("pause");
    }
}

fn service(shelf: &Arc<Shelf>, claims: &Arc<Scripted>) -> Service {
    let service = Service::new(vec![Arc::clone(shelf) as _], Arc::new(InlineWorkers)).unwrap();
    service.with_claims(Arc::clone(&claims.catalogue) as _, Arc::clone(claims) as _, Arc::clone(claims) as _)
}

fn dead(claims: &Scripted) {
    let intent = Intent { name: "old.png".to_owned(), class: None, since: jiff::Timestamp::UNIX_EPOCH };
    *claims.dead.lock().unwrap() = Some(intent);
}

#[test]
fn what_another_process_has_put_there_is_waited_for_and_not_sent() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    claims.theirs.store(2, Ordering::SeqCst);
    let known = Known { image: ImageId::new("7").unwrap(), name: None, class: None };
    *claims.lands.lock().unwrap() = Some((key(1), known.clone()));
    let receipt = block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap();
    assert_eq!((receipt.image.id, receipt.reused, shelf.sent()), (known.image, true, 0));
    assert_eq!(claims.steps(), ["theirs", "pause", "theirs", "pause", "ours", "nothing"]);
}

#[test]
fn an_upload_is_sent_between_intent_and_record_and_a_refused_one_leaves_nothing_behind() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap();
    assert_eq!(claims.steps(), ["ours", "sending", "known"]);
    shelf.refuse("2.png");
    block_on(service.upload(command(2, UploadPolicy::Reuse))).unwrap_err();
    assert_eq!(claims.steps(), ["ours", "sending", "nothing"]);
    shelf.lose("3.png");
    assert_eq!(block_on(service.upload(command(3, UploadPolicy::Reuse))).unwrap_err().applied(), Applied::Unknown);
    assert_eq!(claims.steps(), ["ours", "sending", "left"]);
}

#[test]
fn an_upload_whose_claim_was_taken_over_is_not_sent_but_begun_anew() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    claims.lost.store(1, Ordering::SeqCst);
    assert!(!block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap().reused);
    assert_eq!((claims.steps(), shelf.sent()), (vec!["ours", "sending", "ours", "sending", "known"], 1));

    claims.lost.store(2, Ordering::SeqCst);
    let commands = (2..5).map(|number| command(number, UploadPolicy::Reuse)).collect();
    let report = block_on(service.upload_many(commands, Budget::default()));
    assert!(report.outcomes.iter().all(Result::is_ok));
    assert_eq!((shelf.sent(), shelf.calls()), (4, 4));
}

#[test]
fn what_a_dead_process_was_about_to_send_is_looked_for_first() {
    for policy in [UploadPolicy::Reuse, UploadPolicy::Verify, UploadPolicy::Force] {
        let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
        let service = service(&shelf, &claims);
        shelf.hold_content("a", 1);
        dead(&claims);
        let receipt = block_on(service.upload(command(1, policy))).unwrap();
        assert_eq!((receipt.found, receipt.reused, receipt.resent, shelf.sent()), (true, false, 0, 0));
        assert_eq!(claims.steps(), ["ours", "known"]);
    }
}

#[test]
fn what_is_not_found_is_sent_and_counted_where_it_may_have_been_sent_before() {
    for (proof, resent) in [(true, 0), (false, 1)] {
        let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
        let service = service(&shelf, &claims);
        shelf.sees_absence.store(proof, Ordering::SeqCst);
        dead(&claims);
        let receipt = block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap();
        assert_eq!((receipt.found, receipt.resent, shelf.sent(), shelf.looks()), (false, resent, 1, 1));
        // A refusal speaks for the earlier try only if nothing of that can be there.
        dead(&claims);
        shelf.refuse("2.png");
        let error = block_on(service.upload(command(2, UploadPolicy::Reuse))).unwrap_err();
        let applied = if proof { Applied::No } else { Applied::Unknown };
        assert_eq!((error.applied(), error.resent()), (applied, resent));
        assert_eq!(claims.steps().last(), Some(&if proof { "nothing" } else { "left" }));
    }
}

#[test]
fn nothing_is_sent_where_the_look_fails_or_cannot_tell_and_bytes_are_not_kept_once() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let first = service(&shelf, &claims);
    shelf.blind(true);
    dead(&claims);
    let error = block_on(first.upload(command(1, UploadPolicy::Reuse))).unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::Unknown));
    assert_eq!((claims.steps(), shelf.sent()), (vec!["ours", "left"], 0));

    let shelf = Shelf::forgetful("shelf");
    let second = service(&shelf, &claims);
    dead(&claims);
    let error = block_on(second.upload(command(1, UploadPolicy::Reuse))).unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown));
    assert_eq!((claims.steps(), shelf.sent()), (vec!["ours", "left"], 0));
}

#[test]
fn in_an_album_of_one_image_a_refused_upload_leaves_open_what_became_of_an_earlier_one() {
    let (shelf, claims) = (Shelf::single("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    shelf.sees_absence.store(true, Ordering::SeqCst);
    shelf.refuse("2.png");
    dead(&claims);
    for last in ["left", "nothing"] {
        let error = block_on(service.upload(command(2, UploadPolicy::Reuse))).unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderRefused, Applied::No));
        assert_eq!(claims.steps(), ["ours", "sending", last]);
    }
}

#[test]
fn in_a_batch_each_image_is_claimed_and_what_others_have_or_had_is_done_by_itself() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    shelf.hold_content("a", 2);
    claims.theirs.store(1, Ordering::SeqCst);
    dead(&claims);
    let commands = (1..4).map(|number| command(number, UploadPolicy::Reuse)).collect();
    let report = block_on(service.upload_many(commands, Budget::default()));
    let receipts: Vec<_> = report.outcomes.into_iter().map(Result::unwrap).collect();
    // The first is another's, the second comes with the intent, which its own look is not told of any more.
    assert_eq!(receipts.iter().map(|receipt| receipt.reused).collect::<Vec<_>>(), [false; 3]);
    let expected =
        ["theirs", "ours", "left", "ours", "sending", "known", "ours", "sending", "known", "ours", "sending", "known"];
    assert_eq!(claims.steps(), expected);
}

#[test]
fn an_upload_that_is_given_up_leaves_its_claim_and_the_next_one_looks() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let scripted = service(&shelf, &claims);
    shelf.pauses_after.store(1, Ordering::SeqCst);
    assert!(scripted.upload(command(1, UploadPolicy::Reuse)).now_or_never().is_none());
    assert_eq!(claims.steps(), ["ours", "sending", "abandoned"]);
    let batch = scripted.upload_many(vec![command(1, UploadPolicy::Reuse)], Budget::default());
    assert!(batch.now_or_never().is_none());
    assert_eq!(claims.steps(), ["ours", "sending", "abandoned"]);

    // The same with the claims that a service has by itself.
    let shelf = Shelf::new("shelf");
    let service = Service::new(vec![Arc::clone(&shelf) as _], Arc::new(InlineWorkers)).unwrap();
    shelf.pauses_after.store(1, Ordering::SeqCst);
    assert!(service.upload(command(1, UploadPolicy::Reuse)).now_or_never().is_none());
    assert_eq!(shelf.sent(), 1);
    let receipt = block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap();
    assert_eq!((receipt.found, shelf.sent(), shelf.looks()), (true, 1, 1));
    assert!(block_on(service.upload(command(1, UploadPolicy::Reuse))).unwrap().reused);
}

#[test]
fn an_image_of_another_class_than_was_asked_for_is_remembered_and_the_one_asked_for_is_sent() {
    let (shelf, claims) = (Shelf::new("shelf"), Arc::new(Scripted::default()));
    let service = service(&shelf, &claims);
    shelf.hold_content("a", 1);
    dead(&claims);
    let wide = UploadCommand { class: Some("ANY".to_owned()), ..command(1, UploadPolicy::Reuse) };
    let receipt = block_on(service.upload(wide)).unwrap();
    assert_eq!((receipt.found, receipt.reused, shelf.sent()), (false, false, 1));
    assert_eq!(claims.steps(), ["ours", "known", "ours", "sending", "known"]);
}
