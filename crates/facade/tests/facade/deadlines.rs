//! Deadlines: what a caller is told, and that the work is dropped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use polyptych_proto::v1;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Status};

use crate::support::{Server, chunk, fact, first, messages, metadata, png, reason, settled};

fn within<T>(timeout: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
    request
}

fn get() -> v1::GetImageRequest {
    v1::GetImageRequest { name: "libraries/alpha/albums/a/images/b".to_owned() }
}

fn check(status: &Status, applied: &str, album: &str) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert_eq!(fact(status, "applied").as_deref(), Some(applied));
    assert_eq!(["provider", "library", "album"].map(|key| fact(status, key).unwrap()), ["evotor", "alpha", album]);
}

#[tokio::test(start_paused = true)]
async fn a_read_past_its_deadline_is_dropped_with_nothing_applied() {
    let server = Server::start();
    server.library.hang();
    let begun = Instant::now();
    let status = server.images().await.get_image(within("7S", get())).await.unwrap_err();
    check(&status, "no", "a");
    assert_eq!(begun.elapsed().as_secs(), 7);
    settled().await;
    assert_eq!(server.library.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_past_its_deadline_may_have_been_applied() {
    let server = Server::start();
    server.library.hang();
    let mut client = server.images().await;
    let name = get().name;
    let status =
        client.delete_image(within("300m", v1::DeleteImageRequest { name, ..Default::default() })).await.unwrap_err();
    check(&status, "unknown", "a");
    let upload = within("2S", messages(metadata("libraries/alpha"), &png(400, 400)));
    let status = client.upload_image(upload).await.unwrap_err();
    check(&status, "unknown", "self");
    settled().await;
    assert_eq!((server.library.dropped.load(Ordering::SeqCst), server.spooled()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_has_not_fully_come_by_its_deadline_has_changed_nothing() {
    let server = Server::start();
    let (sender, receiver) = mpsc::unbounded_channel();
    sender.send(first(metadata("libraries/alpha"))).unwrap();
    sender.send(chunk(&[1; 400_000])).unwrap();
    let upload = within("5S", UnboundedReceiverStream::new(receiver));
    let status = server.images().await.upload_image(upload).await.unwrap_err();
    check(&status, "no", "self");
    settled().await;
    assert_eq!((server.library.calls.load(Ordering::SeqCst), server.spooled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_kept_changes_nothing() {
    let server = Server::start();
    server.library.put("a", "b");
    let image = server.images().await.get_image(within("1S", get())).await.unwrap().into_inner();
    assert_eq!(image.uid, "b");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_when_the_call_comes_is_told_and_nothing_is_done() {
    let server = Server::start();
    server.library.put("a", "b");
    for timeout in ["0n", "0S"] {
        let status = server.images().await.get_image(within(timeout, get())).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    }
    assert_eq!(server.library.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_deadline_is_refused_not_ignored() {
    let server = Server::start();
    let mut client = server.images().await;
    for timeout in ["soon", "5", "123456789S"] {
        let status = client.get_image(within(timeout, get())).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_ARGUMENT"));
    }
    assert_eq!(server.library.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_a_call_waits_for_the_library() {
    let server = Server::with(|settings| settings.connection_age = None);
    server.library.hang();
    let mut client = server.images().await;
    let call = tokio::spawn(async move { client.get_image(get()).await });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!call.is_finished());
}
