//! How the emulated set-up ends: a call in progress still has its provider.

use futures_util::{StreamExt, stream};
use polyptych::emulated::{self, Running};
use polyptych::proto::v1;
use tokio::sync::oneshot;
use tonic::transport::Channel;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use v1::image_service_client::ImageServiceClient;
use v1::upload_image_request::Payload;

const PICTURE: &[u8] = include_bytes!("../../pictures/mark.png");

fn message(payload: Payload) -> v1::UploadImageRequest {
    v1::UploadImageRequest { payload: Some(payload) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_in_progress_ends_well_before_the_emulator_does() {
    let any = "127.0.0.1:0".parse().unwrap();
    let running = Running::start(any, any, emulated::settings()).await.unwrap();
    let facade = format!("http://{}", running.facade());
    let channel = Channel::from_shared(facade).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    // The client has sent the first chunk once it asks for the next.
    let (begun_sender, begun) = oneshot::channel();
    let (go_on, asked) = oneshot::channel::<()>();
    let metadata = v1::UploadImageMetadata {
        parent: "libraries/facebook".to_owned(),
        display_name: "mark.png".to_owned(),
        ..Default::default()
    };
    let first =
        stream::iter([message(Payload::Metadata(metadata)), message(Payload::Chunk(PICTURE[..1000].to_vec().into()))]);
    let rest = stream::once(async move {
        begun_sender.send(()).unwrap();
        asked.await.unwrap();
        message(Payload::Chunk(PICTURE[1000..].to_vec().into()))
    });
    let upload = tokio::spawn(async move { ImageServiceClient::new(channel).upload_image(first.chain(rest)).await });
    begun.await.unwrap();
    // What was sent on the connection before this call has been received once it is answered.
    health.check(HealthCheckRequest::default()).await.unwrap();

    let stopped = tokio::spawn(running.stop());
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watched, health));
    go_on.send(()).unwrap();
    let uploaded = upload.await.unwrap().unwrap().into_inner();
    assert!(uploaded.image.unwrap().name.starts_with("libraries/facebook/albums/1000000001/images/"));
    stopped.await.unwrap().unwrap();
}
