//! The pool on which images are decoded, fitted and encoded: a few threads of its own, started when they are first needed. An
//! allocator keeps what was freed for the thread that had it, so images, whole and decoded, are kept off the many threads on
//! which the runtime blocks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::{io, thread};

use async_trait::async_trait;
use polyptych_domain::{Error, ErrorKind, Workers};
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// A bounded pool of threads, which end with its last clone. Jobs above the bound wait in the order of arrival.
#[derive(Debug, Clone)]
pub struct WorkerPool {
    permits: Arc<Semaphore>,
    /// Threads that wait for a job; together with those that have one no more than there are permits.
    idle: Arc<Mutex<Vec<mpsc::Sender<Job>>>>,
}

impl WorkerPool {
    /// Runs at most `jobs` jobs at once, and at least one.
    pub fn new(jobs: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(jobs.clamp(1, Semaphore::MAX_PERMITS))), idle: Arc::default() }
    }
}

impl Default for WorkerPool {
    /// One job per processor.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from))
    }
}

#[async_trait]
impl Workers for WorkerPool {
    async fn run(&self, job: Job) -> Result<(), Error> {
        let internal = |message: &'static str| Error::new(ErrorKind::Internal, message);
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| internal("the workers are shutting down"))?;
        let waiting = lock(&self.idle).pop();
        let worker = match waiting {
            Some(worker) => worker,
            None => start().map_err(|error| internal("no worker could be started").with_source(error))?,
        };
        let (tell, told) = oneshot::channel();
        let (idle, itself) = (Arc::clone(&self.idle), worker.clone());
        // The permit is the job's, not the caller's: a job that was started runs on when its caller has gone.
        let all = Box::new(move || {
            let ended = catch_unwind(AssertUnwindSafe(job)).is_ok();
            lock(&idle).push(itself);
            drop(permit);
            // Nobody may be waiting any more.
            let _ = tell.send(ended);
        });
        worker.send(all).map_err(|_| internal("a worker has ended"))?;
        match told.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(internal("a worker panicked")),
            Err(_) => Err(internal("a worker has ended")),
        }
    }
}

/// A thread that does what it is sent, and ends when nobody can send it more.
fn start() -> io::Result<mpsc::Sender<Job>> {
    let (worker, jobs) = mpsc::channel::<Job>();
    thread::Builder::new().name("polyptych-image".to_owned()).spawn(move || jobs.into_iter().for_each(|job| job()))?;
    Ok(worker)
}

fn lock(idle: &Mutex<Vec<mpsc::Sender<Job>>>) -> MutexGuard<'_, Vec<mpsc::Sender<Job>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[tokio::test]
    async fn jobs_one_after_the_other_run_on_one_thread_which_is_not_of_the_runtime() {
        let pool = WorkerPool::new(4);
        let (sender, receiver) = mpsc::channel();
        for _ in 0..3 {
            let sender = sender.clone();
            let job = move || sender.send((thread::current().id(), tokio::runtime::Handle::try_current().is_err()));
            pool.run(Box::new(move || job().unwrap())).await.unwrap();
        }
        let ran: Vec<_> = receiver.try_iter().collect();
        assert_eq!(ran, [(ran[0].0, true); 3]);
    }
}
