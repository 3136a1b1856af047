//! `PublishService`: what is kept of a publication, and what is refused before anything is.

use polyptych_domain::{
    Blobs, Costs, Ending, Fit, ItemOutcome, OperationFilter, Operations, PageRequest, Plan, Sha256, Task, UploadPolicy,
};
use polyptych_proto::longrunning::{Operation, operation};
use polyptych_proto::v1;
use prost::Message;
use tonic::{Code, Status};
use v1::publish_request::Payload;
use v1::stage_picture_request;

use crate::support::{Server, blamed, png, reason};

fn to(parents: &[&str]) -> v1::PublishMetadata {
    let target = |parent: &&str| v1::PublishTarget { parent: (*parent).to_owned(), ..Default::default() };
    v1::PublishMetadata {
        display_name: "banner.png".to_owned(),
        targets: parents.iter().map(target).collect(),
        ..Default::default()
    }
}

async fn publish(server: &Server, metadata: v1::PublishMetadata, file: &[u8]) -> Result<Operation, Status> {
    let chunks = file.chunks(64 << 10).map(|chunk| Payload::Chunk(chunk.to_vec().into()));
    let messages: Vec<_> = std::iter::once(Payload::Metadata(metadata))
        .chain(chunks)
        .map(|payload| v1::PublishRequest { payload: Some(payload) })
        .collect();
    let answer = server.publications().await.publish(tokio_stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner)
}

async fn kept(server: &Server) -> Vec<polyptych_domain::Operation> {
    let page = PageRequest { size: 10, after: None };
    server.operations.list(&OperationFilter::default(), &page).await.unwrap().items
}

