//! Carries out operations, one try at a time. What is begun is kept before it is begun, and what became of it right
//! after, so that another worker can go on from there; one that has lost its lease does nothing more.
//!
//! It starts no task and keeps no state: who calls it, and how often at once, is the program's business.

mod copies;
mod deletes;
mod forecast;
mod plans;
mod steps;
mod sync;
mod uploads;

use std::fmt;
use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::work::{Ending, Failure, Lease, OperationId, Operations, Standing, Task};
use crate::{Blobs, Caller, Error, ErrorKind, Pauses, Pictures, Service};
use steps::{Halt, Try};

/// How often the store is asked to keep what is known before a worker gives up: about two minutes.
const MOST_INSISTING: u32 = 30;

/// The first pause before the store is asked again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks workers to end: what they have begun they bring to its outcome, and give the rest back. A clone asks the same
/// workers.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks them.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether they were asked.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Carries out operations.
#[derive(Clone)]
pub struct Runner {
    service: Service,
    operations: Arc<dyn Operations>,
    blobs: Arc<dyn Blobs>,
    pictures: Pictures,
    pauses: Arc<dyn Pauses>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Runner {
    /// Carries out what `operations` holds with the libraries of `service`. Pictures that an operation holds come from
    /// `blobs`, those that it names by address through `pictures`; `pauses` is waited for when the store fails.
    pub fn new(
        service: Service,
        operations: Arc<dyn Operations>,
        blobs: Arc<dyn Blobs>,
        pictures: Pictures,
        pauses: Arc<dyn Pauses>,
    ) -> Self {
        Self { service, operations, blobs, pictures, pauses }
    }

    /// Takes an operation and carries it out as far as it gets: to its end, until it is asked to end, until its lease is
    /// lost, or until something fails that may pass, or panics; then it is given back for another try. Dropping the future is as if
    /// its process died.
    ///
    /// # Errors
    /// The store cannot be read or written, and what became of the operation could not be kept. Whoever takes it next, once the
    /// store is there again, finds that out.
    pub async fn run(&self, id: &OperationId, stop: &Stop) -> Result<(), Error> {
        let Some((lease, operation)) = self.operations.take(id).await? else { return Ok(()) };
        let mut held = Held { operations: self.operations.as_ref(), lease: Some(&lease) };
        let caller = Caller { client: operation.client.clone(), operation: Some(id.clone()) };
        let service = self.service.for_caller(caller);
        let halt = if operation.cancelling {
            Some(Halt::Cancelled)
        } else {
            match Try::new(self, service, lease.clone(), &operation, stop).await {
                Ok(run) => {
                    let done = match &operation.task {
                        Task::Delete(task) => run.delete(task).boxed(),
                        Task::Publish(task) => run.publish(task).boxed(),
                        Task::Import(task) => run.import(task).boxed(),
                        Task::Copy(task) => run.copy(task).boxed(),
                        Task::Plan(task) => run.plan(&task.manifest).boxed(),
                        Task::Sync(task) => run.sync(&task.plan).boxed(),
                    };
                    // The locks of this crate guard what is whole between calls, so that a panic spoils nothing.
                    if AssertUnwindSafe(done).catch_unwind().await.is_err() {
                        run.halt(Halt::Passing(Error::new(ErrorKind::Internal, "a fault of ours cut the try off")));
                    }
                    run.keep_costs().await;
                    run.into_halt()
                }
                Err(error) => Some(Halt::Passing(error)),
            }
        };
        self.end(&lease, halt, stop).await?;
        held.lease = None;
        Ok(())
    }

    async fn end(&self, lease: &Lease, halt: Option<Halt>, stop: &Stop) -> Result<(), Error> {
        let operations = self.operations.as_ref();
        let failure = match &halt {
            Some(Halt::Passing(error) | Halt::Failed(error)) => Some(Failure::from(error)),
            _ => None,
        };
        let told = self.insist(stop, || match (&halt, &failure) {
            (Some(Halt::Lost), _) => ready(Ok(Standing::Lost)).boxed(),
            (Some(Halt::Failed(_)), Some(failure)) => {
                operations.finish(lease, Ending::Failed(Box::new(failure.clone())))
            }
            (_, Some(failure)) => operations.give_back(lease, failure),
            (Some(Halt::Cancelled), _) => operations.finish(lease, Ending::Cancelled),
            (Some(Halt::Stopped | Halt::Passing(_) | Halt::Failed(_)), _) => operations.release(lease),
            (None, _) => operations.finish(lease, Ending::Succeeded),
        });
        told.await.map(drop)
    }

    /// Asks the store until it does it, since nobody else knows. Once the process is to end, it is asked once.
    fn insist<'f>(
        &'f self,
        stop: &'f Stop,
        ask: impl Fn() -> BoxFuture<'f, Result<Standing, Error>> + Send + 'f,
    ) -> BoxFuture<'f, Result<Standing, Error>> {
        async move {
            let mut pause = FIRST_PAUSE;
            for _ in 1..MOST_INSISTING {
                match ask().await {
                    Err(_) if !stop.is_set() => self.pauses.pause(pause).await,
                    told => return told,
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            ask().await
        }
        .boxed()
    }
}

/// A lease until its end was told. Dropped before, it is abandoned.
struct Held<'r> {
    operations: &'r dyn Operations,
    lease: Option<&'r Lease>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            self.operations.abandon(lease);
        }
    }
}
