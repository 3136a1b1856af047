//! A worker dies at every point of an operation, or is taken for dead and goes on; another one resumes. Nothing is lost,
//! and nothing is applied twice save re-sends that are told.

use futures_executor::block_on;
use polyptych_domain::*;
use proptest::prelude::*;

use crate::shelf::{Shelf, picture};
use crate::world::{World, album, polled, terms};

type Begin = fn() -> (World, OperationId);
type Check = fn(&World, &OperationId);

const ALBUMS: [&str; 3] = ["a", "b", "c"];

fn deleting() -> (World, OperationId) {
    let world = World::new(vec![Shelf::deleting("one", 3), Shelf::step_by_step("two")]);
    let mut images = Vec::new();
    for shelf in &world.shelves {
        for name in ["a", "b"] {
            shelf.hold(name, 0..5);
            images.extend((0..5).map(|image| {
                let image = ImageId::new(image.to_string()).unwrap();
                ImageName { album: album(shelf.id().as_str(), name), image }
            }));
        }
    }
    let world = world.slow();
    let id = world.submit(Task::Delete(DeleteTask { images }));
    (world, id)
}

fn publishing(policy: UploadPolicy) -> (World, OperationId) {
    let world = World::new(vec![Shelf::new("one"), Shelf::step_by_step("two")]).slow();
    let content = Content::from_bytes(picture(1));
    block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
    let targets = ["one", "two"].into_iter().flat_map(|library| ALBUMS.map(|name| (library, name)));
    let task = PublishTask {
        name: "1.png".to_owned(),
        sha256: content.sha256(),
        len: content.len(),
        targets: targets.map(|(library, name)| TargetRecord { album: album(library, name), class: None }).collect(),
        terms: terms(policy),
    };
    let id = world.submit(Task::Publish(task));
    (world, id)
}

fn importing(policy: UploadPolicy) -> (World, OperationId) {
    let world = World::new(vec![Shelf::new("one"), Shelf::step_by_step("two")]).slow();
    let items = (0..8).map(|number| ImportItem {
        url: format!("https://pictures.test/{number}.png"),
        name: None,
        target: TargetRecord { album: album(["one", "two"][number % 2], ALBUMS[number % 3]), class: None },
    });
    let id = world.submit(Task::Import(ImportTask { items: items.collect(), terms: terms(policy) }));
    (world, id)
}

/// Copies that the provider makes, of five images.
fn copying() -> (World, OperationId) {
    let world = World::new(vec![Shelf::copying("one")]).slow();
    (0..5).for_each(|number| world.shelves[0].hold_content("a", number));
    let image = |number| ImageId::new(Sha256::of(&picture(number)).to_string()).unwrap();
    let images = (0..5).map(|number| ImageName { album: album("one", "a"), image: image(number) });
    let target = TargetRecord { album: album("one", "b"), class: None };
    let task = CopyTask { images: images.collect(), target, terms: terms(UploadPolicy::Force) };
    let id = world.submit(Task::Copy(task));
    (world, id)
}

/// Each image is in both albums, and was copied once.
fn check_copied(world: &World, id: &OperationId) {
    let operation = world.operation(id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 5), "{operation:?}");
    assert_eq!(world.shelves[0].held(), 10);
    assert_eq!(world.shelves[0].copying_seen().1, 5);
}

/// Runs the operation in a process that dies with its `polls`-th step; tells whether it came to an end before.
fn dies(world: &World, id: &OperationId, polls: usize, without_a_trace: bool) -> bool {
    let (runner, id, stop) = (world.runner(), id.clone(), Stop::default());
    let owned = id.clone();
    let mut running = Box::pin(async move { runner.run(&owned, &stop).await });
    let ended = polled(running.as_mut(), polls).is_some();
    if without_a_trace {
        // No destructor runs in a process that is killed.
        std::mem::forget(running);
    }
    world.store.operations.bury(&id);
    ended
}

fn check_deleted(world: &World, id: &OperationId) {
    let operation = world.operation(id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 20), "{operation:?}");
    assert!(world.items(id).iter().all(|item| matches!(item.outcome, Some(ItemOutcome::Deleted(_)))));
    assert!(world.shelves.iter().all(|shelf| shelf.held() == 0));
}

