//! Operations as their callers and workers see them.

use polyptych_domain::{
    Applied, Begun, Budget, ClientId, Confirmed, Cost, Costs, Ending, ErrorKind, ItemOutcome, LibraryId, NewOperation,
    OperationFilter, OperationId, PageRequest, Phase, Request, Sha256, Standing,
};
use polyptych_store::Store;

use crate::world::{HELD, World, deletion, failed, failure, requested, taken};

pub(crate) async fn a_submitted_operation_is_kept(world: World) {
    let (one, two) = (world.process().await, world.process().await);
    let new = deletion("anna", 3);
    let submitted = one.operations().submit(new.clone()).await.unwrap();
    assert_eq!((submitted.phase, submitted.tries, submitted.cancelling), (Phase::Pending, 0, false));
    assert_eq!((&submitted.task, submitted.progress.total), (&new.task, 3));
    assert_eq!(two.operations().get(&submitted.id).await.unwrap(), submitted);
    assert_eq!(two.operations().items(&submitted.id, 0, 10).await.unwrap(), []);
}

pub(crate) async fn a_repeated_request_makes_one_operation(world: World) {
    let stores = [world.process().await, world.process().await];
    let mut tasks = Vec::new();
    for store in stores.iter().cycle().take(8) {
        let operations = store.operations();
        tasks.push(tokio::spawn(async move { operations.submit(requested("anna", "r1", 2)).await.unwrap().id }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let (anna, request) = (ClientId::new("anna").unwrap(), requested("anna", "r1", 2).request.unwrap());
    let repeated = stores[1].operations().repeated(&anna, &request).await.unwrap();
    assert_eq!(repeated.map(|made| made.id), Some(ids[0].clone()));
    let boris = ClientId::new("boris").unwrap();
    assert_eq!(stores[1].operations().repeated(&boris, &request).await.unwrap(), None);
    let others = stores[0].operations().submit(requested("boris", "r1", 2)).await.unwrap();
    assert_ne!(others.id, ids[0]);
    let unmarked = stores[0].operations();
    assert_ne!(
        unmarked.submit(deletion("anna", 2)).await.unwrap().id,
        unmarked.submit(deletion("anna", 2)).await.unwrap().id
    );
}

pub(crate) async fn a_request_id_with_another_request_is_refused(world: World) {
    let operations = world.process().await.operations();
    operations.submit(requested("anna", "r1", 2)).await.unwrap();
    let refused = operations.submit(requested("anna", "r1", 3)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RequestMismatch);
    let other = requested("anna", "r1", 3).request.unwrap();
    let refused = operations.repeated(&ClientId::new("anna").unwrap(), &other).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RequestMismatch);
}

pub(crate) async fn pages_go_from_new_to_old(world: World) {
    let operations = world.process().await.operations();
    let mut submitted = Vec::new();
    for _ in 0..5 {
        // Order does not depend on the date.
        let earlier = polyptych_store::Clock::wall(&*world.clock) - jiff::SignedDuration::from_secs(60);
        world.clock.jump(earlier);
        submitted.insert(0, operations.submit(deletion("anna", 1)).await.unwrap().id);
    }
    let mut listed = Vec::new();
    let mut sizes = Vec::new();
    let mut page = PageRequest { size: 2, after: None };
    loop {
        let found = operations.list(&OperationFilter::default(), &page).await.unwrap();
        sizes.push(found.items.len());
        listed.extend(found.items.into_iter().map(|operation| operation.id));
        page.after = match found.next {
            Some(next) => Some(next),
            None => break,
        };
    }
    assert_eq!((listed, sizes), (submitted, vec![2, 2, 1]));
    let page = PageRequest { size: 2, after: Some("'; --".to_owned()) };
    let refused = operations.list(&OperationFilter::default(), &page).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
}

pub(crate) async fn lists_are_filtered(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let (lease, running) = taken(&*store.operations(), 1).await;
    let pending = operations.submit(deletion("anna", 1)).await.unwrap();
    let others = operations.submit(deletion("boris", 1)).await.unwrap();
    let page = PageRequest { size: 10, after: None };
    let ids = |client: Option<&str>, phases: &[Phase]| {
        let client = client.map(|client| ClientId::new(client).unwrap());
        let filter = OperationFilter { client, phases: phases.to_vec() };
        let (operations, page) = (store.operations(), page.clone());
        async move {
            let found = operations.list(&filter, &page).await.unwrap();
            found.items.into_iter().map(|operation| operation.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(Some("boris"), &[]).await, std::slice::from_ref(&others.id));
    assert_eq!(ids(Some("anna"), &[Phase::Pending, Phase::Failed]).await, [pending.id]);
    assert_eq!(ids(None, &[Phase::Running]).await, std::slice::from_ref(&running.id));
    operations.finish(&lease, Ending::Succeeded).await.unwrap();
    assert_eq!(ids(None, &[Phase::Running]).await, []);
    assert_eq!(ids(None, &[Phase::Succeeded]).await, [running.id]);
}

pub(crate) async fn of_many_workers_one_takes_it(world: World) {
    let stores = [world.process().await, world.process().await, world.process().await];
    for _ in 0..5 {
        let id = stores[0].operations().submit(deletion("anna", 1)).await.unwrap().id;
        let mut tasks = Vec::new();
        for store in stores.iter().cycle().take(9) {
            let (operations, id) = (store.operations(), id.clone());
            tasks.push(tokio::spawn(async move { operations.take(&id).await.unwrap().is_some() }));
        }
        let mut taken = 0;
        for task in tasks {
            taken += u32::from(task.await.unwrap());
        }
        assert_eq!(taken, 1);
    }
}

pub(crate) async fn items_are_counted_by_their_last_outcome(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let (lease, taken) = taken(&*store.operations(), 4).await;
    assert_eq!((taken.phase, taken.tries), (Phase::Running, 1));
    assert_eq!(operations.begin(&lease, &[0, 1, 2]).await.unwrap(), HELD);
    let begun = operations.items(&lease.operation, 1, 1).await.unwrap();
    assert!(matches!(begun.as_slice(), [item] if item.place == 1 && item.outcome.is_none()));
    assert_eq!(operations.get(&lease.operation).await.unwrap().version, taken.version);
    let outcomes = [
        (0, ItemOutcome::Deleted(Confirmed::default())),
        (1, failed(Applied::No)),
        (2, failed(Applied::Unknown)),
        (3, failed(Applied::Yes)),
    ];
    for _ in 0..2 {
        assert_eq!(operations.settle(&lease, &outcomes, &Costs::new()).await.unwrap(), HELD);
        let progress = operations.get(&lease.operation).await.unwrap().progress;
        assert_eq!((progress.total, progress.succeeded, progress.failed, progress.unknown), (4, 1, 2, 1));
    }
    operations.begin(&lease, &[2]).await.unwrap();
    assert_eq!(operations.get(&lease.operation).await.unwrap().progress.unknown, 0);
    assert_eq!(operations.items(&lease.operation, 2, 1).await.unwrap()[0].outcome, None);
    operations.settle(&lease, &[(2, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()).await.unwrap();
    let told = operations.get(&lease.operation).await.unwrap();
    assert_eq!((told.progress.succeeded, told.progress.failed, told.progress.unknown), (2, 2, 0));
    assert!(told.version > taken.version);
    let kept: Vec<_> = operations.items(&lease.operation, 0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|item| item.place).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(kept[1].outcome, Some(failed(Applied::No)));
}

pub(crate) async fn many_items_fit_into_a_call(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let (lease, _) = taken(&*store.operations(), 1_000).await;
    let places: Vec<u64> = (0..1_000).collect();
    assert_eq!(operations.begin(&lease, &places).await.unwrap(), HELD);
    let outcomes: Vec<_> = places.iter().map(|place| (*place, ItemOutcome::Deleted(Confirmed::default()))).collect();
    assert_eq!(operations.settle(&lease, &outcomes, &Costs::new()).await.unwrap(), HELD);
    assert_eq!(operations.get(&lease.operation).await.unwrap().progress.succeeded, 1_000);
    assert_eq!(operations.items(&lease.operation, 990, 100).await.unwrap().len(), 10);
}

pub(crate) async fn an_ended_operation_takes_no_more(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let endings = [
        (Ending::Succeeded, Phase::Succeeded, None),
        (Ending::Cancelled, Phase::Cancelled, None),
        (Ending::Failed(Box::new(failure("no way", Applied::No))), Phase::Failed, Some(failure("no way", Applied::No))),
    ];
    for (ending, phase, why) in endings {
        let (lease, _) = taken(&*store.operations(), 1).await;
        assert_eq!(operations.finish(&lease, ending.clone()).await.unwrap(), HELD);
        let ended = operations.get(&lease.operation).await.unwrap();
        assert_eq!((ended.phase, &ended.failure), (phase, &why));
        assert_eq!(operations.finish(&lease, ending).await.unwrap(), Standing::Lost);
        assert_eq!(operations.begin(&lease, &[0]).await.unwrap(), Standing::Lost);
        assert_eq!(
            operations.settle(&lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()).await.unwrap(),
            Standing::Lost
        );
        assert_eq!(operations.release(&lease).await.unwrap(), Standing::Lost);
        let failure = failure("late", Applied::No);
        assert_eq!(operations.give_back(&lease, &failure).await.unwrap(), Standing::Lost);
        assert!(operations.take(&lease.operation).await.unwrap().is_none());
        assert_eq!(operations.cancel(&lease.operation).await.unwrap(), ended);
        assert_eq!(operations.items(&lease.operation, 0, 1).await.unwrap(), []);
    }
}

pub(crate) async fn an_untouched_operation_is_cancelled_at_once(world: World) {
    let operations = world.process().await.operations();
    let id = operations.submit(deletion("anna", 1)).await.unwrap().id;
    assert_eq!(operations.cancel(&id).await.unwrap().phase, Phase::Cancelled);
    assert!(operations.take(&id).await.unwrap().is_none());
}

pub(crate) async fn a_worker_learns_that_it_is_to_end(world: World) {
    let (caller, worker) = (world.process().await, world.process().await);
    let (lease, _) = taken(&*worker.operations(), 2).await;
    let asked = caller.operations().cancel(&lease.operation).await.unwrap();
    assert_eq!((asked.phase, asked.cancelling), (Phase::Running, true));
    let cancelling = Standing::Held { cancelling: true };
    let operations = worker.operations();
    assert_eq!(operations.begin(&lease, &[0]).await.unwrap(), cancelling);
    assert_eq!(operations.items(&lease.operation, 0, 10).await.unwrap(), []);
    assert_eq!(
        operations.settle(&lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()).await.unwrap(),
        cancelling
    );
    assert_eq!(operations.items(&lease.operation, 0, 10).await.unwrap().len(), 1);
    assert_eq!(operations.begin(&lease, &[1]).await.unwrap(), cancelling);
    assert_eq!(operations.items(&lease.operation, 0, 10).await.unwrap().len(), 1);
    // A pause does not keep it from ending.
    assert_eq!(operations.give_back(&lease, &failure("busy", Applied::No)).await.unwrap(), cancelling);
    let (lease, again) = operations.take(&lease.operation).await.unwrap().unwrap();
    assert!(again.cancelling);
    operations.finish(&lease, Ending::Cancelled).await.unwrap();
    assert_eq!(caller.operations().get(&lease.operation).await.unwrap().phase, Phase::Cancelled);
}

pub(crate) async fn only_what_has_ended_is_removed(world: World) {
    let store = world.process().await;
    let operations = store.operations();
    let (lease, _) = taken(&*store.operations(), 1).await;
    operations.begin(&lease, &[0]).await.unwrap();
    assert_eq!(operations.remove(&lease.operation).await.unwrap_err().kind(), ErrorKind::OperationRunning);
    operations.finish(&lease, Ending::Succeeded).await.unwrap();
    operations.remove(&lease.operation).await.unwrap();
    assert_eq!(operations.get(&lease.operation).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
    assert_eq!(operations.remove(&lease.operation).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
}

pub(crate) async fn unknown_operations_are_not_found(world: World) {
    let operations = world.process().await.operations();
    let id = OperationId::new("nobody-made-it").unwrap();
    assert_eq!(operations.get(&id).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
    assert_eq!(operations.items(&id, 0, 1).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
    assert_eq!(operations.cancel(&id).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
    assert_eq!(operations.changed(&id, 0).await.unwrap_err().kind(), ErrorKind::OperationNotFound);
    assert!(operations.take(&id).await.unwrap().is_none());
}

pub(crate) async fn a_client_asks_for_no_more_than_it_has_room_for(world: World) {
    let store = Store::open(&world.config().without_background().with_bytes_per_client(100_000)).await.unwrap();
    let operations = store.operations();
    let mut made = vec![operations.submit(requested("anna", "r1", 100)).await.unwrap().id];
    let full = loop {
        assert!(made.len() < 100, "it never gets full");
        match operations.submit(deletion("anna", 100)).await {
            Ok(operation) => made.push(operation.id),
            Err(error) => break error,
        }
    };
    assert_eq!((full.kind(), full.applied()), (ErrorKind::QuotaExhausted, Applied::No));
    assert!(made.len() > 5, "{full}");
    // Others have room of their own, and what was asked for before is answered.
    operations.submit(deletion("boris", 100)).await.unwrap();
    assert_eq!(operations.submit(requested("anna", "r1", 100)).await.unwrap().id, made[0]);
    operations.cancel(&made[1]).await.unwrap();
    assert_eq!(operations.submit(deletion("anna", 100)).await.unwrap_err().kind(), ErrorKind::QuotaExhausted);
    operations.remove(&made[1]).await.unwrap();
    operations.submit(deletion("anna", 100)).await.unwrap();
}

pub(crate) async fn a_request_id_of_another_call_is_refused(world: World) {
    let store = Store::open(&world.config().without_background()).await.unwrap();
    let (operations, requests) = (store.operations(), store.requests());
    let anna = ClientId::new("anna").unwrap();
    let call = |id: &str| Request { id: id.to_owned(), digest: Sha256::of(b"an upload") };
    assert_eq!(requests.begin(&anna, &call("r1")).await.unwrap(), Begun::Fresh);
    let refused = operations.submit(requested("anna", "r1", 2)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RequestMismatch);
    let operation = operations.submit(requested("anna", "r2", 2)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(requests.begin(&anna, &call("r2")).await.unwrap_err().kind(), ErrorKind::RequestMismatch);
    }
    assert_eq!(operations.submit(requested("anna", "r2", 2)).await.unwrap().id, operation.id);
    // Ids are each client's own, and one is free again once its call was given up.
    operations.submit(requested("boris", "r1", 2)).await.unwrap();
    requests.abandon(&anna, "r1").await.unwrap();
    operations.submit(requested("anna", "r1", 2)).await.unwrap();
}

pub(crate) async fn a_budget_and_costs_are_kept_with_or_without_an_outcome_and_by_the_holder_alone(world: World) {
    let (one, two) = (world.process().await, world.process().await);
    let budget = Budget { points: Some(90), calls: None, bytes: None };
    let asked = one.operations().submit(NewOperation { budget, ..deletion("a", 2) }).await.unwrap();
    assert_eq!((asked.budget, asked.costs), (budget, Costs::new()));
    let (lease, taken) = one.operations().take(&asked.id).await.unwrap().unwrap();
    assert_eq!(taken.budget, budget);
    let costs = |points| {
        let of = |library| (LibraryId::new(library).unwrap(), Cost { calls: 1, points, bytes: 7 });
        Costs::from(["one", "two"].map(of))
    };
    let operations = one.operations();
    operations.begin(&lease, &[0]).await.unwrap();
    assert_eq!(operations.settle(&lease, &[], &costs(50)).await.unwrap(), HELD);
    let before = two.operations().get(&asked.id).await.unwrap();
    assert_eq!((before.costs.clone(), before.progress.succeeded), (costs(50), 0));
    assert_eq!(
        operations.settle(&lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &costs(40)).await.unwrap(),
        HELD
    );
    let told = two.operations().changed(&asked.id, before.version).await.unwrap();
    assert_eq!((told.costs.clone(), told.progress.succeeded), (costs(40), 1));
    // What is spent is kept of an operation that was asked to end, too.
    two.operations().cancel(&asked.id).await.unwrap();
    let cancelling = Standing::Held { cancelling: true };
    assert_eq!(operations.settle(&lease, &[], &costs(60)).await.unwrap(), cancelling);
    operations.finish(&lease, Ending::Cancelled).await.unwrap();
    assert_eq!(operations.settle(&lease, &[], &costs(99)).await.unwrap(), Standing::Lost);
    assert_eq!(two.operations().get(&asked.id).await.unwrap().costs, costs(60));
    // An operation without a budget has none.
    assert_eq!(one.operations().submit(deletion("a", 1)).await.unwrap().budget, Budget::default());
}
