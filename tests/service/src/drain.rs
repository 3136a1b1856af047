//! SIGTERM with 200 calls in flight: each that was taken is answered, and the program ends by itself.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use futures_util::stream;
use polyptych_crash::emulator::Control;
use polyptych_proto::v1;
use polyptych_service::picture::Picture;
use polyptych_service::server::{Place, connect};
use serde_json::json;
use tokio::process::Command;
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;

use crate::row::Row;

const CALLS: usize = 200;

/// Calls of one connection; a server takes 128 by default.
const PER_CONNECTION: usize = 50;

/// How long the provider takes for each.
const LATENCY: u64 = 4000;

/// How many failed, and how long the end took.
pub(crate) async fn run(place: &Place) -> Result<Vec<Row>> {
    let emulator = place.emulate().await?;
    let control = Control::new(emulator.address());
    control.setup(&json!({ "latency": [{ "millis": LATENCY }] })).await?;
    let mut server = place.serve("drain", emulator.address()).await?;
    let picture = Picture::new(300)?;
    let mut calls = Vec::new();
    for number in 0..CALLS {
        if number % PER_CONNECTION == 0 {
            calls.push((connect(&server).await?, Vec::new()));
        }
        calls.last_mut().context("a connection")?.1.push(number);
    }
    let running: Vec<_> = calls
        .into_iter()
        .flat_map(|(channel, numbers)| numbers.into_iter().map(move |number| (channel.clone(), number)))
        .map(|(channel, number)| {
            let picture = picture.clone();
            tokio::spawn(async move {
                let mut images = ImageServiceClient::new(channel.clone());
                let parent = "libraries/facebook".to_owned();
                match number % 4 {
                    0 => images.upload_image(stream::iter(picture.upload("facebook", number))).await.map(drop),
                    1 => images.list_images(v1::ListImagesRequest { parent, ..Default::default() }).await.map(drop),
                    2 => {
                        let request = v1::ListAlbumsRequest { parent, ..Default::default() };
                        LibraryServiceClient::new(channel).list_albums(request).await.map(drop)
                    }
                    _ => {
                        let request = v1::StreamImagesRequest { parent, ..Default::default() };
                        let mut batches = images.stream_images(request).await?.into_inner();
                        while batches.message().await?.is_some() {}
                        Ok(())
                    }
                }
            })
        })
        .collect();
    let began = Instant::now();
    while control.requests().await? < CALLS as u64 {
        if began.elapsed() > Duration::from_secs(30) {
            bail!("only {} of {CALLS} calls come to the provider", control.requests().await?);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = server.id().context("the server has ended")?;
    let asked = Instant::now();
    let sent = Command::new("kill").args(["-TERM", &id.to_string()]).status().await.context("cannot send a signal")?;
    if !sent.success() {
        bail!("the signal was not sent");
    }
    let ended = server.ended(Duration::from_secs(60)).await?;
    let took = asked.elapsed();
    let outcomes = join_all(running).await;
    let failed: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            Ok(answer) => answer.err(),
            Err(panic) => Some(tonic::Status::internal(panic.to_string())),
        })
        .collect();
    if let Some(status) = failed.first() {
        println!("a call failed while the server drained: {status:?}");
    }
    Ok(vec![
        Row::at_most(format!("SIGTERM with {CALLS} calls in flight: calls that fail"), failed.len() as f64, 0.0, ""),
        Row::at_most("SIGTERM: exit after", took.as_secs_f64(), 30.0, "s"),
        Row::at_least(
            "SIGTERM: exit status is 0",
            f64::from(u8::from(ended.is_some_and(|status| status.success()))),
            1.0,
            "",
        ),
    ])
}
