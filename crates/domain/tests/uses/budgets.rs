//! What operations may cost: work stops before it costs more, over all tries and whoever dies on the way; and what is told of
//! it before and after.

use std::sync::atomic::Ordering;

use futures_executor::block_on;
use polyptych_domain::*;

use crate::shelf::{PRICES, Shelf, picture};
use crate::world::{World, album, polled, terms};

/// Two uploads of one image each, and half of a third.
const POINTS: u64 = 100;

fn budget() -> Budget {
    Budget { points: Some(POINTS), ..Budget::default() }
}

fn publication(world: &World) -> Task {
    let content = Content::from_bytes(picture(1));
    block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
    let targets = ["one", "two"].into_iter().flat_map(|library| ["a", "b", "c"].map(|name| album(library, name)));
    Task::Publish(PublishTask {
        name: "1.png".to_owned(),
        sha256: content.sha256(),
        len: content.len(),
        targets: targets.map(|album| TargetRecord { album, class: None }).collect(),
        terms: terms(UploadPolicy::Reuse),
    })
}

fn import(pictures: usize) -> Task {
    let item = |number| ImportItem {
        url: format!("https://pictures.test/{number}.png"),
        name: None,
        target: TargetRecord { album: album(["one", "two"][number % 2], "a"), class: None },
    };
    Task::Import(ImportTask { items: (0..pictures).map(item).collect(), terms: terms(UploadPolicy::Reuse) })
}

fn deletion(world: &World, images: u32) -> Task {
    world.shelves.iter().for_each(|shelf| shelf.hold("a", 0..images));
    let of = |library: &'static str| {
        (0..images)
            .map(move |image| ImageName { album: album(library, "a"), image: ImageId::new(image.to_string()).unwrap() })
    };
    Task::Delete(DeleteTask { images: of("one").chain(of("two")).collect() })
}

fn world() -> World {
    World::new(vec![Shelf::new("one"), Shelf::step_by_step("two")])
}

fn points(world: &World) -> u64 {
    world.shelves.iter().map(|shelf| shelf.points()).sum()
}

fn told(operation: &Operation) -> u64 {
    operation.costs.values().map(|cost| cost.points).sum()
}

/// What was done, and why the rest was not.
fn outcomes(world: &World, id: &OperationId) -> (usize, Vec<(ErrorKind, Applied)>) {
    let mut left = Vec::new();
    for item in world.items(id) {
        if let ItemOutcome::Failed(failure) = item.outcome.unwrap() {
            left.push((failure.kind, failure.applied));
        }
    }
    (world.items(id).len() - left.len(), left)
}

#[test]
fn an_operation_stops_before_it_costs_more_than_it_may_and_tells_what_was_done() {
    let world = world();
    let id = world.submit_within(publication(&world), budget());
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.budget), (Phase::Succeeded, budget()));
    let (done, left) = outcomes(&world, &id);
    assert_eq!((done, left.len()), (2, 4));
    assert!(left.iter().all(|failure| *failure == (ErrorKind::BudgetSpent, Applied::No)), "{left:?}");
    assert_eq!((points(&world), told(&operation)), (80, 80));

    // Without a budget the rest is done, and what is there is not paid for again.
    let again = world.run(&world.submit(publication(&world)));
    assert_eq!((again.progress.succeeded, told(&again)), (6, 160));
}

#[test]
fn a_resumed_operation_does_not_get_its_budget_anew() {
    let mut died = 0;
    for without_a_trace in [false, true] {
        for (first, second) in (1..160).map(|polls| (polls, 1 + polls % 40)) {
            for task in [publication as fn(&World) -> Task, |_| import(8), |world| deletion(world, 5)] {
                let world = world().slow();
                let limit = if matches!(task(&world), Task::Delete(_)) { 60 } else { POINTS };
                let budget = Budget { points: Some(limit), ..Budget::default() };
                let id = world.submit_within(task(&world), budget);
                for polls in [first, second] {
                    let (runner, owned, stop) = (world.runner(), id.clone(), Stop::default());
                    let mut running = Box::pin(async move { runner.run(&owned, &stop).await });
                    died += u32::from(polled(running.as_mut(), polls).is_none());
                    if without_a_trace {
                        // No destructor runs in a process that is killed.
                        std::mem::forget(running);
                    }
                    world.store.operations.bury(&id);
                }
                let mut operation = world.run(&id);
                while !operation.phase.has_ended() {
                    operation = world.run(&id);
                }
                let spent = points(&world);
                assert!(spent <= limit, "{spent} points of {limit} after {first} and {second} steps");
                assert!(told(&operation) >= spent && told(&operation) <= limit, "{operation:?} has spent {spent}");
                let (_, left) = outcomes(&world, &id);
                assert!(left.iter().all(|(kind, _)| *kind == ErrorKind::BudgetSpent), "{left:?}");
                assert!(!left.is_empty());
            }
        }
    }
    assert!(died > 200, "{died}");
}

