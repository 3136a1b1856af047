//! Callers that send nothing, that send too slowly, and that do not read: each is cut off by the server's own limits, and
//! what it held is given back. The limits are the defaults, so that this takes about two minutes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::future::try_join3;
use futures_util::{StreamExt, stream};
use polyptych_crash::process::Process;
use polyptych_proto::v1;
use polyptych_service::picture::Picture;
use polyptych_service::server::{Place, Taken, connect};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use v1::image_service_client::ImageServiceClient;

use crate::row::Row;

/// One row for each kind of caller, and one for what is left.
pub(crate) async fn run(place: &Place) -> Result<Vec<Row>> {
    let emulator = place.emulate().await?;
    let server = place.serve("slow", emulator.address()).await?;
    let picture = Picture::new(1560)?;
    let mut images = ImageServiceClient::new(connect(&server).await?);
    let stored = images.upload_image(stream::iter(picture.upload("facebook", 0))).await.context("no image to read")?;
    let name = stored.into_inner().image.context("an answer without an image")?.name;
    let before = Taken::by(&server)?.sockets;
    let (silent, dripping, unread) =
        try_join3(silent(&server, &picture), dripping(&server, &picture), unread(&server, name)).await?;
    // Connections end in the background.
    let mut after = Taken::by(&server)?.sockets;
    for _ in 0..100 {
        if after <= before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        after = Taken::by(&server)?.sockets;
    }
    Ok(vec![
        Row::at_most("an upload that falls silent is aborted after", silent.as_secs_f64(), 31.0, "s"),
        Row::at_most("an upload of 1 KiB a second is aborted after", dripping.as_secs_f64(), 45.0, "s"),
        Row::at_most("a download that nobody reads is given up after", unread.as_secs_f64(), 62.0, "s"),
        Row::at_most("slow callers: sockets left behind", after.saturating_sub(before) as f64, 0.0, ""),
    ])
}

fn expect(status: Status, code: Code, reason: &str, took: Duration) -> Result<Duration> {
    let told = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    if status.code() != code || told != reason {
        bail!("not {reason} but {status:?}");
    }
    Ok(took)
}

/// Sends a part of a file and no more.
async fn silent(server: &Process, picture: &Picture) -> Result<Duration> {
    let mut images = ImageServiceClient::new(connect(server).await?);
    let part: Vec<_> = picture.upload("facebook", 1).into_iter().take(4).collect();
    let began = Instant::now();
    let answer = images.upload_image(stream::iter(part).chain(stream::pending())).await;
    expect(answer.map(drop).err().context("it was taken")?, Code::Aborted, "UPLOAD_STALLED", began.elapsed())
}

/// Sends a KiB each second.
async fn dripping(server: &Process, picture: &Picture) -> Result<Duration> {
    let mut images = ImageServiceClient::new(connect(server).await?);
    let first = picture.upload("facebook", 2).into_iter().take(2);
    let drip = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let payload = v1::upload_image_request::Payload::Chunk(vec![0; 1024].into());
        Some((v1::UploadImageRequest { payload: Some(payload) }, ()))
    });
    let began = Instant::now();
    let answer = images.upload_image(stream::iter(first).chain(drip)).await;
    expect(answer.map(drop).err().context("it was taken")?, Code::Aborted, "UPLOAD_TOO_SLOW", began.elapsed())
}

/// Asks for a picture, reads its first message and no more: the server closes its connection to the library by itself.
async fn unread(server: &Process, name: String) -> Result<Duration> {
    let mut images = ImageServiceClient::new(connect(server).await?);
    let mut stream = images.download_image(v1::DownloadImageRequest { name }).await?.into_inner();
    stream.message().await?.context("an empty download")?;
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(61)).await;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => bail!("the download ended as if it were whole"),
            Err(status) => break status,
        }
    };
    expect(status, Code::Aborted, "DOWNLOAD_STALLED", began.elapsed())
}
