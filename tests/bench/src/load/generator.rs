//! A generator of load: callers over several connections that ask for the same thing. In a closed loop each asks again once
//! it was answered; in an open loop calls are due at a fixed rate, and latency counts from when a call was due, so that a
//! server that is late is not asked less. What counts is the gRPC status.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use polyptych_proto::v1;
use polyptych_proto::v1::library_service_client::LibraryServiceClient;
use serde::{Deserialize, Serialize};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

/// The variable that holds the API key, if the server wants one.
pub(crate) const KEY: &str = "POLYPTYCH_BENCH_KEY";

/// What is asked, and how often.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// `host:port` of a server.
    target: String,
    /// The library that is asked for.
    #[arg(long)]
    library: String,
    /// Connections.
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Callers of each connection.
    #[arg(long, default_value_t = 32)]
    streams: usize,
    /// How long, of which the first tenth does not count.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Calls that are due a second; absent means that each caller waits for its answer.
    #[arg(long)]
    rate: Option<f64>,
    /// The API key.
    #[arg(long, env = KEY, hide_env_values = true)]
    key: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// All calls, also those at the beginning that do not count for the rest.
    pub(crate) calls: u64,
    /// All of them by gRPC status.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Calls answered with OK a second, without those at the beginning.
    pub(crate) rate: f64,
    /// Latency of those in microseconds.
    pub(crate) p50: f64,
    /// As `p50`.
    pub(crate) p99: f64,
    /// As `p50`.
    pub(crate) p999: f64,
    /// As `p50`.
    pub(crate) max: f64,
}

/// Runs it and prints the report.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let credential = options.key.as_ref().map(|key| format!("Bearer {key}").parse()).transpose();
    let credential: Option<MetadataValue<Ascii>> = credential.context("the key is no header")?;
    let endpoint = Endpoint::from_shared(format!("http://{}", options.target)).context("no address")?;
    let mut channels = Vec::new();
    for _ in 0..options.connections {
        channels.push(endpoint.connect().await.context("the server does not answer")?);
    }
    let began = Instant::now();
    let length = Duration::from_secs_f64(options.seconds);
    let plan = Arc::new(Plan {
        began,
        counted: began + length / 10,
        end: began + length,
        rate: options.rate,
        due: AtomicU64::new(0),
    });
    let callers = channels.iter().flat_map(|channel| std::iter::repeat_n(channel, options.streams)).map(|channel| {
        let call = Call { library: options.library.clone(), credential: credential.clone() };
        tokio::spawn(caller(channel.clone(), call, Arc::clone(&plan)))
    });
    let callers: Vec<_> = callers.collect();
    let mut all = Seen::new()?;
    for seen in try_join_all(callers).await? {
        let Seen { calls, latencies, statuses } = seen?;
        all.calls += calls;
        all.latencies.add(latencies).context("latencies")?;
        for (status, count) in statuses {
            *all.statuses.entry(status).or_default() += count;
        }
    }
    let seconds = plan.counted.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&all.report(seconds))?);
    Ok(())
}

/// When calls are due.
#[derive(Debug)]
struct Plan {
    began: Instant,
    counted: Instant,
    end: Instant,
    rate: Option<f64>,
    /// Calls of an open loop so far.
    due: AtomicU64,
}

impl Plan {
    /// When the next call is due, once it is; nothing at the end. A moment that has passed is not put off.
    async fn next(&self) -> Option<Instant> {
        let due = match self.rate {
            None => Instant::now(),
            Some(rate) => self.began + Duration::from_secs_f64(self.due.fetch_add(1, Ordering::Relaxed) as f64 / rate),
        };
        if due >= self.end {
            return None;
        }
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        Some(due)
    }
}

struct Call {
    library: String,
    credential: Option<MetadataValue<Ascii>>,
}

struct Seen {
    calls: u64,
    /// Nanoseconds.
    latencies: Histogram<u64>,
    statuses: BTreeMap<String, u64>,
}

async fn caller(channel: Channel, call: Call, plan: Arc<Plan>) -> Result<Seen> {
    let mut client = LibraryServiceClient::new(channel);
    let mut seen = Seen::new()?;
    while let Some(due) = plan.next().await {
        let mut request = Request::new(v1::GetLibraryRequest { name: call.library.clone() });
        if let Some(credential) = &call.credential {
            request.metadata_mut().insert("authorization", credential.clone());
        }
        let code = client.get_library(request).await.map_or_else(|status| status.code(), |_| Code::Ok);
        seen.calls += 1;
        *seen.statuses.entry(format!("{code:?}")).or_default() += 1;
        if due >= plan.counted && code == Code::Ok {
            seen.latencies.saturating_record(due.elapsed().as_nanos() as u64);
        }
    }
    Ok(seen)
}

impl Seen {
    fn new() -> Result<Self> {
        // From 100 ns to a minute, three digits that count.
        let latencies = Histogram::new_with_bounds(100, 60_000_000_000, 3).context("a histogram")?;
        Ok(Self { calls: 0, latencies, statuses: BTreeMap::new() })
    }

    fn report(&self, seconds: f64) -> Report {
        let micros = |quantile: f64| self.latencies.value_at_quantile(quantile) as f64 / 1e3;
        Report {
            calls: self.calls,
            statuses: self.statuses.clone(),
            rate: self.latencies.len() as f64 / seconds,
            p50: micros(0.5),
            p99: micros(0.99),
            p999: micros(0.999),
            max: self.latencies.max() as f64 / 1e3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_was_due_long_ago_is_due_when_it_was() {
        let began = Instant::now().checked_sub(Duration::from_secs(5)).expect("a machine that runs longer");
        let plan = Plan {
            began,
            counted: began,
            end: began + Duration::from_secs(10),
            rate: Some(1.0),
            due: AtomicU64::new(0),
        };
        assert_eq!(plan.next().await, Some(began));
        assert_eq!(plan.next().await, Some(began + Duration::from_secs(1)));
    }

    #[test]
    fn a_report_counts_what_was_answered_and_names_every_status() {
        let mut seen = Seen::new().expect("a histogram");
        seen.statuses = BTreeMap::from([("Ok".to_owned(), 2), ("Unavailable".to_owned(), 1)]);
        seen.latencies.saturating_record(1_000_000);
        seen.latencies.saturating_record(3_000_000);
        let report = seen.report(2.0);
        assert_eq!((report.rate, report.statuses["Unavailable"]), (1.0, 1));
        assert!((report.p50 - 1_000.0).abs() < 2.0 && (report.max - 3_000.0).abs() < 4.0, "{report:?}");
    }
}