#[test]
fn a_store_that_fails_for_a_while_never_lets_more_be_spent_than_it_knows() {
    for (polls, failing) in (1..40).flat_map(|polls| (1..8).map(move |failing| (polls, failing))) {
        let world = world().slow();
        let id = world.submit_within(publication(&world), budget());
        let (runner, stop) = (world.runner(), Stop::default());
        let mut running = Box::pin(runner.run(&id, &stop));
        if polled(running.as_mut(), polls).is_none() {
            world.store.failing.store(failing, Ordering::SeqCst);
            // Where the store cannot even be told of the end, the worker counts as dead.
            if block_on(running).is_err() {
                world.store.operations.bury(&id);
            }
            world.store.failing.store(0, Ordering::SeqCst);
        }
        let mut operation = world.operation(&id);
        while !operation.phase.has_ended() {
            operation = world.run(&id);
        }
        let spent = points(&world);
        assert!(spent <= told(&operation) && told(&operation) <= POINTS, "{operation:?} has spent {spent}");
    }
}

#[test]
fn a_plan_is_carried_out_within_its_budget_or_not_begun() {
    let wanting = |world: &World| {
        let content = Content::from_bytes(picture(1));
        block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
        let wish = || Wish { picture: "one".to_owned(), class: None };
        let wanted =
            |name: &str| ManifestAlbum { album: album("one", name), pictures: vec![wish()], delete_others: false };
        let manifest = Manifest {
            pictures: vec![ManifestPicture {
                key: "one".to_owned(),
                name: Some("1.png".to_owned()),
                source: PictureSource::Kept { sha256: content.sha256(), len: content.len() },
                fit: Fit::None,
                animation: Animation::Refuse,
            }],
            albums: vec![wanted("a"), wanted("b")],
        };
        let planning = world.submit(Task::Plan(Box::new(PlanTask { manifest: manifest.clone() })));
        // The look at two empty albums.
        assert_eq!(told(&world.run(&planning)), 2 * PRICES.get.call);
        let plan = world.plan(&manifest).unwrap();
        Task::Sync(Box::new(SyncTask { plan }))
    };
    for (limit, succeeded, phase) in [(20, 0, Phase::Failed), (1_100, 2, Phase::Succeeded)] {
        let world = world();
        let task = wanting(&world);
        let forecast = world.service().forecast(&task);
        let before = points(&world);
        let id = world.submit_within(task, Budget { points: Some(limit), ..Budget::default() });
        let operation = world.run(&id);
        assert_eq!((operation.phase, operation.progress.succeeded), (phase, succeeded), "{operation:?}");
        assert_eq!(told(&operation), points(&world) - before);
        match phase {
            Phase::Failed => assert_eq!(operation.failure.unwrap().kind, ErrorKind::BudgetSpent),
            _ => assert_eq!(operation.costs, forecast),
        }
    }
}

#[test]
fn a_forecast_is_what_the_operation_then_costs() {
    let copies = |world: &World, to: &str| {
        (0..7).for_each(|number| world.shelves[0].hold_content("a", number));
        let image = |number| ImageId::new(Sha256::of(&picture(number)).to_string()).unwrap();
        let images: Vec<_> =
            (0..7).map(|number| ImageName { album: album("one", "a"), image: image(number) }).collect();
        let images = [images.clone(), images].concat();
        let target = TargetRecord { album: album(to, "b"), class: None };
        Task::Copy(CopyTask { images, target, terms: terms(UploadPolicy::Reuse) })
    };
    let native = || World::new(vec![Shelf::copying("one"), Shelf::new("two")]);
    type Case<'c> = (World, &'c dyn Fn(&World) -> Task);
    let cases: [Case<'_>; 5] = [
        (world(), &publication),
        (world(), &|_| import(9)),
        (world(), &|world| deletion(world, 7)),
        (native(), &|world| copies(world, "one")),
        (native(), &|world| copies(world, "two")),
    ];
    for (world, task) in cases {
        let task = task(&world);
        let forecast = world.service().forecast(&task);
        let kind = task.as_str();
        let operation = world.run(&world.submit(task));
        assert_eq!(operation.progress.succeeded, operation.progress.total, "{operation:?}");
        let unweighed = |costs: &Costs| -> Costs {
            costs.iter().map(|(library, cost)| (library.clone(), Cost { bytes: 0, ..*cost })).collect()
        };
        assert_eq!(unweighed(&operation.costs), unweighed(&forecast), "{kind}");
        assert_eq!(told(&operation), points(&world), "{kind}");
    }
}
