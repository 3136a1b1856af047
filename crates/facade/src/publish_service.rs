//! `PublishService`: pictures into many albums. One picture is handed over as an operation once all of it has come; what a
//! manifest wants is planned first.

mod manifest;
mod sync;

use std::collections::HashMap;

use polyptych_domain::{
    BatchReport, Budget, CheckCommand, Content, Error, LibraryId, PublishCommand, PublishTask, Service, TargetRecord,
    Task, UploadTerms, Work,
};
use polyptych_proto::v1::publish_service_server::PublishService;
use polyptych_proto::v1::upload_outcome::Result as Outcome;
use polyptych_proto::{longrunning, v1};
use tonic::{Request, Response, Status, Streaming};

use crate::caller::{Caller, Door};
use crate::image_service::{check_name, target};
use crate::operations::Asked;
use crate::progress::Progress;
use crate::receiving::Receiver;
use crate::status::{Fields, Refusal, failed};
use crate::{convert, operations, repeats, trial};

/// Most targets of one operation; an outcome of each fits into the 4 MiB that clients take.
const MOST: usize = 1000;

const METHOD: &str = "Publish";
const REQUEST_ID: &str = "metadata.request_id";

pub(crate) struct Publications {
    service: Door,
    receiver: Receiver,
    work: Work,
}

impl Publications {
    pub(crate) fn new(service: Door, receiver: Receiver, work: Work) -> Self {
        Self { service, receiver, work }
    }

    async fn take(
        &self,
        progress: &Progress,
        caller: Caller,
        stream: Streaming<v1::PublishRequest>,
    ) -> Result<longrunning::Operation, Status> {
        let mut messages = self.receiver.receive(caller.client().clone(), stream);
        let mut metadata = messages.metadata().await?;
        let id = std::mem::take(&mut metadata.request_id);
        repeats::request(REQUEST_ID, &id, METHOD, &metadata, None)?;
        check_name("metadata.display_name", &metadata.display_name)?;
        operations::within("metadata.targets", metadata.targets.len(), MOST)?;
        let (fit, animation) = convert::fit("metadata.fit", metadata.fit, PublishCommand::FIT)?;
        let policy = convert::policy("metadata.policy", metadata.policy)?;
        let budget = convert::parse_budget("metadata.budget", metadata.budget)?;
        let terms = UploadTerms { fit, animation, replace: metadata.replace, policy };
        let service = self.service.open(&caller);
        let targets = metadata.targets.iter().enumerate().map(|(place, told)| record(&service, place, told));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let content = messages.content().await?;
        let repeated = repeats::request(REQUEST_ID, &id, METHOD, &metadata, Some(content.sha256()))?;
        let (sha256, len) = (content.sha256(), content.len());
        let task = PublishTask { name: metadata.display_name, sha256, len, targets, terms };
        if metadata.validate_only {
            return Ok(tried(&service, task, budget, content).await);
        }
        let kept = self.work.blobs.put(caller.client(), &content).await;
        kept.map_err(|error| failed(&error, Fields::of("chunk")))?;
        progress.writing();
        let asked = Asked { task: Task::Publish(task), budget, request: repeated };
        operations::submit(&self.work, &service, caller.client().clone(), asked, REQUEST_ID).await
    }
}

fn record(service: &Service, place: usize, told: &v1::PublishTarget) -> Result<TargetRecord, Refusal> {
    let album = target(service, &format!("metadata.targets[{place}].parent"), &told.parent)?;
    let class = Some(told.image_class.clone()).filter(|class| !class.is_empty());
    Ok(TargetRecord { album, class })
}

/// What would be sent to each target, and what that would cost. Each library is compared once for each class; what the fit
/// then cannot do is told as well.
async fn tried(service: &Service, task: PublishTask, budget: Budget, content: Content) -> longrunning::Operation {
    let UploadTerms { fit, animation, replace, policy } = task.terms;
    let command = PublishCommand {
        name: task.name.clone(),
        content: content.clone(),
        targets: task.targets.iter().cloned().map(Into::into).collect(),
        fit,
        animation,
        replace,
        policy,
        budget,
    };
    let BatchReport { outcomes: planned, costs } = service.estimate_publish(&command).await;
    let mut known = HashMap::<(LibraryId, Option<String>), Outcome>::new();
    let mut outcomes = Vec::with_capacity(task.targets.len());
    for (place, (target, planned)) in task.targets.iter().zip(planned).enumerate() {
        let class = format!("metadata.targets[{place}].image_class");
        let refused =
            |error: &Error| Outcome::Error(Refusal::of(error, Fields { class: &class, ..Fields::UPLOAD }).into());
        let key = (target.album.library.clone(), target.class.clone());
        let outcome = match known.get(&key) {
            Some(outcome) => outcome.clone(),
            None => {
                let ((library, class), name, content) = (key.clone(), task.name.clone(), content.clone());
                let command = CheckCommand { library, name, content, fit, animation, class };
                let checked = trial::of(service, command).await;
                let outcome = checked.map_or_else(|error| refused(&error), Outcome::Upload);
                known.insert(key, outcome.clone());
                outcome
            }
        };
        let outcome = match (outcome, planned) {
            (Outcome::Upload(_), Err(error)) => refused(&error),
            (outcome, _) => outcome,
        };
        outcomes.push(operations::outcome(target, Some(outcome)));
    }
    let response = operations::pack("PublishResponse", &v1::PublishResponse { outcomes });
    let asked = Asked { task: Task::Publish(task), budget, request: None };
    operations::validated(service, &asked, &costs, response)
}

#[tonic::async_trait]
impl PublishService for Publications {
    async fn publish(
        &self,
        request: Request<Streaming<v1::PublishRequest>>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.take(&progress, caller, request.into_inner()).await.map(Response::new)
    }

    async fn stage_picture(
        &self,
        request: Request<Streaming<v1::StagePictureRequest>>,
    ) -> Result<Response<v1::StagePictureResponse>, Status> {
        let client = Caller::of(&request).client().clone();
        self.stage(&client, request.into_inner()).await.map(Response::new)
    }

    async fn plan_sync(
        &self,
        request: Request<v1::PlanSyncRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.plan(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn apply_sync(
        &self,
        request: Request<v1::ApplySyncRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.apply(&progress, &caller, request.into_inner()).await.map(Response::new)
    }
}