/// Each picture is where it should be, and was applied once and as often more as was told.
fn check_stored(world: &World, id: &OperationId) {
    let operation = world.operation(id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, operation.task.items()));
    let items = world.items(id);
    assert_eq!(items.len() as u64, operation.task.items());
    for item in items {
        let Some(ItemOutcome::Stored(record)) = item.outcome else { panic!("{item:?}") };
        let shelf = world.shelves.iter().find(|shelf| *shelf.id() == record.library).unwrap();
        let times = shelf.times_stored(record.image.album.as_str(), &record.sent.unwrap().sha256);
        assert!((1..=1 + record.resent).contains(&times), "{times} times, {} told", record.resent);
    }
}

fn at_every_point(begin: impl Fn() -> (World, OperationId), check: impl Fn(&World, &OperationId)) {
    for without_a_trace in [false, true] {
        for polls in 1.. {
            let (world, id) = begin();
            let ended = dies(&world, &id, polls, without_a_trace);
            world.run(&id);
            check(&world, &id);
            if ended {
                assert!(polls > 12, "there are few points to die at: {polls}");
                break;
            }
        }
    }
}

#[test]
fn deletions_survive_a_death_at_any_point() {
    at_every_point(deleting, check_deleted);
}

#[test]
fn a_publication_survives_a_death_at_any_point() {
    for policy in [UploadPolicy::Reuse, UploadPolicy::Verify, UploadPolicy::Force] {
        at_every_point(|| publishing(policy), check_stored);
    }
}

#[test]
fn an_import_survives_a_death_at_any_point() {
    at_every_point(|| importing(UploadPolicy::Reuse), check_stored);
}

#[test]
fn copies_survive_a_death_at_any_point_and_are_made_once() {
    at_every_point(copying, check_copied);
}

/// The first worker is taken for dead, another one brings the operation to its end, and then the first wakes up.
#[test]
fn a_worker_that_lost_its_lease_does_no_harm_when_it_goes_on() {
    let kinds: [(Begin, Check); 3] = [
        (deleting, check_deleted),
        (|| publishing(UploadPolicy::Reuse), check_stored),
        (|| importing(UploadPolicy::Reuse), check_stored),
    ];
    for (begin, check) in kinds {
        for polls in 1.. {
            let (world, id) = begin();
            let (runner, stop) = (world.runner(), Stop::default());
            let mut first = Box::pin(runner.run(&id, &stop));
            let ended = polled(first.as_mut(), polls).is_some();
            world.store.operations.bury(&id);
            world.run(&id);
            let (done, calls) = (world.operation(&id), world.shelves.iter().map(|shelf| shelf.calls()).sum::<u64>());
            if ended {
                break;
            }
            block_on(first).unwrap();
            check(&world, &id);
            assert_eq!(world.operation(&id), done);
            // What was in the provider's hands is all that may still arrive.
            let more = world.shelves.iter().map(|shelf| shelf.calls()).sum::<u64>() - calls;
            assert!(more <= 8, "{more} calls after the lease was lost");
        }
    }
}

#[test]
fn a_lease_that_was_lost_before_a_group_is_begun_lets_nothing_be_sent() {
    let (world, id) = deleting();
    let (runner, stop) = (world.runner(), Stop::default());
    let mut first = Box::pin(runner.run(&id, &stop));
    // It has taken the operation and read its items.
    assert!(polled(first.as_mut(), 4).is_none());
    world.store.operations.bury(&id);
    block_on(first).unwrap();
    assert_eq!(world.shelves.iter().map(|shelf| shelf.calls()).sum::<u64>(), 0);
    assert!(world.items(&id).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_four_deaths_lose_nothing_and_apply_nothing_twice(
        deaths in prop::collection::vec((1usize..80, any::<bool>()), 1..5),
        kind in 0usize..5,
    ) {
        let (world, id) = match kind {
            0 => deleting(),
            1 => publishing(UploadPolicy::Reuse),
            2 => publishing(UploadPolicy::Verify),
            3 => publishing(UploadPolicy::Force),
            _ => importing(UploadPolicy::Reuse),
        };
        for (polls, without_a_trace) in deaths {
            dies(&world, &id, polls, without_a_trace);
        }
        world.run(&id);
        match kind {
            0 => check_deleted(&world, &id),
            _ => check_stored(&world, &id),
        }
    }
}
