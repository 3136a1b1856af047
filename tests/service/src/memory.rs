//! Peak memory of parallel uploads of 10 MB, and their throughput against that of eight.

use std::time::Instant;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use futures_util::stream;
use polyptych_proto::v1::image_service_client::ImageServiceClient;

use crate::picture::Picture;
use crate::row::Row;
use crate::server::{Place, Taken, connect};

/// Uploads that are compared with.
const FEW: usize = 8;

/// The callers are one client to the server and would be many elsewhere, so that it may fill the spool alone.
const SETTINGS: &str = "\n[server]\nspool_bytes_per_client = 1_073_741_824\n";

/// One server for each number of uploads.
pub(crate) async fn run(place: &Place, uploads: usize) -> Result<Vec<Row>> {
    let picture = Picture::new(1560)?;
    let megabytes = picture.len() as f64 / 1e6;
    println!("uploads of {megabytes:.1} MB");
    let few = measure(place, &picture, FEW, uploads).await?;
    let many = measure(place, &picture, uploads, uploads).await?;
    println!("idle: {:.0} MiB; {FEW} at once: {:.0} MiB, {:.0} MB/s", few.idle, few.peak, few.rate);
    println!("idle: {:.0} MiB; {uploads} at once: {:.0} MiB, {:.0} MB/s", many.idle, many.peak, many.rate);
    Ok(vec![
        Row::at_most(format!("{uploads} parallel uploads of 10 MB: peak RSS"), many.peak, 160.0, "MiB"),
        Row::at_least(
            format!("{uploads} parallel uploads: throughput of that of {FEW}"),
            many.rate / few.rate,
            0.5,
            "",
        ),
    ])
}

struct Measured {
    idle: f64,
    peak: f64,
    /// MB a second.
    rate: f64,
}

/// `total` uploads, `at_once` of them in parallel, each lane over a connection of its own.
async fn measure(place: &Place, picture: &Picture, at_once: usize, total: usize) -> Result<Measured> {
    let emulator = place.emulate().await?;
    let server = place.serve_with(&format!("memory-{at_once}"), emulator.address(), SETTINGS).await?;
    let idle = Taken::by(&server)?.peak;
    let mut channels = Vec::new();
    for _ in 0..at_once {
        channels.push(connect(&server).await?);
    }
    let began = Instant::now();
    let lanes = channels.into_iter().enumerate().map(|(lane, channel)| async move {
        for number in (lane..total).step_by(at_once) {
            let upload = stream::iter(picture.upload("facebook", number));
            let answer = ImageServiceClient::new(channel.clone()).upload_image(upload).await;
            answer.with_context(|| format!("upload {number} failed"))?;
        }
        anyhow::Ok(())
    });
    try_join_all(lanes).await?;
    let seconds = began.elapsed().as_secs_f64();
    let rate = (picture.len() * total) as f64 / 1e6 / seconds;
    Ok(Measured { idle, peak: Taken::by(&server)?.peak, rate })
}
