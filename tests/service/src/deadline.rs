//! A deadline of 100 ms while the provider stalls: what the caller is told, when, and what is left open at the provider.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::stream;
use polyptych_proto::v1;
use polyptych_service::picture::Picture;
use polyptych_service::server::{ACCOUNT, Place};
use polyptych_service::{Wire, origin};
use tonic::{Code, Request, Status};
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;

use crate::row::Row;
use crate::stall::Stalled;

const KINDS: [&str; 7] =
    ["GetImage", "ListImages", "ListAlbums", "DeleteImage", "UploadImage", "StreamImages", "DownloadImage"];

/// One row for each kind of call, and one for what is left open.
pub(crate) async fn run(place: &Place, calls: usize) -> Result<Vec<Row>> {
    let stalled = Stalled::start().await?;
    let server = place.serve("deadline", stalled.address()).await?;
    let channel = Wire::connect(server.address()).await?;
    let picture = Picture::new(300)?;
    // A first call makes what later ones find made.
    call(&channel, "ListImages", &picture, 0).await?;
    let mut rows = Vec::new();
    let before = stalled.seen();
    for kind in KINDS {
        let mut slowest = Duration::ZERO;
        for number in 0..calls {
            slowest = slowest.max(call(&channel, kind, &picture, number).await?);
        }
        rows.push(Row::at_most(format!("deadline 100 ms, {kind}, slowest of {calls}"), millis(slowest), 120.0, "ms"));
    }
    let (after, left) = stalled.quiet().await;
    let seen = stalled.seen() - before;
    rows.push(Row::at_least("deadline: connections to the provider", seen as f64, calls as f64, ""));
    rows.push(Row::at_most("deadline: of those left open", left as f64, 0.0, ""));
    rows.push(Row::at_most("deadline: the last one closed after the answer within", millis(after), 1000.0, "ms"));
    Ok(rows)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn soon<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", tonic::metadata::MetadataValue::from_static("100m"));
    request
}

/// Makes a call and tells when it was answered.
async fn call(channel: &Wire, kind: &str, picture: &Picture, number: usize) -> Result<Duration> {
    let upload = picture.upload("facebook", number);
    let began = Instant::now();
    let status = answer(channel, kind, upload).await;
    let took = began.elapsed();
    match status {
        Err(status) if status.code() == Code::DeadlineExceeded => Ok(took),
        other => bail!("{kind} was answered {other:?}"),
    }
}

async fn answer(channel: &Wire, kind: &str, upload: Vec<v1::UploadImageRequest>) -> Result<(), Status> {
    let mut images = ImageServiceClient::with_origin(channel.clone(), origin());
    let parent = "libraries/facebook".to_owned();
    let name = format!("{parent}/albums/{ACCOUNT}/images/{}", "0".repeat(32));
    match kind {
        "GetImage" => images.get_image(soon(v1::GetImageRequest { name })).await.map(drop),
        "ListImages" => {
            images.list_images(soon(v1::ListImagesRequest { parent, ..Default::default() })).await.map(drop)
        }
        "ListAlbums" => {
            let request = v1::ListAlbumsRequest { parent, ..Default::default() };
            LibraryServiceClient::with_origin(channel.clone(), origin()).list_albums(soon(request)).await.map(drop)
        }
        "DeleteImage" => {
            images.delete_image(soon(v1::DeleteImageRequest { name, ..Default::default() })).await.map(drop)
        }
        "UploadImage" => images.upload_image(soon(stream::iter(upload))).await.map(drop),
        "StreamImages" => {
            let request = v1::StreamImagesRequest { parent, ..Default::default() };
            images.stream_images(soon(request)).await?.into_inner().message().await.map(drop)
        }
        _ => {
            images.download_image(soon(v1::DownloadImageRequest { name })).await?.into_inner().message().await.map(drop)
        }
    }
}
