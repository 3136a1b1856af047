//! The pool on which images are decoded, fitted and encoded: threads of the runtime that may block, a few at a time.

use std::sync::Arc;

use async_trait::async_trait;
use polyptych_domain::{Error, ErrorKind, Workers};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A bounded pool on the current tokio runtime. Jobs above the bound wait in the order of arrival.
#[derive(Debug, Clone)]
pub struct WorkerPool {
    permits: Arc<Semaphore>,
}

impl WorkerPool {
    /// Runs at most `jobs` jobs at once, and at least one.
    pub fn new(jobs: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(jobs.clamp(1, Semaphore::MAX_PERMITS))) }
    }
}

impl Default for WorkerPool {
    /// One job per processor.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

#[async_trait]
impl Workers for WorkerPool {
    async fn run(&self, job: Box<dyn FnOnce() + Send>) -> Result<(), Error> {
        let shutting_down = |_| Error::new(ErrorKind::Internal, "the workers are shutting down");
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(shutting_down)?;
        // The permit is the job's, not the caller's: a job that was started runs on when its caller has gone.
        let started = tokio::task::spawn_blocking(move || {
            job();
            drop(permit);
        });
        let mut started = CancelUnstarted(started);
        match (&mut started.0).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_panic() => Err(Error::new(ErrorKind::Internal, "a worker panicked")),
            Err(_) => Err(Error::new(ErrorKind::Internal, "the workers are shutting down")),
        }
    }
}

/// Cancels a job that has not started when nobody waits for it any more.
struct CancelUnstarted(JoinHandle<()>);

impl Drop for CancelUnstarted {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_job_runs_to_its_end_before_the_answer() {
        let (sender, receiver) = mpsc::channel();
        WorkerPool::new(1).run(Box::new(move || sender.send(7).unwrap())).await.unwrap();
        assert_eq!(receiver.try_recv(), Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_frees_the_place() {
        let pool = WorkerPool::new(1);
        let error = pool.run(Box::new(|| panic!("boom"))).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Internal, "a worker panicked"));
        pool.run(Box::new(|| ())).await.unwrap();
    }

    #[tokio::test]
    async fn no_more_jobs_run_at_once_than_allowed() {
        let pool = WorkerPool::new(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let jobs = (0..6).map(|_| {
            let (running, most, gate) = (running.clone(), most.clone(), gate.clone());
            pool.run(Box::new(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.lock().unwrap().recv().unwrap();
                running.fetch_sub(1, Ordering::SeqCst);
            }))
        });
        let release_all = async {
            for _ in 0..6 {
                tokio::task::yield_now().await;
                release.send(()).unwrap();
            }
        };
        let (results, ()) = tokio::join!(futures_util::future::join_all(jobs), release_all);
        assert!(results.iter().all(Result::is_ok));
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }

    #[tokio::test]
    async fn a_job_that_waits_is_cancelled_with_its_caller() {
        let pool = WorkerPool::new(1);
        let (release, gate) = mpsc::channel::<()>();
        let mut first = pool.run(Box::new(move || gate.recv().unwrap()));
        let (ran, told) = mpsc::channel::<()>();
        let mut second = pool.run(Box::new(move || ran.send(()).unwrap()));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        drop(second);
        release.send(()).unwrap();
        first.await.unwrap();
        assert_eq!(told.recv(), Err(mpsc::RecvError));
    }
}
