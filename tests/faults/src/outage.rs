//! One provider goes down for good while the others are in use: how many requests it still gets per call, and what the
//! others notice of it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use polyptych_domain::ImageLibrary;
use polyptych_emulator::Emulator;

use crate::clock::Leaping;
use crate::fault::Fault;
use crate::form::{FORMS, Form};
use crate::proxy::Proxy;
use crate::world::{Patience, connect, first_page, roomy, upload};

/// Calls at once to each library.
const AT_ONCE: usize = 4;

/// The time between two calls to the provider that is down.
const BETWEEN: Duration = Duration::from_millis(100);

/// Requests per call of a provider that is down, once the retry budget has drained.
pub const MOST_AMPLIFICATION: f64 = 1.1;

/// How a provider is down.
pub const OUTAGES: [&str; 3] = ["reset-at-once", "502-html", "503"];

/// What was seen of one outage.
#[derive(Debug, Clone)]
pub struct Outage {
    /// The fault that struck every request.
    pub fault: &'static str,
    /// Calls to the provider that was down.
    pub calls: u64,
    /// Requests that reached its address.
    pub requests: u64,
    /// Calls after the first fifth, in which the budget drained, and their requests.
    pub drained: (u64, u64),
    /// Calls to the others, and how many of them failed.
    pub others: (u64, u64),
    /// The 99th percentile of the others' calls, before and during the outage.
    pub p99: (Duration, Duration),
}

impl Outage {
    /// Requests per call once the budget had drained.
    pub fn amplification(&self) -> f64 {
        self.drained.1 as f64 / self.drained.0.max(1) as f64
    }

    /// What is wrong: more requests than retries may add, or failures of others.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.amplification() > MOST_AMPLIFICATION {
            problems.push(format!("{}: {:.2} requests per call", self.fault, self.amplification()));
        }
        if self.others.1 > 0 {
            problems.push(format!("{}: {} calls to others failed", self.fault, self.others.1));
        }
        problems
    }
}

/// Takes the first form's provider down with `fault`; `calls` calls go to each library, before and during.
///
/// # Errors
/// If a port cannot be had.
pub async fn run(fault: &'static Fault, calls: u64) -> anyhow::Result<Outage> {
    let provider = Emulator::new(roomy(true)).serve().await?;
    let [down, others @ ..] = &FORMS;
    let proxy = Proxy::start(provider.local_addr(), Arc::new(move |_| Some(fault)))?;
    let clock = Leaping::default();
    let victim = connect(down, proxy.address(), Patience::SHORT, &clock, 1);
    let mut healthy = Vec::new();
    for (seed, form) in (2..).zip(others) {
        let proxy = Proxy::start(provider.local_addr(), Arc::new(|_| None))?;
        let library = connect(form, proxy.address(), Patience::LONG, &Leaping::default(), seed);
        healthy.push((form, library, proxy));
    }
    // Connections and caches are warm, and the albums hold something to list.
    for (form, library, _) in &healthy {
        library.upload(&form.album(1), &[upload(form, 1, 3_000)]).await?;
    }
    use_all(&healthy, calls / 4).await;
    let (before, _) = use_all(&healthy, calls).await;

    let draining = calls / 5;
    let outage = async {
        use_one(down, victim.as_ref(), draining, &clock).await;
        let at = proxy.log().records().len() as u64;
        use_one(down, victim.as_ref(), calls - draining, &clock).await;
        at
    };
    let (at, (during, failed)) = tokio::join!(outage, use_all(&healthy, calls));
    let requests = proxy.log().records().len() as u64;
    Ok(Outage {
        fault: fault.name,
        calls,
        requests,
        drained: (calls - draining, requests - at),
        others: (during.len() as u64, failed),
        p99: (p99(before), p99(during)),
    })
}

/// Lists in all libraries at once; how long each call took, and how many failed.
async fn use_all(libraries: &[(&'static Form, Arc<dyn ImageLibrary>, Proxy)], calls: u64) -> (Vec<Duration>, u64) {
    let standing = Leaping::default();
    let each = libraries.iter().map(|(form, library, _)| use_one(form, library.as_ref(), calls, &standing));
    let all = futures_util::future::join_all(each).await;
    let failed = all.iter().map(|(_, failed)| failed).sum();
    (all.into_iter().flat_map(|(took, _)| took).collect(), failed)
}

async fn use_one(form: &Form, library: &dyn ImageLibrary, calls: u64, clock: &Leaping) -> (Vec<Duration>, u64) {
    let album = form.album(1);
    let one = |_| async {
        clock.leap(BETWEEN);
        let begun = Instant::now();
        let ok = library.list(&album, &first_page()).await.is_ok();
        (begun.elapsed(), ok)
    };
    let all: Vec<_> = stream::iter(0..calls).map(one).buffer_unordered(AT_ONCE).collect().await;
    let failed = all.iter().filter(|(_, ok)| !ok).count() as u64;
    (all.into_iter().map(|(took, _)| took).collect(), failed)
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, during) = (self.p99.0.as_secs_f64() * 1e3, self.p99.1.as_secs_f64() * 1e3);
        write!(
            f,
            "  {:<14} {:>6} calls {:>5} requests; drained: {:.3} per call; others: {} failed, p99 {:.1} -> {:.1} ms ({:.2}x)",
            self.fault,
            self.calls,
            self.requests,
            self.amplification(),
            self.others.1,
            before,
            during,
            during / before.max(f64::MIN_POSITIVE)
        )
    }
}
