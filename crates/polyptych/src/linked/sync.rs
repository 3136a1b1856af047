//! A sync without a store: a plan, the pictures that it needs, and carrying it out once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use polyptych_domain::{
    Blobs, Budget, ClientId, Content, Error, ErrorKind, ItemOutcome, Manifest, MemoryBlobs, MemoryOperations,
    NewOperation, Operations, Pauses, Plan, Runner, Stop, SyncTask, Task,
};

use super::Client;
use crate::TokioPauses;

/// Outcomes that are read at once.
const AT_ONCE: u32 = 1000;

/// The pause before something that may pass is tried again; it grows by as much with each try.
const PAUSE: Duration = Duration::from_secs(1);

/// What has to be done so that albums are as a manifest wants them, ready to be done. It holds the pictures that it needs.
#[derive(Debug, Clone)]
pub struct PlannedSync {
    client: Client,
    plan: Plan,
    blobs: Arc<MemoryBlobs>,
}

impl Client {
    /// Says what has to be done so that albums are as `manifest` wants them. `pictures` are those that it names by digest;
    /// others are fetched from their addresses. Nothing is changed anywhere.
    ///
    /// # Errors
    /// Those of [`Service::plan_sync`](crate::domain::Service::plan_sync). What is wrong with a picture is data of the plan.
    pub async fn plan_sync(
        &self,
        manifest: &Manifest,
        pictures: impl IntoIterator<Item = Content>,
    ) -> Result<PlannedSync, Error> {
        let blobs = Arc::new(MemoryBlobs::default());
        for picture in pictures {
            blobs.put(&ClientId::local(), &picture).await?;
        }
        let plan = self.service.plan_sync(manifest, blobs.as_ref(), &self.pictures).await?;
        Ok(PlannedSync { client: self.clone(), plan, blobs })
    }
}

impl PlannedSync {
    /// What would be done, and what it would cost.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Does exactly that: uploads first, deletions after them. One outcome per step of the plan, in order. What may pass is
    /// tried again a few times. Steps that `budget` does not allow fail with `BudgetSpent` before anything is sent. A future that
    /// is dropped leaves the rest undone; a new plan tells what that is.
    ///
    /// # Errors
    /// `PlanOutdated` where albums or pictures are no longer as the plan found them; then nothing was done. Otherwise what
    /// kept the sync from going on; then some of its steps may have been done.
    pub async fn apply(&self, budget: Budget) -> Result<Vec<ItemOutcome>, Error> {
        let operations = Arc::new(MemoryOperations::new(Timestamp::now));
        let task = Task::Sync(Box::new(SyncTask { plan: self.plan.clone() }));
        let asked = NewOperation { client: ClientId::local(), task, budget, request: None };
        let mut operation = operations.submit(asked).await?;
        let Client { service, pictures } = self.client.clone();
        let runner = Runner::new(
            service,
            Arc::clone(&operations) as _,
            Arc::clone(&self.blobs) as _,
            pictures,
            Arc::new(TokioPauses),
        );
        loop {
            runner.run(&operation.id, &Stop::default()).await?;
            operation = operations.get(&operation.id).await?;
            if operation.phase.has_ended() {
                break;
            }
            TokioPauses.pause(PAUSE * operation.tries).await;
        }
        if let Some(failure) = operation.failure {
            return Err(failure.into());
        }
        let mut outcomes = Vec::with_capacity(self.plan.steps.len());
        for from in (0..self.plan.steps.len() as u64).step_by(AT_ONCE as usize) {
            let items = operations.items(&operation.id, from, AT_ONCE).await?;
            outcomes.extend(items.into_iter().filter_map(|item| item.outcome));
        }
        match outcomes.len() == self.plan.steps.len() {
            true => Ok(outcomes),
            false => Err(Error::new(ErrorKind::Internal, "a step of the sync has no outcome")),
        }
    }
}
