//! One provider goes down for good while the others are in use: how many requests it still gets per call, and what the
//! others notice of it. All libraries are called at a steady pace, so that the others' times tell of the outage and not of
//! how fast this machine is when it is full; the one that goes down is in use before, too.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use polyptych_domain::ImageLibrary;
use polyptych_emulator::Emulator;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::clock::Leaping;
use crate::fault::Fault;
use crate::form::{FORMS, Form};
use crate::proxy::Proxy;
use crate::world::{Patience, connect, first_page, roomy, upload};

/// Calls at once to each library, at most.
const AT_ONCE: usize = 4;

/// The time between two calls to the provider that is down, as its client sees it.
const BETWEEN: Duration = Duration::from_millis(100);

/// Requests per call of a provider that is down, once the retry budget has drained.
pub const MOST_AMPLIFICATION: f64 = 1.1;

/// What the others' 99th percentile may grow by, in the middle one of several rounds: one alone tells of the machine, too.
pub const MOST_SLOWED: f64 = 1.2;

/// The middle one of how much slower the others were in each round.
pub fn middle_slowed(rounds: &[Outage]) -> f64 {
    let mut slowed: Vec<f64> = rounds.iter().map(Outage::slowed).collect();
    slowed.sort_by(f64::total_cmp);
    slowed.get(slowed.len() / 2).copied().unwrap_or_default()
}

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

    /// How much slower the others' slowest calls were.
    pub fn slowed(&self) -> f64 {
        self.p99.1.as_secs_f64() / self.p99.0.as_secs_f64().max(f64::MIN_POSITIVE)
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

/// Takes the first form's provider down with `fault`; `calls` calls go to each library, before and during, one in `pace`
/// where it is given and else as fast as they can.
///
/// # Errors
/// If a port cannot be had, or an album cannot be filled.
pub async fn run(fault: &'static Fault, calls: u64, pace: Option<Duration>) -> anyhow::Result<Outage> {
    let provider = Emulator::new(roomy(true)).serve().await?;
    let [victim, others @ ..] = &FORMS;
    let down = Arc::new(AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    let proxy =
        Proxy::start(provider.local_addr(), Arc::new(move |_| is_down.load(Ordering::SeqCst).then_some(fault)))?;
    let victim = Used::new(victim, proxy, Patience::SHORT, 1).leaping(BETWEEN);
    let mut healthy = Vec::new();
    for (place, form) in (2..).zip(others) {
        let proxy = Proxy::start(provider.local_addr(), Arc::new(|_| None))?;
        healthy.push(Used::new(form, proxy, Patience::LONG, place));
    }
    // Connections and caches are warm, and the albums hold something to list.
    for used in healthy.iter().chain([&victim]) {
        used.library.upload(&used.form.album(1), &[upload(used.form, 1, 3_000)]).await?;
    }
    tokio::join!(victim.call(calls / 4, pace), call_all(&healthy, calls / 4, pace));
    let (_, (before, _)) = tokio::join!(victim.call(calls, pace), call_all(&healthy, calls, pace));

    down.store(true, Ordering::SeqCst);
    let requests = || victim.proxy.log().records().len() as u64;
    let (up, draining) = (requests(), calls / 5);
    let outage = async {
        victim.call(draining, pace).await;
        let at = requests();
        victim.call(calls - draining, pace).await;
        at
    };
    let (at, (during, failed)) = tokio::join!(outage, call_all(&healthy, calls, pace));
    Ok(Outage {
        fault: fault.name,
        calls,
        requests: requests() - up,
        drained: (calls - draining, requests() - at),
        others: (during.len() as u64, failed),
        p99: (p99(before), p99(during)),
    })
}

/// A library in use, behind a proxy of its own.
struct Used {
    form: &'static Form,
    library: Arc<dyn ImageLibrary>,
    proxy: Proxy,
    clock: Leaping,
    /// What its client takes to pass before each call.
    between: Duration,
    /// Its place among all, from 1.
    place: u32,
}

impl Used {
    fn new(form: &'static Form, proxy: Proxy, patience: Patience, place: u32) -> Self {
        let clock = Leaping::default();
        let library = connect(form, proxy.address(), patience, &clock, place.into());
        Used { form, library, proxy, clock, between: Duration::ZERO, place }
    }

    fn leaping(self, between: Duration) -> Self {
        Used { between, ..self }
    }

    /// Lists `calls` times; how long each call took, and how many failed.
    async fn call(&self, calls: u64, pace: Option<Duration>) -> (Vec<Duration>, u64) {
        let album = self.form.album(1);
        let ticks = pace.map(|pace| {
            // Not all libraries at the same moment.
            let offset = pace * self.place / (FORMS.len() as u32);
            let mut ticks = interval_at(tokio::time::Instant::now() + offset, pace);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let turns = stream::unfold((0, ticks), |(turn, mut ticks)| async move {
            if turn == calls {
                return None;
            }
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            Some(((), (turn + 1, ticks)))
        });
        let one = |()| async {
            self.clock.leap(self.between);
            let begun = Instant::now();
            let ok = self.library.list(&album, &first_page()).await.is_ok();
            (begun.elapsed(), ok)
        };
        let all: Vec<_> = turns.map(one).buffer_unordered(AT_ONCE).collect().await;
        let failed = all.iter().filter(|(_, ok)| !ok).count() as u64;
        (all.into_iter().map(|(took, _)| took).collect(), failed)
    }
}

/// Lists in all libraries at once; how long each call took, and how many failed.
async fn call_all(libraries: &[Used], calls: u64, pace: Option<Duration>) -> (Vec<Duration>, u64) {
    let all = futures_util::future::join_all(libraries.iter().map(|used| used.call(calls, pace))).await;
    let failed = all.iter().map(|(_, failed)| failed).sum();
    (all.into_iter().flat_map(|(took, _)| took).collect(), failed)
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
            self.slowed()
        )
    }
}
