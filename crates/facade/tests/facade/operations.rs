//! Operations from their request to their end. The test is the worker: it takes them from the port and settles items.

use std::time::Duration;

use polyptych_domain::{
    AlbumId, Applied, Budget, ClientId, Confirmed, Cost, Costs, DeleteTask, Ending, Error, ErrorKind, Failure, Image,
    ImageId, ImageRecord, ItemOutcome, Lease, LibraryId, NewOperation, OperationId, Operations, Task,
};
use polyptych_proto::longrunning::{
    CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, Operation,
    WaitOperationRequest, operation,
};
use polyptych_proto::v1;
use prost::Message;
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_types::{StatusExt, pb};
use v1::operation_metadata::State;

use crate::support::{Server, blamed, reason};

fn image(number: usize) -> String {
    format!("libraries/alpha/albums/a/images/image-{number}")
}

fn deletions(count: usize) -> v1::DeleteImagesRequest {
    v1::DeleteImagesRequest { names: (0..count).map(image).collect(), ..Default::default() }
}

fn source(uri: &str, parent: &str) -> v1::ImportSource {
    v1::ImportSource { uri: uri.to_owned(), parent: parent.to_owned(), ..Default::default() }
}

async fn delete(server: &Server, request: v1::DeleteImagesRequest) -> Result<Operation, Status> {
    server.images().await.delete_images(request).await.map(tonic::Response::into_inner)
}

async fn import(server: &Server, request: v1::ImportImagesRequest) -> Result<Operation, Status> {
    server.images().await.import_images(request).await.map(tonic::Response::into_inner)
}

async fn get(server: &Server, name: &str) -> Result<Operation, Status> {
    let request = GetOperationRequest { name: name.to_owned() };
    server.watch().await.get_operation(request).await.map(tonic::Response::into_inner)
}

fn id(name: &str) -> OperationId {
    OperationId::new(name.strip_prefix("operations/").unwrap()).unwrap()
}

/// Begins the work on an operation.
async fn take(server: &Server, name: &str) -> Lease {
    server.operations.take(&id(name)).await.unwrap().unwrap().0
}

async fn settle(server: &Server, lease: &Lease, outcomes: &[(u64, ItemOutcome)]) {
    let places: Vec<_> = outcomes.iter().map(|(place, _)| *place).collect();
    server.operations.begin(lease, &places).await.unwrap();
    server.operations.settle(lease, outcomes, &Costs::new()).await.unwrap();
}

fn failed(kind: ErrorKind, applied: Applied) -> ItemOutcome {
    ItemOutcome::Failed(Box::new(Failure::from(&Error::new(kind, "it did not work").with_applied(applied))))
}

fn metadata(operation: &Operation) -> v1::OperationMetadata {
    let any = operation.metadata.as_ref().unwrap();
    assert_eq!(any.type_url, "type.googleapis.com/polyptych.v1.OperationMetadata");
    v1::OperationMetadata::decode(any.value.as_slice()).unwrap()
}

fn response<M: Message + Default>(operation: &Operation, name: &str) -> M {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    assert_eq!(any.type_url, format!("type.googleapis.com/polyptych.v1.{name}"));
    M::decode(any.value.as_slice()).unwrap()
}

fn info(status: &pb::Status) -> (String, String) {
    let status = Status::with_details(status.code.into(), &status.message, status.encode_to_vec().into());
    let info = status.get_details_error_info().unwrap();
    (info.reason, info.metadata["applied"].clone())
}

