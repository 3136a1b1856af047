//! Requests that are repeated by their id, and requests that are only to be validated.

use std::sync::atomic::Ordering;

use polyptych_domain::{Applied, Error, ErrorKind};
use polyptych_proto::v1;
use tonic::{Code, Status};

use crate::support::{Server, blamed, messages, metadata, png, reason, settled};

fn with_id(id: &str) -> v1::UploadImageMetadata {
    v1::UploadImageMetadata {
        request_id: id.to_owned(),
        policy: v1::UploadPolicy::Force.into(),
        ..metadata("libraries/alpha")
    }
}

async fn upload(
    server: &Server,
    metadata: v1::UploadImageMetadata,
    file: &[u8],
) -> Result<v1::UploadImageResponse, Status> {
    let answer = server.images().await.upload_image(messages(metadata, file)).await;
    answer.map(tonic::Response::into_inner)
}

fn stored(server: &Server) -> usize {
    server.library.stored.lock().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_repeated_upload_gets_the_first_answer_and_is_not_sent() {
    let server = Server::start();
    let file = png(40, 30);
    let first = upload(&server, with_id("a"), &file).await.unwrap();
    assert_eq!(upload(&server, with_id("a"), &file).await.unwrap(), first);
    assert_eq!(stored(&server), 1);
    upload(&server, with_id("b"), &file).await.unwrap();
    assert_eq!(stored(&server), 2);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_used_for_something_else_is_refused() {
    let server = Server::start();
    upload(&server, with_id("a"), &png(40, 30)).await.unwrap();
    let other = v1::UploadImageMetadata { display_name: "other.png".to_owned(), ..with_id("a") };
    let refusals = [
        upload(&server, with_id("a"), &png(41, 30)).await.unwrap_err(),
        upload(&server, other, &png(40, 30)).await.unwrap_err(),
    ];
    for status in refusals {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "REQUEST_MISMATCH"));
        assert_eq!(blamed(&status), ["request_id"]);
    }
    assert_eq!(stored(&server), 1);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_id_is_refused_before_the_file_has_come() {
    let server = Server::start();
    for id in ["a b", "ключ", &"x".repeat(129)] {
        let status = upload(&server, with_id(id), &[]).await.unwrap_err();
        assert_eq!(blamed(&status), ["metadata.request_id"], "{id}");
        let delete = v1::DeleteImageRequest { request_id: id.to_owned(), ..Default::default() };
        let status = server.images().await.delete_image(delete).await.unwrap_err();
        assert_eq!(blamed(&status), ["request_id"], "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_first_one_is_at_work_a_repetition_is_told_to_come_back() {
    let server = Server::start();
    server.library.hang();
    let mut client = server.images().await;
    let first = tokio::spawn(async move { client.upload_image(messages(with_id("a"), &png(40, 30))).await });
    settled().await;
    let status = upload(&server, with_id("a"), &png(40, 30)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "REQUEST_RUNNING"));
    server.library.release();
    first.await.unwrap().unwrap();
    assert_eq!(server.library.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_failed_or_was_broken_off_is_carried_out_by_its_repetition() {
    let server = Server::start();
    let file = png(40, 30);
    server.library.fail(|| Error::new(ErrorKind::ProviderUnavailable, "down").with_applied(Applied::No));
    upload(&server, with_id("a"), &file).await.unwrap_err();
    server.library.mend();
    server.library.hang();
    let mut client = server.images().await;
    let gone = {
        let file = file.clone();
        tokio::spawn(async move { client.upload_image(messages(with_id("a"), &file)).await })
    };
    settled().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    settled().await;
    server.library.mend();
    upload(&server, with_id("a"), &file).await.unwrap();
    assert_eq!(stored(&server), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_deletion_is_not_told_that_the_image_is_gone() {
    let server = Server::start();
    server.library.put("a", "b");
    let name = "libraries/alpha/albums/a/images/b".to_owned();
    let request = v1::DeleteImageRequest { name, request_id: "a".to_owned(), validate_only: false };
    let mut client = server.images().await;
    client.delete_image(request.clone()).await.unwrap();
    client.delete_image(request.clone()).await.unwrap();
    let status = client.delete_image(v1::DeleteImageRequest { request_id: "b".to_owned(), ..request }).await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_validated_upload_tells_what_would_be_sent_and_sends_nothing() {
    let server = Server::start();
    let validated = |metadata| v1::UploadImageMetadata { validate_only: true, request_id: "a".to_owned(), ..metadata };
    let suited = validated(metadata("libraries/alpha"));
    let answer = upload(&server, suited, &png(40, 30)).await.unwrap();
    let check = answer.check.unwrap();
    assert_eq!((answer.image, check.image_classes), (None, vec!["SMALL".to_owned()]));
    let status = upload(&server, validated(metadata("libraries/alpha")), &png(1000, 10)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "RULES_VIOLATED"));
    let mode = Some(v1::fit::Mode::Contain(v1::fit::Contain::default()));
    let fit = Some(v1::Fit { mode, ..Default::default() });
    let fitted = validated(v1::UploadImageMetadata { fit, ..metadata("libraries/alpha") });
    let plan = upload(&server, fitted, &png(1000, 10)).await.unwrap().check.unwrap().plan.unwrap();
    assert_eq!(plan.image_class, "SMALL");
    let status = upload(&server, validated(metadata("libraries/alpha")), b"not an image").await.unwrap_err();
    assert_eq!((reason(&status).as_str(), blamed(&status)), ("NOT_AN_IMAGE", vec!["chunk".to_owned()]));
    let name = "libraries/alpha/albums/a/images/b".to_owned();
    let request = v1::DeleteImageRequest { name, request_id: String::new(), validate_only: true };
    server.images().await.delete_image(request).await.unwrap();
    assert_eq!(server.library.calls.load(Ordering::SeqCst), 0);
}
