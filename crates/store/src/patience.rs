//! How long the database is waited for. A peer that vanished without a word would else be waited for until the system notices,
//! which takes a quarter of an hour.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Fault;

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
        let done = tokio::time::timeout(self.limit, step).await;
        self.exceeded.store(done.is_err(), Ordering::Relaxed);
        done.unwrap_or_else(|_| Err(Fault::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))))
    }
}