#[tokio::test(start_paused = true)]
async fn an_operation_tells_its_progress_and_in_the_end_each_item_in_the_order_of_the_request() {
    let server = Server::start();
    let operation = delete(&server, deletions(4)).await.unwrap();
    assert_eq!((metadata(&operation).verb.as_str(), metadata(&operation).state()), ("delete", State::Pending));
    let lease = take(&server, &operation.name).await;
    let outcomes = [(2, failed(ErrorKind::ImageInUse, Applied::No)), (0, ItemOutcome::Deleted(Confirmed::default()))];
    settle(&server, &lease, &outcomes).await;
    let running = get(&server, &operation.name).await.unwrap();
    let told = metadata(&running);
    assert_eq!((running.done, told.state()), (false, State::Running));
    assert_eq!(told.progress, Some(v1::Progress { total: 4, succeeded: 1, failed: 1, unknown: 0 }));
    let [failure] = told.failures.as_slice() else { panic!("{told:?}") };
    assert_eq!((failure.index, failure.status.as_ref().unwrap().code), (2, Code::FailedPrecondition as i32));

    let rest =
        [(1, failed(ErrorKind::ProviderTimeout, Applied::Unknown)), (3, ItemOutcome::Deleted(Confirmed::default()))];
    settle(&server, &lease, &rest).await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    let ended = get(&server, &operation.name).await.unwrap();
    let told = metadata(&ended);
    assert_eq!((ended.done, told.state(), told.partial_response.clone()), (true, State::Succeeded, None));
    assert_eq!(told.failures.iter().map(|failure| failure.index).collect::<Vec<_>>(), [1, 2]);
    let outcomes = response::<v1::DeleteImagesResponse>(&ended, "DeleteImagesResponse").outcomes;
    let results: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome.result.as_ref().unwrap() {
            v1::deletion_outcome::Result::Deleted(()) => ("deleted".to_owned(), String::new()),
            v1::deletion_outcome::Result::Error(status) => info(status),
        })
        .collect();
    let text = |reason: &str, applied: &str| (reason.to_owned(), applied.to_owned());
    let deleted = text("deleted", "");
    let expected = [deleted.clone(), text("PROVIDER_TIMEOUT", "unknown"), text("IMAGE_IN_USE", "no"), deleted];
    assert_eq!(results, expected);
}

