//! What the operations in memory promise: one holder at a time, requests that are known again, lists, waits, ends.

use futures_executor::block_on;
use futures_util::FutureExt;
use polyptych_domain::*;

use crate::world::album;

fn operations() -> MemoryOperations {
    MemoryOperations::new(|| jiff::Timestamp::UNIX_EPOCH)
}

fn new(client: &str, request: Option<(&str, &[u8])>) -> NewOperation {
    let image = ImageName { album: album("one", "a"), image: ImageId::new("0").unwrap() };
    let request = request.map(|(id, asked)| Request { id: id.to_owned(), digest: Sha256::of(asked) });
    let task = Task::Delete(DeleteTask { images: vec![image; 3] });
    NewOperation { client: ClientId::new(client).unwrap(), task, budget: Budget::default(), request }
}

fn submit(operations: &MemoryOperations, new: NewOperation) -> Operation {
    block_on(operations.submit(new)).unwrap()
}

#[test]
fn a_request_that_is_repeated_is_the_same_operation_and_another_under_its_id_is_refused() {
    let operations = operations();
    let first = submit(&operations, new("a", Some(("r", b"1"))));
    assert_eq!(submit(&operations, new("a", Some(("r", b"1")))), first);
    assert_ne!(submit(&operations, new("b", Some(("r", b"1")))).id, first.id);
    let error = block_on(operations.submit(new("a", Some(("r", b"2"))))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestMismatch);
}

#[test]
fn a_list_goes_from_the_newest_to_the_oldest_page_by_page() {
    let operations = operations();
    let mut ids: Vec<_> = (0..5).map(|number| submit(&operations, new(["a", "b"][number % 2], None)).id).collect();
    ids.reverse();
    let all = OperationFilter::default();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = block_on(operations.list(&all, &PageRequest { size: 2, after })).unwrap();
        listed.extend(page.items.into_iter().map(|operation| operation.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, ids);
    let of_b = OperationFilter { client: Some(ClientId::new("b").unwrap()), phases: vec![Phase::Pending] };
    let page = block_on(operations.list(&of_b, &PageRequest { size: 10, after: None })).unwrap();
    assert_eq!((page.items.len(), page.next), (2, None));
    let wrong = PageRequest { size: 2, after: Some("x".to_owned()) };
    assert_eq!(block_on(operations.list(&all, &wrong)).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn one_worker_has_an_operation_and_an_earlier_one_can_write_nothing() {
    let operations = operations();
    let id = submit(&operations, new("a", None)).id;
    let (first, taken) = block_on(operations.take(&id)).unwrap().unwrap();
    assert_eq!((taken.phase, taken.tries), (Phase::Running, 1));
    assert!(block_on(operations.take(&id)).unwrap().is_none());
    operations.bury(&id);
    let (second, _) = block_on(operations.take(&id)).unwrap().unwrap();
    assert!(second.token > first.token);
    let before = block_on(operations.get(&id)).unwrap();
    let failure = Failure::from(&Error::new(ErrorKind::Internal, "x"));
    let standings = [
        block_on(operations.begin(&first, &[0])).unwrap(),
        block_on(operations.settle(&first, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new())).unwrap(),
        block_on(operations.finish(&first, Ending::Succeeded)).unwrap(),
        block_on(operations.give_back(&first, &failure)).unwrap(),
        block_on(operations.release(&first)).unwrap(),
    ];
    assert_eq!(standings, [Standing::Lost; 5]);
    assert_eq!(block_on(operations.get(&id)).unwrap(), before);
    assert!(block_on(operations.items(&id, 0, 10)).unwrap().is_empty());
    let held = Standing::Held { cancelling: false };
    assert_eq!(block_on(operations.begin(&second, &[0, 2])).unwrap(), held);
    assert_eq!(
        block_on(operations.settle(&second, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::new()))
            .unwrap(),
        held
    );
    let items = block_on(operations.items(&id, 0, 10)).unwrap();
    assert_eq!(items[0], ItemRecord { place: 0, outcome: Some(ItemOutcome::Deleted(Confirmed::default())) });
    assert_eq!(items[1], ItemRecord { place: 2, outcome: None });
    // An outcome that is told twice counts once.
    block_on(operations.settle(&second, &[(0, ItemOutcome::Failed(Box::new(failure)))], &Costs::new())).unwrap();
    let progress = block_on(operations.get(&id)).unwrap().progress;
    assert_eq!(progress, Progress { total: 3, succeeded: 0, failed: 1, unknown: 0 });
}

#[test]
fn whoever_waits_is_woken_by_the_next_change_and_by_a_removal() {
    let operations = operations();
    let created = submit(&operations, new("a", None));
    let mut waiting = Box::pin(operations.changed(&created.id, created.version));
    assert!(waiting.as_mut().now_or_never().is_none());
    block_on(operations.cancel(&created.id)).unwrap();
    let cancelled = block_on(waiting).unwrap();
    assert_eq!(cancelled.phase, Phase::Cancelled);
    let mut waiting = Box::pin(operations.changed(&created.id, cancelled.version));
    assert!(waiting.as_mut().now_or_never().is_none());
    block_on(operations.remove(&created.id)).unwrap();
    assert_eq!(block_on(waiting).unwrap_err().kind(), ErrorKind::OperationNotFound);
}

#[test]
fn what_is_due_is_named_and_what_is_held_or_has_ended_is_not() {
    let operations = operations();
    let mut due = Box::pin(operations.due());
    assert!(due.as_mut().now_or_never().is_none());
    let first = submit(&operations, new("a", None)).id;
    let second = submit(&operations, new("a", None)).id;
    assert_eq!(block_on(due), first);
    let (lease, _) = block_on(operations.take(&first)).unwrap().unwrap();
    assert_eq!(block_on(operations.due()), second);
    block_on(operations.release(&lease)).unwrap();
    assert_eq!(block_on(operations.due()), first);
    block_on(operations.cancel(&first)).unwrap();
    assert_eq!(block_on(operations.due()), second);
}

#[test]
fn an_operation_is_asked_to_end_while_it_runs_and_can_be_removed_when_it_has() {
    let operations = operations();
    let id = submit(&operations, new("a", None)).id;
    let (lease, _) = block_on(operations.take(&id)).unwrap().unwrap();
    let asked = block_on(operations.cancel(&id)).unwrap();
    assert_eq!((asked.phase, asked.cancelling), (Phase::Running, true));
    assert_eq!(block_on(operations.begin(&lease, &[0])).unwrap(), Standing::Held { cancelling: true });
    assert!(block_on(operations.items(&id, 0, 10)).unwrap().is_empty());
    assert_eq!(block_on(operations.remove(&id)).unwrap_err().kind(), ErrorKind::OperationRunning);
    block_on(operations.finish(&lease, Ending::Cancelled)).unwrap();
    assert_eq!(block_on(operations.cancel(&id)).unwrap().phase, Phase::Cancelled);
    block_on(operations.remove(&id)).unwrap();
    assert_eq!(block_on(operations.get(&id)).unwrap_err().kind(), ErrorKind::OperationNotFound);
}