#[tokio::test(start_paused = true)]
async fn a_publication_is_kept_with_its_picture_and_answered_at_once() {
    let server = Server::start();
    let file = png(400, 300);
    let metadata = v1::PublishMetadata {
        policy: v1::UploadPolicy::Verify.into(),
        ..to(&["libraries/alpha", "libraries/beta/albums/a%2Fb", "libraries/alpha"])
    };
    let operation = publish(&server, metadata, &file).await.unwrap();
    assert_eq!((operation.name.as_str(), operation.done, operation.result), ("operations/op-1", false, None));
    let told = v1::OperationMetadata::decode(operation.metadata.unwrap().value.as_slice()).unwrap();
    assert_eq!((told.verb.as_str(), told.state()), ("publish", v1::operation_metadata::State::Pending));
    assert_eq!(told.progress.unwrap().total, 3);
    let [operation] = kept(&server).await.try_into().unwrap();
    let Task::Publish(task) = operation.task else { panic!("{:?}", operation.task) };
    let albums: Vec<_> = task.targets.iter().map(|target| target.album.to_string()).collect();
    let alpha = "libraries/alpha/albums/self";
    assert_eq!(albums, [alpha, "libraries/beta/albums/a%2Fb", alpha]);
    assert_eq!((task.sha256, task.len, task.name.as_str()), (Sha256::of(&file), file.len() as u64, "banner.png"));
    assert!(matches!(task.terms.fit, Fit::Contain { .. }) && task.terms.policy == UploadPolicy::Verify);
    let content = server.blobs.open(&Sha256::of(&file)).await.unwrap();
    assert_eq!(content.source().read().unwrap(), file);
    assert_eq!(server.spooled(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_gets_the_operation_of_the_first_request() {
    let server = Server::start();
    let metadata = v1::PublishMetadata { request_id: "a".to_owned(), ..to(&["libraries/alpha"]) };
    let file = png(40, 30);
    let first = publish(&server, metadata.clone(), &file).await.unwrap();
    assert_eq!(publish(&server, metadata.clone(), &file).await.unwrap().name, first.name);
    let status = publish(&server, metadata, &png(30, 40)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "REQUEST_MISMATCH"));
    assert_eq!(kept(&server).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_metadata_is_refused_for_blames_its_field_and_keeps_nothing() {
    let server = Server::start();
    let many = vec!["libraries/alpha"; 1001];
    let policy = v1::PublishMetadata { policy: 17, ..to(&["libraries/alpha"]) };
    let fit = v1::PublishMetadata { fit: Some(v1::Fit::default()), ..to(&["libraries/alpha"]) };
    let budget = Some(v1::Budget { max_points: Some(-1), max_calls: None });
    let budget = v1::PublishMetadata { budget, ..to(&["libraries/alpha"]) };
    let nameless = v1::PublishMetadata { display_name: " ".to_owned(), ..to(&["libraries/alpha"]) };
    for (metadata, field) in [
        (to(&[]), "metadata.targets"),
        (to(&many), "metadata.targets"),
        (to(&["libraries/alpha", "alpha"]), "metadata.targets[1].parent"),
        (to(&["libraries/beta"]), "metadata.targets[0].parent"),
        (policy, "metadata.policy"),
        (fit, "metadata.fit.mode"),
        (budget, "metadata.budget.max_points"),
        (nameless, "metadata.display_name"),
    ] {
        let status = publish(&server, metadata, &png(4, 4)).await.unwrap_err();
        assert_eq!((status.code(), blamed(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let status = publish(&server, to(&["libraries/missing"]), &png(4, 4)).await.unwrap_err();
    assert_eq!(reason(&status), "LIBRARY_NOT_FOUND");
    let status = publish(&server, to(&["libraries/alpha"]), &[]).await.unwrap_err();
    assert_eq!(reason(&status), "EMPTY_IMAGE");
    assert_eq!((kept(&server).await.len(), server.spooled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_validated_publication_tells_for_each_target_what_would_be_sent() {
    let server = Server::start();
    let mut metadata = v1::PublishMetadata { validate_only: true, ..to(&["libraries/alpha", "libraries/gamma"]) };
    metadata.targets[1].image_class = "NONE".to_owned();
    let operation = publish(&server, metadata, &png(1000, 10)).await.unwrap();
    assert_eq!((operation.name.as_str(), operation.done), ("", true));
    let Some(operation::Result::Response(response)) = operation.result else { panic!("{operation:?}") };
    assert_eq!(response.type_url, "type.googleapis.com/polyptych.v1.PublishResponse");
    let response = v1::PublishResponse::decode(response.value.as_slice()).unwrap();
    let [fitted, refused] = response.outcomes.try_into().unwrap();
    let Some(v1::upload_outcome::Result::Upload(answer)) = fitted.result else { panic!("{fitted:?}") };
    assert_eq!(answer.check.unwrap().plan.unwrap().image_class, "SMALL");
    let Some(v1::upload_outcome::Result::Error(error)) = refused.result else { panic!("{refused:?}") };
    assert_eq!((refused.parent.as_str(), error.code), ("libraries/gamma/albums/self", Code::InvalidArgument as i32));
    assert_eq!((kept(&server).await.len(), server.spooled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_plan_is_the_first_one_even_if_its_files_are_not_kept_any_more() {
    let server = Server::start();
    let file = png(40, 30);
    let messages = [
        stage_picture_request::Payload::Metadata(v1::StagePictureMetadata::default()),
        stage_picture_request::Payload::Chunk(file.into()),
    ]
    .map(|payload| v1::StagePictureRequest { payload: Some(payload) });
    let mut client = server.publications().await;
    let sha256 = client.stage_picture(tokio_stream::iter(messages)).await.unwrap().into_inner().sha256;
    let picture = v1::SyncPicture {
        key: "a".to_owned(),
        display_name: "a.png".to_owned(),
        source: Some(v1::sync_picture::Source::Sha256(sha256)),
        ..Default::default()
    };
    let wish = v1::SyncWish { key: "a".to_owned(), ..Default::default() };
    let album = v1::SyncAlbum { parent: "libraries/alpha".to_owned(), pictures: vec![wish], delete_others: false };
    let manifest = v1::SyncManifest { pictures: vec![picture], albums: vec![album] };
    let plan = |id: &str| v1::PlanSyncRequest { manifest: Some(manifest.clone()), request_id: id.to_owned() };
    let first = client.plan_sync(plan("a")).await.unwrap().into_inner();
    // The first collection leaves what is fresh.
    server.blobs.collect(&[]);
    server.blobs.collect(&[]);
    let status = client.plan_sync(plan("b")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "PICTURE_NOT_STAGED"));
    assert_eq!(client.plan_sync(plan("a")).await.unwrap().into_inner(), first);
    let other = v1::PlanSyncRequest { manifest: Some(v1::SyncManifest::default()), ..plan("a") };
    let status = client.plan_sync(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "REQUEST_MISMATCH"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_applied_again_is_answered_even_if_it_is_gone() {
    let server = Server::start();
    let album = v1::SyncAlbum { parent: "libraries/alpha".to_owned(), delete_others: true, ..Default::default() };
    let uri = Some(v1::sync_picture::Source::Uri("https://pictures.test/a.png".to_owned()));
    let picture = v1::SyncPicture { key: "a".to_owned(), source: uri, ..Default::default() };
    let wish = v1::SyncWish { key: "a".to_owned(), ..Default::default() };
    let album = v1::SyncAlbum { pictures: vec![wish], ..album };
    let manifest = v1::SyncManifest { pictures: vec![picture], albums: vec![album] };
    let mut client = server.publications().await;
    let request = v1::PlanSyncRequest { manifest: Some(manifest), ..Default::default() };
    let planned = client.plan_sync(request).await.unwrap().into_inner().name;
    let [operation] = kept(&server).await.try_into().unwrap();
    let Task::Plan(task) = &operation.task else { panic!("{:?}", operation.task) };
    let made = Plan {
        manifest: task.manifest.clone(),
        fetched: Default::default(),
        steps: Vec::new(),
        kept: Vec::new(),
        objections: Vec::new(),
        albums: Vec::new(),
        costs: Default::default(),
    };
    let (lease, _) = server.operations.take(&operation.id).await.unwrap().unwrap();
    server.operations.settle(&lease, &[(0, ItemOutcome::Planned(Box::new(made)))], &Costs::new()).await.unwrap();
    server.operations.finish(&lease, Ending::Succeeded).await.unwrap();

    let apply =
        |id: &str| v1::ApplySyncRequest { plan: planned.clone(), request_id: id.to_owned(), ..Default::default() };
    let first = client.apply_sync(apply("b")).await.unwrap().into_inner();
    server.operations.remove(&operation.id).await.unwrap();
    assert_eq!(client.apply_sync(apply("c")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.apply_sync(apply("b")).await.unwrap().into_inner(), first);
}
