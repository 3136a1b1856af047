//! Where CPU work runs: never on an async thread. The domain names the port; the program brings a bounded pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::{Error, ErrorKind};

/// A bounded pool for work that blocks or computes.
#[async_trait]
pub trait Workers: Send + Sync {
    /// Runs `job` on the pool and waits for its end. Dropping the future before the job has started cancels it.
    ///
    /// # Errors
    /// If the job panicked or the pool is shutting down.
    async fn run(&self, job: Box<dyn FnOnce() + Send>) -> Result<(), Error>;
}

/// Whether the caller of a job has gone, for jobs that can stop between two steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Sets the flag when the caller's future is dropped.
struct CancelOnDrop(Cancelled);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}

/// Runs `work` on `workers` and returns its value. Dropping the future cancels it: before the work has started, it never does;
/// later its flag is set.
pub(crate) fn on_workers<'w, T: Send + 'static>(
    workers: &'w dyn Workers,
    work: impl FnOnce(&Cancelled) -> T + Send + 'static,
) -> BoxFuture<'w, Result<T, Error>> {
    async move {
        let cancelled = Cancelled::default();
        let _guard = CancelOnDrop(cancelled.clone());
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        workers
            .run(Box::new(move || {
                // The receiver is gone only if the caller was cancelled; then nobody wants the value.
                let _ = sender.send(work(&cancelled));
            }))
            .await?;
        receiver.try_recv().map_err(|_| Error::new(ErrorKind::Internal, "a worker ended without a result"))
    }
    .boxed()
}

/// Runs each job at once on the calling thread: for tests and for programs without async threads to protect.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineWorkers;

#[async_trait]
impl Workers for InlineWorkers {
    async fn run(&self, job: Box<dyn FnOnce() + Send>) -> Result<(), Error> {
        job();
        Ok(())
    }
}
