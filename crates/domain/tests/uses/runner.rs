//! How operations go on and end: cancelled, given back, given up, with items that fail.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_executor::block_on;
use polyptych_domain::*;

use crate::shelf::{Shelf, picture};
use crate::world::{World, album, polled, terms};

fn images(count: u32) -> Task {
    let name = |image: u32| ImageName { album: album("one", "a"), image: ImageId::new(image.to_string()).unwrap() };
    Task::Delete(DeleteTask { images: (0..count).map(name).collect() })
}

fn deleting(count: u32) -> (World, OperationId) {
    let world = World::new(vec![Shelf::deleting("one", 2)]).slow();
    world.shelves[0].hold("a", 0..count);
    let id = world.submit(images(count));
    (world, id)
}

#[test]
fn an_operation_that_is_asked_to_end_keeps_what_was_done_and_begins_nothing_more() {
    for polls in 1..60 {
        let (world, id) = deleting(200);
        let (runner, stop) = (world.runner(), Stop::default());
        let mut running = Box::pin(runner.run(&id, &stop));
        assert!(polled(running.as_mut(), polls).is_none());
        block_on(world.store.cancel(&id)).unwrap();
        block_on(running).unwrap();
        let operation = world.operation(&id);
        assert_eq!(operation.phase, Phase::Cancelled);
        let items = world.items(&id);
        assert!(items.iter().all(|item| matches!(item.outcome, Some(ItemOutcome::Deleted(_)))), "{items:?}");
        assert_eq!(items.len() + world.shelves[0].held(), 200);
        assert!(items.len() < 200);
    }
}

#[test]
fn an_operation_that_is_asked_to_end_when_all_is_done_has_succeeded() {
    let (world, id) = deleting(2);
    let (runner, stop) = (world.runner(), Stop::default());
    let mut running = Box::pin(runner.run(&id, &stop));
    while world.shelves[0].held() > 0 {
        assert!(polled(running.as_mut(), 1).is_none());
    }
    block_on(world.store.cancel(&id)).unwrap();
    block_on(running).unwrap();
    assert_eq!(world.operation(&id).phase, Phase::Succeeded);
}

#[test]
fn a_worker_that_has_to_end_gives_its_operation_to_another_without_a_try_being_counted() {
    for polls in 1..60 {
        let (world, id) = deleting(200);
        let (runner, stop) = (world.runner(), Stop::default());
        let mut running = Box::pin(runner.run(&id, &stop));
        assert!(polled(running.as_mut(), polls).is_none());
        stop.set();
        block_on(running).unwrap();
        let operation = world.operation(&id);
        assert_eq!((operation.phase, operation.tries), (Phase::Pending, 0));
        assert!(world.items(&id).iter().all(|item| item.outcome.is_some()));
        assert_eq!(world.run(&id).progress.succeeded, 200);
    }
}

#[test]
fn an_operation_whose_workers_die_at_once_ends_after_a_bounded_number_of_tries() {
    let (world, id) = deleting(4);
    for _ in 0..MOST_TRIES {
        let (runner, stop) = (world.runner(), Stop::default());
        assert!(polled(Box::pin(runner.run(&id, &stop)).as_mut(), 3).is_none());
        world.store.operations.bury(&id);
    }
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.tries), (Phase::Failed, MOST_TRIES));
    assert!(operation.failure.unwrap().message.contains("5 tries"));
    assert_eq!(world.shelves[0].held(), 4);
}

#[test]
fn a_provider_that_is_away_is_tried_again_and_what_it_never_took_fails_item_by_item() {
    let (world, id) = deleting(4);
    world.shelves[0].down(true);
    for tries in 1..MOST_TRIES {
        let operation = world.run(&id);
        assert_eq!((operation.phase, operation.tries), (Phase::Pending, tries));
    }
    // One call a try: the others would meet the same.
    assert!(world.shelves[0].calls() <= u64::from(MOST_TRIES - 1) * 2, "{}", world.shelves[0].calls());
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.failed), (Phase::Succeeded, 4));

    // It comes back in time.
    let (world, id) = deleting(4);
    world.shelves[0].down(true);
    assert_eq!(world.run(&id).phase, Phase::Pending);
    world.shelves[0].down(false);
    assert_eq!(world.run(&id).progress.succeeded, 4);
}

