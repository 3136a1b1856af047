//! `PublishService`: what is kept of a publication, and what is refused before anything is.

use polyptych_domain::{Blobs, Fit, OperationFilter, Operations, PageRequest, Sha256, Task, UploadPolicy};
use polyptych_proto::longrunning::{Operation, operation};
use polyptych_proto::v1;
use prost::Message;
use tonic::{Code, Status};
use v1::publish_request::Payload;

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
    let nameless = v1::PublishMetadata { display_name: " ".to_owned(), ..to(&["libraries/alpha"]) };
    for (metadata, field) in [
        (to(&[]), "metadata.targets"),
        (to(&many), "metadata.targets"),
        (to(&["libraries/alpha", "alpha"]), "metadata.targets[1].parent"),
        (to(&["libraries/beta"]), "metadata.targets[0].parent"),
        (policy, "metadata.policy"),
        (fit, "metadata.fit.mode"),
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