#[tokio::test(start_paused = true)]
async fn an_import_tells_stored_images_and_blames_the_fields_of_the_source_that_failed() {
    let server = Server::start();
    let request = v1::ImportImagesRequest {
        sources: vec![
            source("https://pictures.test/a.png?token=canary", "libraries/alpha"),
            source("https://pictures.test/b.png", "libraries/alpha/albums/b"),
        ],
        ..Default::default()
    };
    let operation = import(&server, request).await.unwrap();
    let lease = take(&server, &operation.name).await;
    let mut stored = Image::new(AlbumId::new("self").unwrap(), ImageId::new("x").unwrap());
    stored.name = Some("a.png".to_owned());
    let record = ImageRecord {
        library: LibraryId::new("alpha").unwrap(),
        image: stored,
        sent: None,
        reused: false,
        found: true,
        resent: 1,
        request_id: Some("8695244274068608439".to_owned()),
    };
    let outcomes = [(0, ItemOutcome::Stored(Box::new(record))), (1, failed(ErrorKind::CorruptImage, Applied::No))];
    settle(&server, &lease, &outcomes).await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    let ended = get(&server, &operation.name).await.unwrap();
    let outcomes = response::<v1::ImportImagesResponse>(&ended, "ImportImagesResponse").outcomes;
    let [first, second] = outcomes.try_into().unwrap();
    let Some(v1::upload_outcome::Result::Upload(upload)) = first.result else { panic!("{first:?}") };
    assert_eq!(upload.image.unwrap().name, "libraries/alpha/albums/self/images/x");
    assert_eq!((upload.sent, upload.reused, upload.found, upload.resent), (None, false, true, 1));
    assert_eq!(second.parent, "libraries/alpha/albums/b");
    let Some(v1::upload_outcome::Result::Error(error)) = second.result else { panic!("{second:?}") };
    let status = Status::with_details(error.code.into(), &error.message, error.encode_to_vec().into());
    assert_eq!((reason(&status).as_str(), blamed(&status)), ("CORRUPT_IMAGE", vec!["sources[1].uri".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_kept_with_its_target_and_blames_the_image_that_failed() {
    let server = Server::start();
    let request = v1::CopyImagesRequest {
        names: vec![image(0), image(1)],
        parent: "libraries/gamma".to_owned(),
        ..Default::default()
    };
    let mut client = server.images().await;
    let operation = client.copy_images(request.clone()).await.unwrap().into_inner();
    let lease = take(&server, &operation.name).await;
    settle(&server, &lease, &[(1, failed(ErrorKind::InvalidArgument, Applied::No))]).await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    let ended = get(&server, &operation.name).await.unwrap();
    let outcomes = response::<v1::CopyImagesResponse>(&ended, "CopyImagesResponse").outcomes;
    assert!(outcomes.iter().all(|outcome| outcome.parent == "libraries/gamma/albums/self"));
    let Some(v1::upload_outcome::Result::Error(error)) = &outcomes[1].result else { panic!("{outcomes:?}") };
    let status = Status::with_details(error.code.into(), &error.message, error.encode_to_vec().into());
    assert_eq!(blamed(&status), ["names[1]"]);
    for (request, field) in [
        (v1::CopyImagesRequest { names: vec![image(0); 1001], ..request.clone() }, "names"),
        (v1::CopyImagesRequest { parent: image(0), ..request.clone() }, "parent"),
        (v1::CopyImagesRequest { policy: 9, ..request }, "policy"),
    ] {
        assert_eq!(blamed(&client.copy_images(request).await.unwrap_err()), [field]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_kept_with_its_operation_which_tells_what_it_has_cost() {
    let server = Server::start();
    let budget = v1::Budget { max_points: Some(90), max_calls: Some(2) };
    let request = v1::DeleteImagesRequest { budget: Some(budget), ..deletions(2) };
    let operation = delete(&server, request).await.unwrap();
    assert_eq!((metadata(&operation).budget, metadata(&operation).costs), (Some(budget), Vec::new()));
    let kept = server.operations.get(&id(&operation.name)).await.unwrap();
    assert_eq!(kept.budget, Budget { points: Some(90), calls: Some(2), bytes: None });
    let lease = take(&server, &operation.name).await;
    let cost = Cost { calls: 1, points: 10, bytes: 0 };
    let costs = ["alpha", "gone"].map(|library| (LibraryId::new(library).unwrap(), cost));
    server
        .operations
        .settle(&lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))], &Costs::from(costs))
        .await
        .unwrap();
    let told = metadata(&get(&server, &operation.name).await.unwrap()).costs;
    let shown: Vec<_> = told.iter().map(|cost| (cost.library.as_str(), cost.calls, cost.points)).collect();
    assert_eq!(shown, [("libraries/alpha", 1, 10), ("libraries/gone", 1, 10)]);
    // Of a library that is not there any more nobody knows how sure its prices were.
    use v1::image_class::Evidence;
    assert!(told[0].evidence() != Evidence::Unspecified && told[1].evidence() == Evidence::Unspecified);
}

#[tokio::test(start_paused = true)]
async fn a_budget_without_a_limit_above_zero_is_refused_with_its_field_and_nothing_is_kept() {
    let server = Server::start();
    let mut client = server.images().await;
    let points = |max_points| Some(v1::Budget { max_points: Some(max_points), max_calls: Some(1) });
    let calls = |max_calls| Some(v1::Budget { max_points: None, max_calls: Some(max_calls) });
    for (budget, field) in [
        (points(0), "budget.max_points"),
        (points(-1), "budget.max_points"),
        (points(i64::MIN), "budget.max_points"),
        (calls(0), "budget.max_calls"),
        (calls(-7), "budget.max_calls"),
    ] {
        let status = client.delete_images(v1::DeleteImagesRequest { budget, ..deletions(1) }).await.unwrap_err();
        assert_eq!((reason(&status).as_str(), blamed(&status)), ("INVALID_ARGUMENT", vec![field.to_owned()]));
        let copy = v1::CopyImagesRequest {
            names: vec![image(0)],
            parent: "libraries/gamma".to_owned(),
            budget,
            ..Default::default()
        };
        assert_eq!(blamed(&client.copy_images(copy).await.unwrap_err()), [field]);
        let source = v1::ImportSource {
            uri: "https://a.test/1.png".to_owned(),
            parent: "libraries/alpha".to_owned(),
            ..Default::default()
        };
        let import = v1::ImportImagesRequest { sources: vec![source], budget, ..Default::default() };
        assert_eq!(blamed(&client.import_images(import).await.unwrap_err()), [field]);
        let apply = v1::ApplySyncRequest { plan: "operations/op-1".to_owned(), budget, ..Default::default() };
        assert_eq!(blamed(&server.publications().await.apply_sync(apply).await.unwrap_err()), [field]);
    }
    // One that limits nothing is none.
    let unlimited = v1::DeleteImagesRequest { budget: Some(v1::Budget::default()), ..deletions(1) };
    assert_eq!(metadata(&delete(&server, unlimited).await.unwrap()).budget, None);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_operation_says_so_and_tells_what_was_done() {
    let server = Server::start();
    let waiting = delete(&server, deletions(1)).await.unwrap();
    let begun = delete(&server, deletions(3)).await.unwrap();
    let lease = take(&server, &begun.name).await;
    settle(&server, &lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))]).await;
    server.operations.begin(&lease, &[1]).await.unwrap();
    let mut watch = server.watch().await;
    for name in [&waiting.name, &begun.name] {
        watch.cancel_operation(CancelOperationRequest { name: name.clone() }).await.unwrap();
    }
    let ended = get(&server, &waiting.name).await.unwrap();
    let Some(operation::Result::Error(error)) = &ended.result else { panic!("{ended:?}") };
    assert_eq!((error.code, info(error)), (1, ("OPERATION_CANCELLED".to_owned(), "no".to_owned())));

    let cancelling = get(&server, &begun.name).await.unwrap();
    assert!(!cancelling.done && metadata(&cancelling).cancelling);
    server.operations.finish(&lease, Ending::Cancelled).await.unwrap();
    let ended = get(&server, &begun.name).await.unwrap();
    let Some(operation::Result::Error(error)) = &ended.result else { panic!("{ended:?}") };
    assert_eq!((ended.done, error.code, info(error).1.as_str()), (true, 1, "yes"));
    let partial = metadata(&ended).partial_response.unwrap();
    let partial = v1::DeleteImagesResponse::decode(partial.value.as_slice()).unwrap();
    let [deleted, begun, untouched] = partial.outcomes.try_into().unwrap();
    assert_eq!(deleted.result, Some(v1::deletion_outcome::Result::Deleted(())));
    let Some(v1::deletion_outcome::Result::Error(error)) = begun.result else { panic!("{begun:?}") };
    assert_eq!((info(&error).1.as_str(), untouched.result), ("unknown", None));
    watch.cancel_operation(CancelOperationRequest { name: ended.name }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_failed_tells_why() {
    let server = Server::start();
    let operation = delete(&server, deletions(2)).await.unwrap();
    let lease = take(&server, &operation.name).await;
    let failure = Failure::from(&Error::new(ErrorKind::CredentialRefused, "the token has expired"));
    server.operations.finish(&lease, Ending::Failed(Box::new(failure))).await.unwrap();
    let ended = get(&server, &operation.name).await.unwrap();
    let Some(operation::Result::Error(error)) = &ended.result else { panic!("{ended:?}") };
    assert_eq!((error.code, error.message.as_str()), (Code::FailedPrecondition as i32, "the token has expired"));
    assert_eq!((info(error).0.as_str(), metadata(&ended).state()), ("CREDENTIAL_REFUSED", State::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_operation_or_its_timeout() {
    let server = Server::with(|settings| settings.wait = Duration::from_secs(60));
    let name = delete(&server, deletions(1)).await.unwrap().name;
    let mut watch = server.watch().await;
    let wait = |seconds| WaitOperationRequest {
        name: name.clone(),
        timeout: Some(prost_types::Duration { seconds, nanos: 0 }),
    };
    for (seconds, waited) in [(5, 5), (0, 0), (3600, 60)] {
        let begun = Instant::now();
        let operation = watch.wait_operation(wait(seconds)).await.unwrap().into_inner();
        assert_eq!((operation.done, begun.elapsed().as_secs()), (false, waited));
    }
    let smallest = prost_types::Duration { seconds: i64::MIN, nanos: -999_999_999 };
    for negative in [wait(-1), WaitOperationRequest { name: name.clone(), timeout: Some(smallest) }] {
        assert_eq!(blamed(&watch.wait_operation(negative).await.unwrap_err()), ["timeout"]);
    }
    let begun = Instant::now();
    let request = WaitOperationRequest { name: name.clone(), timeout: None };
    let waiting = tokio::spawn(async move { watch.wait_operation(request).await.unwrap().into_inner() });
    tokio::time::sleep(Duration::from_secs(10)).await;
    let lease = take(&server, &name).await;
    settle(&server, &lease, &[(0, ItemOutcome::Deleted(Confirmed::default()))]).await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    assert!(waiting.await.unwrap().done);
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn operations_are_listed_in_short_newest_first_page_by_page_and_by_whether_they_are_done() {
    let server = Server::start();
    for count in 1..=5 {
        delete(&server, deletions(count)).await.unwrap();
    }
    let lease = take(&server, "operations/op-2").await;
    settle(
        &server,
        &lease,
        &[(0, failed(ErrorKind::ImageInUse, Applied::No)), (1, ItemOutcome::Deleted(Confirmed::default()))],
    )
    .await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    let mut watch = server.watch().await;
    let mut list = async |filter: &str, page_size, page_token: String| {
        let filter = filter.to_owned();
        let request = ListOperationsRequest { filter, page_size, page_token, ..Default::default() };
        watch.list_operations(request).await.map(tonic::Response::into_inner)
    };
    let names = |operations: &[Operation]| -> Vec<String> {
        operations.iter().map(|operation| operation.name.replace("operations/op-", "")).collect()
    };
    let first = list("done=false", 3, String::new()).await.unwrap();
    let second = list(" done = false", 3, first.next_page_token.clone()).await.unwrap();
    assert_eq!(
        (names(&first.operations), names(&second.operations)),
        (vec!["5".to_owned(), "4".to_owned(), "3".to_owned()], vec!["1".to_owned()])
    );
    let [done] = list("done = true", 0, String::new()).await.unwrap().operations.try_into().unwrap();
    assert_eq!((done.name.as_str(), metadata(&done).failures), ("operations/op-2", vec![]));
    assert_eq!(response::<v1::DeleteImagesResponse>(&done, "DeleteImagesResponse").outcomes, []);
    let strayed = list("", 3, first.next_page_token).await.unwrap_err();
    assert_eq!(blamed(&strayed), ["page_token"]);
    assert_eq!(blamed(&list("verb = delete", 0, String::new()).await.unwrap_err()), ["filter"]);
}

#[tokio::test(start_paused = true)]
async fn the_operation_of_another_client_does_not_exist() {
    let server = Server::start();
    let client = ClientId::new("stranger").unwrap();
    let task = Task::Delete(DeleteTask { images: vec![image(0).parse().unwrap()] });
    let foreign = server
        .operations
        .submit(NewOperation { client, task, budget: Budget::default(), request: None })
        .await
        .unwrap();
    let mut watch = server.watch().await;
    for name in [format!("operations/{}", foreign.id), "operations/op-99".to_owned()] {
        let refusals = [
            watch.get_operation(GetOperationRequest { name: name.clone() }).await.unwrap_err(),
            watch.cancel_operation(CancelOperationRequest { name: name.clone() }).await.unwrap_err(),
            watch.delete_operation(DeleteOperationRequest { name: name.clone() }).await.unwrap_err(),
            watch.wait_operation(WaitOperationRequest { name, timeout: None }).await.unwrap_err(),
        ];
        for status in refusals {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "OPERATION_NOT_FOUND"));
        }
    }
    let all = watch.list_operations(ListOperationsRequest::default()).await.unwrap().into_inner();
    assert_eq!(all.operations, []);
    for name in ["", "op-1", "operations/", "operations/a/b", "operation/op-1"] {
        let status = watch.get_operation(GetOperationRequest { name: name.to_owned() }).await.unwrap_err();
        assert_eq!(blamed(&status), ["name"], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_forgotten_once_it_has_ended() {
    let server = Server::start();
    let name = delete(&server, deletions(1)).await.unwrap().name;
    let mut watch = server.watch().await;
    let status = watch.delete_operation(DeleteOperationRequest { name: name.clone() }).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "OPERATION_RUNNING"));
    watch.cancel_operation(CancelOperationRequest { name: name.clone() }).await.unwrap();
    watch.delete_operation(DeleteOperationRequest { name: name.clone() }).await.unwrap();
    assert_eq!(get(&server, &name).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn requests_for_operations_are_checked_item_by_item_before_anything_is_kept() {
    let server = Server::start();
    let mut names = deletions(2);
    names.names[1] = "libraries/alpha/albums/a".to_owned();
    let url = "https://pictures.test/a.png";
    let import_of = |sources: Vec<v1::ImportSource>| v1::ImportImagesRequest { sources, ..Default::default() };
    let classed = v1::ImportSource { image_class: "x".repeat(1_000), ..source(url, "libraries/alpha") };
    let copy = async |validate_only: bool| {
        let request = v1::CopyImagesRequest {
            parent: "libraries/alpha".to_owned(),
            names: deletions(2).names,
            image_class: "HUGE".to_owned(),
            validate_only,
            ..Default::default()
        };
        server.images().await.copy_images(request).await.map(tonic::Response::into_inner)
    };
    let refusals = [
        (delete(&server, deletions(0)).await, "names"),
        (delete(&server, deletions(10_001)).await, "names"),
        (delete(&server, names).await, "names[1]"),
        (import(&server, import_of(vec![])).await, "sources"),
        (import(&server, import_of(vec![source(url, "libraries/alpha"); 1001])).await, "sources"),
        (import(&server, import_of(vec![source(url, "libraries/beta")])).await, "sources[0].parent"),
        (import(&server, import_of(vec![source("ftp://a.test/a.png", "libraries/alpha")])).await, "sources[0].uri"),
        (
            import(&server, import_of(vec![source(url, "libraries/alpha"), classed.clone()])).await,
            "sources[1].image_class",
        ),
        (
            import(&server, v1::ImportImagesRequest { validate_only: true, ..import_of(vec![classed]) }).await,
            "sources[0].image_class",
        ),
        (copy(false).await, "image_class"),
        (copy(true).await, "image_class"),
        (
            import(&server, import_of(vec![source("https://a.test/", "libraries/alpha")])).await,
            "sources[0].display_name",
        ),
    ];
    for (outcome, field) in refusals {
        let status = outcome.unwrap_err();
        assert_eq!((status.code(), blamed(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let missing =
        v1::DeleteImagesRequest { names: vec!["libraries/missing/albums/a/images/b".to_owned()], ..Default::default() };
    assert_eq!(reason(&delete(&server, missing).await.unwrap_err()), "LIBRARY_NOT_FOUND");
    let validated = delete(&server, v1::DeleteImagesRequest { validate_only: true, ..deletions(2) }).await.unwrap();
    assert_eq!((validated.name.as_str(), validated.done), ("", true));
    let outcomes = response::<v1::DeleteImagesResponse>(&validated, "DeleteImagesResponse").outcomes;
    assert_eq!(outcomes, vec![v1::DeletionOutcome::default(); 2]);
    let all = server.watch().await.list_operations(ListOperationsRequest::default()).await.unwrap().into_inner();
    assert_eq!(all.operations, []);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_gets_its_operation_and_ten_thousand_images_fit_into_one() {
    let server = Server::start();
    let request = v1::DeleteImagesRequest { request_id: "a".to_owned(), ..deletions(10_000) };
    let first = delete(&server, request.clone()).await.unwrap();
    assert_eq!(delete(&server, request).await.unwrap().name, first.name);
    let other = v1::DeleteImagesRequest { request_id: "a".to_owned(), ..deletions(2) };
    assert_eq!(reason(&delete(&server, other).await.unwrap_err()), "REQUEST_MISMATCH");
    let lease = take(&server, &first.name).await;
    let long = Error::new(ErrorKind::ProviderRefused, "Ъ".repeat(300)).with_applied(Applied::No);
    let failure = ItemOutcome::Failed(Box::new(Failure::from(&long)));
    let outcomes: Vec<_> = (0..10_000).map(|place| (place, failure.clone())).collect();
    settle(&server, &lease, &outcomes).await;
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();
    let ended = get(&server, &first.name).await.unwrap();
    assert_eq!(metadata(&ended).failures.len(), 100);
    assert!(ended.encoded_len() < 4 << 20, "{} bytes", ended.encoded_len());
}
