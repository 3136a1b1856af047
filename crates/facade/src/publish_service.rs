//! `PublishService`: pictures into many albums. One picture is handed over as an operation once all of it has come; what a
//! manifest wants is planned first.

mod manifest;
mod sync;

use std::collections::HashMap;

use polyptych_domain::{
    CheckCommand, Content, LibraryId, PublishCommand, PublishTask, Service, TargetRecord, Task, UploadTerms,
};
use polyptych_proto::v1::publish_service_server::PublishService;
use polyptych_proto::v1::upload_outcome::Result as Outcome;
use polyptych_proto::{longrunning, v1};
use tonic::{Request, Response, Status, Streaming};

use crate::caller::{Caller, Door};
use crate::image_service::{check_name, target};
use crate::progress::Progress;
use crate::receiving::Receiver;
use crate::status::{Fields, Refusal, failed};
use crate::{convert, operations, repeats, trial};
use polyptych_domain::Work;

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
        let mut messages = self.receiver.receive(caller.client(), stream);
        let mut metadata = messages.metadata().await?;
        let id = std::mem::take(&mut metadata.request_id);
        repeats::request(REQUEST_ID, &id, METHOD, &metadata, None)?;
        check_name("metadata.display_name", &metadata.display_name)?;
        operations::within("metadata.targets", metadata.targets.len(), MOST)?;
        let (fit, animation) = convert::fit("metadata.fit", metadata.fit, PublishCommand::FIT)?;
        let policy = convert::policy("metadata.policy", metadata.policy)?;
        let terms = UploadTerms { fit, animation, replace: metadata.replace, policy };
        let service = self.service.open(&caller);
        let targets = metadata.targets.iter().enumerate().map(|(place, told)| record(&service, place, told));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let content = messages.content().await?;
        let repeated = repeats::request(REQUEST_ID, &id, METHOD, &metadata, Some(content.sha256()))?;
        if metadata.validate_only {
            return Ok(tried(&service, metadata.display_name, content, &terms, targets).await);
        }
        let kept = self.work.blobs.put(&caller.client(), &content).await;
        kept.map_err(|error| failed(&error, Fields::of("chunk")))?;
        progress.writing();
        let (sha256, len) = (content.sha256(), content.len());
        let task = Task::Publish(PublishTask { name: metadata.display_name, sha256, len, targets, terms });
        operations::submit(&self.work, caller.client(), task, repeated, REQUEST_ID).await
    }
}

fn record(service: &Service, place: usize, told: &v1::PublishTarget) -> Result<TargetRecord, Refusal> {
    let album = target(service, &format!("metadata.targets[{place}].parent"), &told.parent)?;
    let class = Some(told.image_class.clone()).filter(|class| !class.is_empty());
    Ok(TargetRecord { album, class })
}

/// What would be sent to each target; each library is compared once for each class.
async fn tried(
    service: &Service,
    name: String,
    content: Content,
    terms: &UploadTerms,
    targets: Vec<TargetRecord>,
) -> longrunning::Operation {
    let mut known = HashMap::<(LibraryId, Option<String>), Outcome>::new();
    let mut outcomes = Vec::with_capacity(targets.len());
    for (place, target) in targets.iter().enumerate() {
        let key = (target.album.library.clone(), target.class.clone());
        let outcome = match known.get(&key) {
            Some(outcome) => outcome.clone(),
            None => {
                let (library, class) = key.clone();
                let (name, content) = (name.clone(), content.clone());
                let UploadTerms { fit, animation, .. } = *terms;
                let command = CheckCommand { library, name, content, fit, animation, class };
                let outcome = match trial::of(service, command).await {
                    Ok(answer) => Outcome::Upload(answer),
                    Err(error) => {
                        let class = format!("metadata.targets[{place}].image_class");
                        let fields = Fields { class: &class, ..Fields::UPLOAD };
                        Outcome::Error(Refusal::of(&error, fields).into())
                    }
                };
                known.insert(key, outcome.clone());
                outcome
            }
        };
        outcomes.push(operations::outcome(target, Some(outcome)));
    }
    operations::validated(operations::pack("PublishResponse", &v1::PublishResponse { outcomes }))
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
        let client = Caller::of(&request).client();
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
