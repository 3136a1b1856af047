//! Operations that are kept in memory and carried out by this process: they end with it. It keeps no state of its own and
//! knows no provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::domain::{
    Error, MemoryAudit, MemoryBlobs, MemoryOperations, MemoryRequests, OperationFilter, OperationId, Operations,
    PageRequest, Pauses, Phase, Pictures, Runner, Service, Stop,
};
use crate::facade::Work;

/// Operations that are carried out at once.
const AT_ONCE: usize = 8;

/// How often pictures that no operation needs any more are forgotten.
const COLLECTED: Duration = Duration::from_secs(3600);

/// The longest page that the ports give.
const PAGE: u32 = 1000;

/// Pauses by the clock of the runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

#[async_trait]
impl Pauses for Clock {
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// What carries out operations, on a task of its own.
#[derive(Debug)]
pub struct Jobs {
    stop: Stop,
    asked: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Ports in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    operations: Arc<MemoryOperations>,
    blobs: Arc<MemoryBlobs>,
    requests: Arc<MemoryRequests>,
    audit: Arc<MemoryAudit>,
}

impl Memory {
    /// The same for a façade.
    pub fn work(&self) -> Work {
        Work {
            operations: self.operations.clone(),
            blobs: self.blobs.clone(),
            requests: self.requests.clone(),
            audit: self.audit.clone(),
        }
    }

    /// The service that tells the log of what it changes.
    #[must_use]
    pub fn audited(&self, service: Service) -> Service {
        service.with_audit(self.audit.clone())
    }

    /// Begins to carry out what is submitted, with the libraries of `service`; pictures at addresses come through
    /// `pictures`. Needs a running tokio runtime.
    pub fn carry_out(&self, service: Service, pictures: Pictures) -> Jobs {
        let stop = Stop::default();
        let (asked, waits) = oneshot::channel();
        let runner = Runner::new(service, self.operations.clone(), self.blobs.clone(), pictures, Arc::new(Clock));
        let task = tokio::spawn(dispatch(self.clone(), runner, stop.clone(), waits));
        Jobs { stop, asked, task }
    }

    /// Forgets the pictures that no operation needs.
    async fn collect(&self) -> Result<(), Error> {
        let filter = OperationFilter { client: None, phases: vec![Phase::Pending, Phase::Running] };
        let (mut needed, mut after) = (Vec::new(), None);
        loop {
            let page = self.operations.list(&filter, &PageRequest { size: PAGE, after }).await?;
            needed.extend(page.items.iter().flat_map(|operation| operation.task.blobs()));
            after = page.next;
            if after.is_none() {
                self.blobs.collect(&needed);
                return Ok(());
            }
        }
    }
}

impl Jobs {
    /// Lets what is being sent come to its outcome, and begins nothing more.
    ///
    /// # Errors
    /// If the task has panicked.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.set();
        // An error means that the task has ended, which is what is asked for; how it ended is told below.
        let _ = self.asked.send(());
        Ok(self.task.await?)
    }
}

async fn dispatch(memory: Memory, runner: Runner, stop: Stop, mut asked: oneshot::Receiver<()>) {
    let mut running = FuturesUnordered::new();
    let mut collecting = tokio::time::interval(COLLECTED);
    let run = |id: OperationId| {
        let (runner, stop) = (runner.clone(), stop.clone());
        async move {
            if let Err(error) = runner.run(&id, &stop).await {
                tracing::error!(%error, operation = %id, "an operation could not be carried out");
            }
        }
    };
    loop {
        tokio::select! {
            // In this order: an operation that was pushed is taken before the next one is asked for.
            biased;
            _ = &mut asked => break,
            Some(()) = running.next(), if !running.is_empty() => {}
            id = memory.operations.due(), if running.len() < AT_ONCE => running.push(run(id)),
            _ = collecting.tick() => {
                if let Err(error) = memory.collect().await {
                    tracing::error!(%error, "pictures that nobody needs are not forgotten");
                }
            }
        }
    }
    while running.next().await.is_some() {}
}