#[test]
fn one_library_that_is_away_does_not_hold_up_the_others() {
    let world = World::new(vec![Shelf::new("one"), Shelf::new("two")]);
    world.shelves[0].down(true);
    let names = ["one", "two"].map(|library| {
        let shelf = world.shelves.iter().find(|shelf| shelf.id().as_str() == library).unwrap();
        shelf.hold("a", 0..1);
        ImageName { album: album(library, "a"), image: ImageId::new("0").unwrap() }
    });
    let id = world.submit(Task::Delete(DeleteTask { images: names.to_vec() }));
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Pending, 1));
    world.shelves[0].down(false);
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 2));
}

#[test]
fn a_store_that_fails_for_a_while_costs_nothing_but_time() {
    for failing in 1..12 {
        let (world, id) = deleting(8);
        let (runner, stop) = (world.runner(), Stop::default());
        let mut running = Box::pin(runner.run(&id, &stop));
        assert!(polled(running.as_mut(), 6).is_none());
        world.store.failing.store(failing, Ordering::SeqCst);
        block_on(running).unwrap();
        world.store.failing.store(0, Ordering::SeqCst);
        let operation = world.run(&id);
        assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 8));
        assert_eq!(world.shelves[0].held(), 0);
    }
}

#[test]
fn what_could_not_be_told_is_taken_up_again_once_the_store_is_back() {
    for polls in 1.. {
        let (world, id) = deleting(8);
        let (runner, stop) = (world.runner(), Stop::default());
        let mut running = Box::pin(runner.run(&id, &stop));
        if polled(running.as_mut(), polls).is_some() {
            assert!(polls > 10, "the store was never away in between");
            return;
        }
        world.store.failing.store(u32::MAX, Ordering::SeqCst);
        let told = block_on(running);
        world.store.failing.store(0, Ordering::SeqCst);
        let ended = world.operation(&id).phase.has_ended();
        assert!(told.is_err() || ended, "after {polls} steps");
        let operation = world.run(&id);
        assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 8), "after {polls} steps");
        assert_eq!(world.shelves[0].held(), 0);
    }
}

#[test]
fn a_library_that_another_process_has_fails_no_operation() {
    let world = World::new(vec![Shelf::deleting("one", 2)]);
    world.shelves[0].hold("a", 0..3);
    let id = world.submit(images(3));
    let behind = World { store: Arc::clone(&world.store), shelves: Vec::new(), fetched: Arc::default() };
    let operation = behind.run(&id);
    assert_eq!((operation.phase, operation.progress.failed), (Phase::Pending, 0));
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 3));
}

#[test]
fn an_image_that_is_named_twice_is_deleted_once_and_one_that_never_was_there_is_told() {
    let world = World::new(vec![Shelf::deleting("one", 2)]);
    world.shelves[0].hold("a", 0..2);
    let image = |id: &str| ImageName { album: album("one", "a"), image: ImageId::new(id).unwrap() };
    let nowhere = ImageName { album: album("nowhere", "a"), image: ImageId::new("0").unwrap() };
    let images = vec![image("0"), image("missing"), image("0"), image("1"), nowhere];
    let id = world.submit(Task::Delete(DeleteTask { images }));
    // Another process may have that library.
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.failed), (Phase::Pending, 3, 1));
    let operation = world.run_to_its_end(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.failed), (Phase::Succeeded, 3, 2));
    let kind = |item: ItemRecord| match item.outcome.unwrap() {
        ItemOutcome::Failed(failure) => Some(failure.kind),
        _ => None,
    };
    let kinds: Vec<_> = world.items(&id).into_iter().map(kind).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::ImageNotFound), None, None, Some(ErrorKind::LibraryNotFound)]);
}

