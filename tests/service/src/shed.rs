//! More calls than are taken: those too many are refused at once and told when to come back, and those that are taken are as
//! fast as ever. One client first floods the server alone, then two fill it whole; a third one calls steadily all the while.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use polyptych_crash::emulator::Control;
use polyptych_crash::process::Process;
use polyptych_proto::v1;
use polyptych_service::server::{Place, connect};
use serde_json::json;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use v1::image_service_client::ImageServiceClient;

use crate::row::Row;

/// How long the provider takes for each call, in milliseconds.
const LATENCY: u64 = 200;

/// Calls at once of all clients and of each. Two full ones fill the server, and one leaves room for who calls steadily.
const LIMITS: &str = "\n[server]\ncalls_at_once = 96\ncalls_at_once_per_client = 64\n";

/// Calls of a wave of one client; its next wave comes when the provider has answered this one.
const WAVE: usize = 128;

/// Connections of a client: a server takes 128 calls of each by default.
const CONNECTIONS: usize = 4;

const WAVES: usize = 12;

/// Calls at once of the steady client, and how often it makes them.
const STEADY: usize = 8;
const ROUNDS: usize = 12;

/// One row for each promise.
pub(crate) async fn run(place: &Place) -> Result<Vec<Row>> {
    let emulator = place.emulate().await?;
    Control::new(emulator.address()).setup(&json!({ "latency": [{ "millis": LATENCY }] })).await?;
    let names = ["steady", "flood", "second"];
    let mut settings = LIMITS.to_owned();
    let mut keys = Vec::new();
    for name in names {
        let (key, hash) = place.key().await?;
        settings
            .push_str(&format!("\n[clients.{name}]\nkeys = [\"{hash}\"]\nlibraries = [\"*\"]\nrights = [\"read\"]\n"));
        keys.push(key);
    }
    let server = place.serve_with("shed", emulator.address(), &settings).await?;
    let mut callers = Vec::new();
    for key in &keys {
        callers.push(Caller::new(&server, key).await?);
    }
    let [steady, flood, second] = callers.as_slice() else { bail!("three clients") };
    // The first calls make what later ones find made.
    steady.rounds(1).await?;

    let quiet = Told::of(steady.rounds(ROUNDS).await?)?;
    let (calm, flooded) = tokio::try_join!(steady.rounds(ROUNDS), flood.waves())?;
    let (calm, flooded) = (Told::of(calm)?, Told::of(flooded)?);
    let (one, other, third) = tokio::try_join!(flood.waves(), second.waves(), steady.rounds(ROUNDS))?;
    let full = Told::of([one, other, third].concat())?;
    println!(
        "quiet: {} calls, p99 {:.0} ms; one client floods: {} of its calls taken, {} refused; two fill the server: {} taken, \
         {} refused, {} of them since the server is full",
        quiet.taken.len(),
        percentile(&quiet.taken),
        flooded.taken.len(),
        flooded.refused.len(),
        full.taken.len(),
        full.refused.len(),
        full.busy
    );
    let usual = percentile(&quiet.taken);
    Ok(vec![
        Row::at_least("shedding: calls of a flooding client refused", flooded.refused.len() as f64, 1.0, ""),
        Row::at_most("shedding: calls of another client refused meanwhile", calm.refused.len() as f64, 0.0, ""),
        Row::at_most("shedding: that client's p99 of what it was before", percentile(&calm.taken) / usual, 1.2, ""),
        Row::at_most("shedding: a refusal after, p99", percentile(&flooded.refused), 50.0, "ms"),
        Row::at_least("a full server: calls refused with UNAVAILABLE", full.busy as f64, 1.0, ""),
        Row::at_most("a full server: a refusal after, p99", percentile(&full.refused), 50.0, "ms"),
        Row::at_most("a full server: p99 of taken calls of the quiet one", percentile(&full.taken) / usual, 1.2, ""),
    ])
}

/// What became of a call, and after how many milliseconds.
type Ended = (Result<(), Status>, f64);

/// The calls that were taken and those that were refused, by their time in milliseconds.
struct Told {
    taken: Vec<f64>,
    refused: Vec<f64>,
    /// Of those, how many since the server was full.
    busy: usize,
}

impl Told {
    /// Every call is taken or refused in the way that is promised.
    fn of(ended: Vec<Ended>) -> Result<Self> {
        let mut told = Self { taken: Vec::new(), refused: Vec::new(), busy: 0 };
        for (outcome, took) in ended {
            let Err(status) = outcome else {
                told.taken.push(took);
                continue;
            };
            let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
            match (status.code(), reason.as_str()) {
                (Code::ResourceExhausted, "TOO_MANY_CALLS") => {}
                (Code::Unavailable, "SERVER_BUSY") => told.busy += 1,
                _ => bail!("a call was refused with {status:?}"),
            }
            let again = status.get_details_retry_info().and_then(|info| info.retry_delay);
            again
                .filter(|delay| !delay.is_zero())
                .with_context(|| format!("not told when to try again: {status:?}"))?;
            told.refused.push(took);
        }
        Ok(told)
    }
}

/// The 99th percentile; that of nothing is infinite.
fn percentile(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(f64::INFINITY)
}

/// A client with a key of its own.
struct Caller {
    key: MetadataValue<Ascii>,
    channels: Vec<Channel>,
}

impl Caller {
    async fn new(server: &Process, key: &str) -> Result<Self> {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            channels.push(connect(server).await?);
        }
        Ok(Self { key: format!("Bearer {key}").parse().context("the key is no text")?, channels })
    }

    /// So many calls at once.
    async fn calls(&self, count: usize) -> Result<Vec<Ended>> {
        let calls = self.channels.iter().cycle().take(count).map(|channel| {
            let mut images = ImageServiceClient::new(channel.clone());
            let parent = "libraries/facebook".to_owned();
            let mut request = Request::new(v1::ListImagesRequest { parent, ..Default::default() });
            request.metadata_mut().insert("authorization", self.key.clone());
            tokio::spawn(async move {
                let began = Instant::now();
                let answer = images.list_images(request).await.map(drop);
                (answer, began.elapsed().as_secs_f64() * 1000.0)
            })
        });
        Ok(try_join_all(calls).await?)
    }

    /// Calls within the limits, one lot after the other.
    async fn rounds(&self, rounds: usize) -> Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for _ in 0..rounds {
            ended.extend(self.calls(STEADY).await?);
        }
        Ok(ended)
    }

    /// Calls beyond the limits, whatever became of those before.
    async fn waves(&self) -> Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for _ in 0..WAVES {
            ended.extend(self.calls(WAVE).await?);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(ended)
    }
}
