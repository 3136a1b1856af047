//! One content many times over: in a batch, beside a batch, and in albums that hold one image.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_executor::block_on;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use polyptych_domain::*;

use crate::batches::{command, kinds, service};
use crate::shelf::{Shelf, id, picture};
use crate::world::World;

/// A batch of one content 30 times over, with another one in between.
fn repeated(policy: UploadPolicy) -> Vec<UploadCommand> {
    let commands = (0..30).map(|place| command("shelf", ["a", "A"][place % 2], if place == 13 { 2 } else { 1 }));
    commands.map(|command| UploadCommand { policy, ..command }).collect()
}

#[test]
fn one_content_many_times_in_a_batch_is_sent_once_as_estimated_and_within_the_smallest_budget() {
    for policy in [UploadPolicy::Reuse, UploadPolicy::Verify, UploadPolicy::Force] {
        let shelf = Shelf::new("shelf");
        let service = service(&[&shelf]);
        let estimate = block_on(service.estimate(repeated(policy)));
        let sent = |outcome: &&Result<Planned, Error>| matches!(outcome, Ok(Planned::Upload));
        assert_eq!(estimate.outcomes.iter().filter(sent).count(), 2);
        let cost = estimate.costs[&id("shelf")];
        let budget = Budget { calls: Some(cost.calls), points: None, bytes: Some(cost.bytes) };
        let report = block_on(service.upload_many(repeated(policy), budget));
        let receipts: Vec<_> = report.outcomes.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
        assert_eq!(receipts.iter().filter(|receipt| !receipt.reused).count(), 2);
        assert!(
            receipts.iter().enumerate().all(|(place, receipt)| {
                receipt.sent.sha256 == Sha256::of(&picture(if place == 13 { 2 } else { 1 }))
            })
        );
        assert_eq!((shelf.sent(), report.costs[&id("shelf")]), (2, cost));
    }
}

#[test]
fn one_refused_content_many_times_in_a_batch_is_paid_for_once() {
    let shelf = Shelf::new("shelf");
    shelf.refuse("1.png");
    let service = service(&[&shelf]);
    let report = block_on(service.upload_many(repeated(UploadPolicy::Reuse), Budget::default()));
    for (place, kind) in kinds(&report).into_iter().enumerate() {
        assert_eq!(kind, (place != 13).then_some(ErrorKind::ProviderRefused), "{place}");
    }
    assert_eq!(shelf.sent(), 2);
}

#[test]
fn what_another_puts_there_meanwhile_costs_a_batch_nothing() {
    let shelf = Shelf::new("shelf");
    shelf.pauses.store(3, Ordering::SeqCst);
    let service = service(&[&shelf]);
    let mut first = Box::pin(service.upload(command("shelf", "a", 1)));
    assert!(first.as_mut().now_or_never().is_none());
    let nothing = Budget { calls: Some(0), points: Some(0), bytes: Some(0) };
    let batch = service.upload_many(vec![command("shelf", "a", 1)], nothing);
    let (_, report) = block_on(join(first, batch));
    assert!(report.outcomes[0].as_ref().unwrap().reused);
    assert_eq!(report.costs[&id("shelf")], Cost::default());
}

#[test]
fn what_one_could_not_pay_for_another_sends_that_waited_for_it() {
    let shelf = Shelf::new("shelf");
    let service = World::new(vec![Arc::clone(&shelf)]).slow().service();
    let nothing = Budget { calls: Some(0), ..Budget::default() };
    for (number, policy) in [(1, UploadPolicy::Reuse), (2, UploadPolicy::Force)] {
        let command = || UploadCommand { policy, ..command("shelf", "a", number) };
        let mut poor = Box::pin(service.upload_many(vec![command()], nothing));
        assert!(poor.as_mut().now_or_never().is_none());
        let (report, receipt) = block_on(join(poor, service.upload(command())));
        assert_eq!(kinds(&report), [Some(ErrorKind::BudgetSpent)]);
        assert!(!receipt.unwrap().reused);
    }
    assert_eq!(shelf.sent(), 2);
}

#[test]
fn who_waits_for_an_image_that_was_not_tried_for_the_others_sake_tries_it() {
    let shelf = Shelf::grouping("shelf", 100);
    shelf.pauses.store(1, Ordering::SeqCst);
    (0..99).for_each(|number| shelf.spoil(&format!("{number}.png")));
    let service = service(&[&shelf]);
    let commands = (0..100).map(|number| command("shelf", "a", number)).collect();
    let mut batch = Box::pin(service.upload_many(commands, Budget::default()));
    assert!(batch.as_mut().now_or_never().is_none());
    let (report, receipt) = block_on(join(batch, service.upload(command("shelf", "a", 99))));
    assert_eq!(kinds(&report)[99], Some(ErrorKind::ProviderRefused));
    assert!(!receipt.unwrap().reused);
}

#[test]
fn an_album_of_one_image_is_changed_by_one_at_a_time() {
    let shelf = Shelf::single("shelf");
    shelf.pauses.store(2, Ordering::SeqCst);
    let service = service(&[&shelf]);
    let uploads = (0..20).map(|number| service.upload(command("shelf", "a", number)));
    block_on(join_all(uploads)).into_iter().for_each(|outcome| assert!(!outcome.unwrap().reused));
    assert_eq!(shelf.most_at_once(), 1);
    assert!(block_on(service.upload(command("shelf", "a", 19))).unwrap().reused);
    assert!(!block_on(service.upload(command("shelf", "a", 18))).unwrap().reused);
}