#[test]
fn a_publication_tells_of_each_target_and_a_missing_picture_of_the_whole() {
    let world = World::new(vec![Shelf::new("one"), Shelf::new("two")]);
    let content = Content::from_bytes(picture(1));
    let task = |sha256| {
        Task::Publish(PublishTask {
            name: "1.png".to_owned(),
            sha256,
            len: content.len(),
            targets: vec![
                TargetRecord { album: album("one", "a"), class: None },
                TargetRecord { album: album("two", "a"), class: Some("NONE".to_owned()) },
                TargetRecord { album: album("one", "a"), class: None },
                TargetRecord { album: album("nowhere", "a"), class: None },
            ],
            terms: terms(UploadPolicy::Reuse),
        })
    };
    block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
    let id = world.submit(task(content.sha256()));
    let operation = world.run_to_its_end(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.failed), (Phase::Succeeded, 2, 2));
    let kind = |item: &ItemRecord| match item.outcome.as_ref().unwrap() {
        ItemOutcome::Failed(failure) => Some(failure.kind),
        _ => None,
    };
    let kinds: Vec<_> = world.items(&id).iter().map(kind).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::RulesViolated), None, Some(ErrorKind::LibraryNotFound)]);
    assert_eq!(world.shelves[0].sent(), 1);

    let missing = world.submit(task(Sha256::of(b"another")));
    (1..MOST_TRIES).for_each(|_| assert_eq!(world.run(&missing).phase, Phase::Pending));
    let operation = world.run(&missing);
    assert_eq!(operation.phase, Phase::Failed);
    assert!(operation.failure.unwrap().message.contains("is not kept any more"));
}

#[test]
fn a_picture_that_cannot_be_had_fails_alone() {
    let world = World::new(vec![Shelf::new("one")]);
    let item = |url: &str| ImportItem {
        url: url.to_owned(),
        name: None,
        target: TargetRecord { album: album("one", "a"), class: None },
    };
    let urls = ["https://a.test/1.png", "https://a.test/none", "ftp://a.test/1.png", "https://a.test/2.png"];
    let items = urls.map(item).to_vec();
    let id = world.submit(Task::Import(ImportTask { items, terms: terms(UploadPolicy::Reuse) }));
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.failed), (Phase::Succeeded, 2, 2));
    assert_eq!(world.shelves[0].sent(), 2);
}

#[test]
fn a_panic_counts_as_a_try_and_its_operation_ends_with_the_story() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].panic_at("1.png");
    let content = Content::from_bytes(picture(1));
    block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
    let task = PublishTask {
        name: "1.png".to_owned(),
        sha256: content.sha256(),
        len: content.len(),
        targets: vec![TargetRecord { album: album("one", "a"), class: None }],
        terms: terms(UploadPolicy::Reuse),
    };
    let id = world.submit(Task::Publish(task));
    (1..MOST_TRIES).for_each(|_| assert_eq!(world.run(&id).phase, Phase::Pending));
    let operation = world.run(&id);
    assert_eq!(operation.phase, Phase::Failed);
    assert!(operation.failure.unwrap().message.contains("a fault of ours"));
}

#[test]
fn copies_that_go_through_here_are_fetched_and_uploaded_and_tell_of_each_image() {
    let world = World::new(vec![Shelf::new("one"), Shelf::new("two")]);
    let upload = |number: u32| ImportItem {
        url: format!("https://a.test/{number}.png"),
        name: None,
        target: TargetRecord { album: album("one", "a"), class: None },
    };
    let items = (0..3).map(upload).collect();
    let first = world.submit(Task::Import(ImportTask { items, terms: terms(UploadPolicy::Reuse) }));
    assert_eq!(world.run(&first).progress.succeeded, 3);
    let image = |id: String| ImageName { album: album("one", "a"), image: ImageId::new(id).unwrap() };
    let mut images: Vec<_> = (0..3).map(|number| image(Sha256::of(&picture(number)).to_string())).collect();
    images.push(image("missing".to_owned()));
    images.push(images[0].clone());
    let target = TargetRecord { album: album("two", "b"), class: None };
    let id = world.submit(Task::Copy(CopyTask { images, target, terms: terms(UploadPolicy::Reuse) }));
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.failed), (Phase::Succeeded, 4, 1));
    assert_eq!(world.shelves[1].sent(), 3);
}

#[test]
fn a_run_can_be_spawned() {
    fn spawnable<F: Future + Send + 'static>(_: F) {}
    let world = World::new(vec![Shelf::new("one")]);
    let (runner, id, stop) = (Arc::new(world.runner()), OperationId::new("op-1").unwrap(), Stop::default());
    spawnable(async move { runner.run(&id, &stop).await });
}
