//! A list of 10,000 images, streamed by the façade in batches: when the first batch is there, when all are, and how long
//! the same takes page by page.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use polyptych_crash::emulator::Control;
use polyptych_proto::v1;
use polyptych_service::server::connect;
use serde_json::json;
use tonic::transport::Channel;
use v1::image_service_client::ImageServiceClient;

use crate::load::server::{LIBRARY, Tells, World};
use crate::row::{Bound, Of, Row, Spread, ratios};

const GROUP: &str = "listing";

/// The advertiser whose images are listed.
const LOGIN: &str = "shop";

const IMAGES: usize = 10_000;

/// The rows.
pub(crate) async fn run(world: &World, rounds: usize) -> Result<Vec<Row>> {
    let control = Control::new(world.emulator().address());
    let images = json!({ "library": "yandex", "album": LOGIN, "count": IMAGES });
    // Points are not what is measured here.
    let points = json!({ "yandex": { "daily_points": 1_000_000_000, "points_left": { LOGIN: 1_000_000_000 } } });
    control.setup(&json!({ "images": [images], "quotas": points })).await?;
    let facade = world.serve(Tells::ALL).await?;
    let mut client = ImageServiceClient::new(connect(&facade).await?);
    let (mut first, mut whole, mut paged) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let (batch, all) = streamed(world, &mut client).await?;
        let pages = by_pages(world, &mut client).await?;
        // The first round makes connections.
        if round > 0 {
            first.push(batch);
            whole.push(all);
            paged.push(pages);
        }
    }
    let of = |samples: &[f64]| Spread::of(samples).context("no round");
    let row = |figure: &str, streamed: &[f64]| -> Result<Row> {
        let row = Row::new(GROUP, format!("list 10,000 images, streamed: {figure}"), of(streamed)?, "ms");
        Ok(row.beside("all pages of 1,000", of(&paged)?, of(&ratios(streamed, &paged))?.median))
    };
    Ok(vec![row("first batch of 500", &first)?.goal(Of::This, Bound::AtMost(3.0)), row("all", &whole)?])
}

/// The album of that advertiser.
fn parent() -> String {
    format!("{LIBRARY}/albums/{LOGIN}")
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// When the first batch and when all were there, in milliseconds.
async fn streamed(world: &World, client: &mut ImageServiceClient<Channel>) -> Result<(f64, f64)> {
    let request = v1::StreamImagesRequest { parent: parent(), ..Default::default() };
    let began = Instant::now();
    let mut batches = client.stream_images(world.signed(request)?).await.context("no stream")?.into_inner();
    let (mut first, mut images) = (None, 0);
    while let Some(batch) = batches.message().await? {
        first.get_or_insert_with(|| millis(began));
        images += batch.images.len();
    }
    ensure!(images == IMAGES, "{images} images");
    Ok((first.context("an empty stream")?, millis(began)))
}

/// When all pages were there, in milliseconds.
async fn by_pages(world: &World, client: &mut ImageServiceClient<Channel>) -> Result<f64> {
    let began = Instant::now();
    let (mut page_token, mut images) = (String::new(), 0);
    loop {
        let request = v1::ListImagesRequest { parent: parent(), page_size: 1_000, page_token };
        let page = client.list_images(world.signed(request)?).await.context("no page")?.into_inner();
        images += page.images.len();
        page_token = page.next_page_token;
        if page_token.is_empty() {
            ensure!(images == IMAGES, "{images} images");
            return Ok(millis(began));
        }
    }
}
