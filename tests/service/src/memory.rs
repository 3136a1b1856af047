//! Peak memory and throughput of uploads, of a server that has done nothing else.

use std::ops::Range;
use std::time::Instant;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use futures_util::stream;
use polyptych_crash::process::Process;
use polyptych_proto::v1::image_service_client::ImageServiceClient;

use crate::picture::Picture;
use crate::server::{Place, Taken, connect};

/// The callers are one client to the server and would be many elsewhere, so that it may fill the spool alone.
pub const SETTINGS: &str = "\n[server]\nspool_bytes_per_client = 1_073_741_824\n";

/// What a server took for its uploads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The most memory that was resident before the first one, in MiB.
    pub idle: f64,
    /// The most memory that was resident, in MiB.
    pub peak: f64,
    /// MB a second.
    pub rate: f64,
}

/// `total` uploads of a picture to a library of a server of their own, `at_once` of them in parallel, each lane over a
/// connection of its own.
///
/// # Errors
/// If an upload fails.
pub async fn measure(
    place: &Place,
    picture: &Picture,
    library: &str,
    at_once: usize,
    total: usize,
) -> Result<Measured> {
    let emulator = place.emulate().await?;
    let server = place.serve_with(&format!("memory-{library}-{at_once}"), emulator.address(), SETTINGS).await?;
    let idle = Taken::by(&server)?.peak;
    let rate = send(&server, picture, library, 0..total, at_once).await?;
    Ok(Measured { idle, peak: Taken::by(&server)?.peak, rate })
}

/// Sends the pictures of these numbers to a library of a server, `at_once` of them in parallel, each lane over a connection
/// of its own. MB a second; to connect is not in it.
///
/// # Errors
/// If an upload fails.
pub async fn send(
    server: &Process,
    picture: &Picture,
    library: &str,
    numbers: Range<usize>,
    at_once: usize,
) -> Result<f64> {
    let mut channels = Vec::new();
    for _ in 0..at_once {
        channels.push(connect(server).await?);
    }
    let megabytes = (picture.len() * numbers.len()) as f64 / 1e6;
    let began = Instant::now();
    let lanes = channels.into_iter().enumerate().map(|(lane, channel)| {
        let numbers = numbers.clone().skip(lane).step_by(at_once);
        async move {
            for number in numbers {
                let upload = stream::iter(picture.upload(library, number));
                let answer = ImageServiceClient::new(channel.clone()).upload_image(upload).await;
                answer.with_context(|| format!("upload {number} failed"))?;
            }
            anyhow::Ok(())
        }
    });
    try_join_all(lanes).await?;
    Ok(megabytes / began.elapsed().as_secs_f64())
}
