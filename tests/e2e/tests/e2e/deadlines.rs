//! A call whose deadline passes while the provider stalls is answered so, and ends at the provider, too: of each kind of
//! method, and whether or not its caller still listens.

use std::time::Duration;

use futures_util::stream;
use image::ImageFormat;
use polyptych::proto::v1;
use polyptych_e2e::stalled::Stalled;
use polyptych_e2e::{Refusal, messages, picture, to};
use polyptych_service::{Wire, origin};
use tonic::{Code, Request, Status};
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;

const IMAGE: &str = "libraries/facebook/albums/1000000001/images/0123456789abcdef0123456789abcdef";

/// A request that names a deadline; its client sets no timer of its own.
fn soon<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", "100m".parse().unwrap());
    request
}

/// What one kind of call is told when its time is over.
async fn call(kind: &str, stalled: &Stalled) -> Status {
    let wire = Wire::connect(&stalled.address).await.unwrap();
    let mut images = ImageServiceClient::with_origin(wire.clone(), origin());
    let parent = "libraries/facebook".to_owned();
    let name = IMAGE.to_owned();
    match kind {
        "list" => images
            .list_images(soon(v1::ListImagesRequest { parent, ..Default::default() }))
            .await
            .map(drop)
            .unwrap_err(),
        "delete" => {
            let request = v1::DeleteImageRequest { name, ..Default::default() };
            images.delete_image(soon(request)).await.map(drop).unwrap_err()
        }
        "albums" => {
            let request = v1::ListAlbumsRequest { parent, ..Default::default() };
            let mut libraries = LibraryServiceClient::with_origin(wire, origin());
            libraries.list_albums(soon(request)).await.map(drop).unwrap_err()
        }
        "upload" => {
            let upload = messages(to("facebook", "a.jpg"), picture(600, 450, ImageFormat::Jpeg));
            images.upload_image(soon(stream::iter(upload))).await.map(drop).unwrap_err()
        }
        "stream" => {
            let request = v1::StreamImagesRequest { parent, ..Default::default() };
            match images.stream_images(soon(request)).await {
                Ok(batches) => batches.into_inner().message().await.map(drop).unwrap_err(),
                Err(status) => status,
            }
        }
        _ => images.download_image(soon(v1::DownloadImageRequest { name })).await.map(drop).unwrap_err(),
    }
}

#[tokio::test]
async fn a_deadline_is_told_and_closes_the_connection_to_the_provider() {
    for (kind, applied) in [
        ("list", "no"),
        ("albums", "no"),
        ("stream", "no"),
        ("download", "no"),
        ("delete", "unknown"),
        ("upload", "unknown"),
    ] {
        let mut stalled = Stalled::start().await;
        let refusal = Refusal::of(&call(kind, &stalled).await);
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"), "{kind}");
        assert_eq!((refusal.get("library"), refusal.get("applied")), ("facebook", applied), "{kind}");
        // Where the deadline came before the call reached the provider, there is no connection to end.
        let reached = stalled.emulator.journal().len();
        let ends = stalled.ended.wait_for(|count| *count >= reached);
        assert!(tokio::time::timeout(Duration::from_secs(60), ends).await.is_ok(), "{kind}: a connection stays open");
    }
}
