//! How long the database is waited for, and how often it is asked. A peer that vanished without a word would else be waited for until the system notices,
//! which takes a quarter of an hour. A server that orders what was done at the same time refuses what does not fit in
//! (serialization failures, deadlocks): nothing of that was done, and it fits in when it is done again.
//! How long it took is told as `polyptych_store_seconds`, a histogram by `outcome`: `ok`, `error`, `timeout`.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use polyptych_domain::Error;

use crate::error::Fault;

/// How often a step is done that is refused each time, and the pause after the first; it doubles with each that follows.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(4);

/// PostgreSQL's names for what was refused only because of what others did at the same time.
const NOT_NOW: [&str; 2] = ["40001", "40P01"];

/// What a step fails with.
pub(crate) trait Failed {
    /// What the database said, where it was the database.
    fn fault(&self) -> Option<&Fault>;
}

impl Failed for Fault {
    fn fault(&self) -> Option<&Fault> {
        Some(self)
    }
}

impl Failed for Error {
    fn fault(&self) -> Option<&Fault> {
        std::error::Error::source(self).and_then(<dyn std::error::Error>::downcast_ref)
    }
}

/// Does a step, a statement or a whole transaction, and does it again as long as it is refused for what others did meanwhile.
pub(crate) async fn again<T, E: Failed, S: Future<Output = Result<T, E>>>(mut step: impl FnMut() -> S) -> Result<T, E> {
    for tried in 0..TRIES - 1 {
        match step().await {
            Err(failed) if failed.fault().is_some_and(is_not_now) => tokio::time::sleep(pause(tried)).await,
            done => return done,
        }
    }
    step().await
}

fn is_not_now(fault: &Fault) -> bool {
    fault.as_database_error().and_then(|error| error.code()).is_some_and(|code| NOT_NOW.contains(&&*code))
}

/// Half of it is chance, so that those who met do not meet again.
fn pause(tried: u32) -> Duration {
    let mut chance = [0; 1];
    // Without chance they part by how often each has tried.
    let _ = getrandom::fill(&mut chance);
    let whole = PAUSE * (1 << tried);
    whole / 2 + whole / 2 * u32::from(chance[0]) / 255
}

/// The longest that a statement may take, and whether one has just taken longer.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    limit: Duration,
    exceeded: Arc<AtomicBool>,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, exceeded: Arc::default() }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Whether the last step was given up.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    /// Does a step, or gives it up: then nobody knows whether it was done.
    pub(crate) async fn bound<T>(&self, step: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let begun = tokio::time::Instant::now();
        let done = tokio::time::timeout(self.limit, step).await;
        let outcome = match &done {
            Ok(Ok(_)) => "ok",
            Ok(Err(_)) => "error",
            Err(_) => "timeout",
        };
        metrics::histogram!("polyptych_store_seconds", "outcome" => outcome).record(begun.elapsed().as_secs_f64());
        self.exceeded.store(done.is_err(), Ordering::Relaxed);
        done.unwrap_or_else(|_| Err(Fault::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))))
    }
}
