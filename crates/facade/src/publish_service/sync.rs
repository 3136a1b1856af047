//! `StagePicture`, `PlanSync` and `ApplySync`: files of a manifest come first, the plan is the result of an operation, and
//! carrying it out is another one.

use polyptych_domain::{
    Budget, ClientId, Error, ErrorKind, ItemOutcome, Operation, Phase, Plan, PlanTask, SyncTask, Task,
};
use polyptych_proto::{longrunning, v1};
use tonic::{Code, Status, Streaming};

use super::{Publications, manifest};
use crate::caller::Caller;
use crate::image_service::target;
use crate::operations::Asked;
use crate::progress::Progress;
use crate::status::{Fields, Reason, Refusal, failed};
use crate::{convert, operations, repeats};

impl Publications {
    pub(super) async fn stage(
        &self,
        client: &ClientId,
        stream: Streaming<v1::StagePictureRequest>,
    ) -> Result<v1::StagePictureResponse, Status> {
        let mut messages = self.receiver.receive(client.clone(), stream);
        let announced = messages.metadata().await?.sha256;
        let field = "metadata.sha256";
        let announced = if announced.is_empty() { None } else { Some(manifest::sha256(field, &announced)?) };
        let content = messages.content().await?;
        let (sha256, len) = (content.sha256(), content.len());
        if announced.is_some_and(|announced| announced != sha256) {
            let message = format!("the file that came is another one, {sha256}");
            return Err(Refusal::argument(field, message).into());
        }
        self.work.blobs.put(client, &content).await.map_err(|error| failed(&error, Fields::of("chunk")))?;
        Ok(v1::StagePictureResponse { sha256: sha256.to_string(), size_bytes: convert::bytes(len) })
    }

    pub(super) async fn plan(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::PlanSyncRequest,
    ) -> Result<longrunning::Operation, Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "PlanSync", &request, None)?;
        let (service, client) = (self.service.open(caller), caller.client().clone());
        // Its staged files may have gone since.
        if let Some(made) = operations::repeated(&self.work, &service, &client, repeated.as_ref(), "manifest").await? {
            return Ok(made);
        }
        let told = request.manifest.ok_or_else(|| Refusal::argument("manifest", "there is no manifest"))?;
        let manifest = manifest::read(&service, self.work.blobs.as_ref(), &client, told).await?;
        progress.writing();
        let task = Task::Plan(Box::new(PlanTask { manifest }));
        let asked = Asked { task, budget: Budget::default(), request: repeated };
        operations::submit(&self.work, &service, client, asked, "manifest").await
    }

    pub(super) async fn apply(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::ApplySyncRequest,
    ) -> Result<longrunning::Operation, Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "ApplySync", &request, None)?;
        let budget = convert::parse_budget("budget", request.budget)?;
        let (service, client) = (self.service.open(caller), caller.client().clone());
        // Its plan and staged files may have gone since. What is only to be validated makes no operation.
        if !request.validate_only
            && let Some(made) = operations::repeated(&self.work, &service, &client, repeated.as_ref(), "plan").await?
        {
            return Ok(made);
        }
        let operation = operations::find(&self.work, caller, "plan", &request.plan).await?;
        let plan = self.made(&operation).await?;
        // What the caller may use may have changed since.
        for album in &plan.albums {
            target(&service, "plan", &album.album.to_string())?;
        }
        let held = self.work.blobs.held(&client, &plan.blobs()).await;
        let held = held.map_err(|error| failed(&error, Fields::of("plan")))?;
        // What came from an address can be fetched again.
        if held.iter().take(plan.manifest.blobs().len()).any(Option::is_none) {
            let message = "files of the plan are not kept any more; stage them and make another plan";
            return Err(Refusal::of(&Error::new(ErrorKind::PlanOutdated, message), Fields::of("plan")).into());
        }
        let steps = plan.steps.len();
        let asked = Asked { task: Task::Sync(Box::new(SyncTask { plan })), budget, request: repeated };
        if request.validate_only {
            let outcomes = vec![v1::SyncOutcome::default(); steps];
            let response = operations::pack("SyncResponse", &v1::SyncResponse { outcomes });
            return Ok(operations::validated(&service, &asked, &service.forecast(&asked.task), response));
        }
        progress.writing();
        operations::submit(&self.work, &service, client, asked, "plan").await
    }

    /// The plan that an operation has made.
    async fn made(&self, operation: &Operation) -> Result<Plan, Status> {
        let Task::Plan(_) = &operation.task else {
            let message = format!("the operation is no plan; its verb is `{}`", operation.task.as_str());
            return Err(Refusal::argument("plan", message).into());
        };
        match operation.phase {
            Phase::Succeeded => {}
            Phase::Pending | Phase::Running => {
                let message = "the plan is not made yet; wait for its operation";
                return Err(Refusal::new(Code::FailedPrecondition, Reason::OperationRunning, message).into());
            }
            Phase::Failed | Phase::Cancelled => {
                return Err(Refusal::argument("plan", "the operation has ended without a plan").into());
            }
        }
        let items = self.work.operations.items(&operation.id, 0, 1).await;
        let items = items.map_err(|error| failed(&error, Fields::of("plan")))?;
        match items.into_iter().next().and_then(|item| item.outcome) {
            Some(ItemOutcome::Planned(plan)) => Ok(*plan),
            _ => Err(Refusal::new(Code::Internal, Reason::Internal, "the plan cannot be read").into()),
        }
    }
}
