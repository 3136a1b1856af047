//! An operation and its items as messages. Only those of one operation are told item by item; in a list each is told in
//! short.

use polyptych_domain::{
    Applied, Error, ErrorKind, Failure, ImageRecord, ItemOutcome, Operation, Operations, Phase, Service, TargetRecord,
    Task,
};
use polyptych_proto::{longrunning, v1};
use prost::Message;
use prost_types::Any;
use tonic::Code;
use tonic_types::pb;
use v1::operation_metadata::State;

use super::plan;
use crate::convert;
use crate::status::{Fields, Reason, Refusal};

/// Items that are read from the store at a time.
const PAGE: u32 = 1000;
/// Failures that the metadata tells.
const FAILURES: usize = 100;
/// Failures of a response, and uploads of a sync, that are told in full; the others in short, so that 10,000 fit into what clients take.
const DETAILED: usize = 1000;

/// What is known of an item.
enum Item {
    NotBegun,
    /// It was begun, and nobody has told what became of it.
    Begun,
    Settled(ItemOutcome),
}

/// The operation with all that is known of its items.
///
/// # Errors
/// If the items cannot be read.
pub(crate) async fn whole(
    operations: &dyn Operations,
    service: &Service,
    operation: Operation,
) -> Result<longrunning::Operation, Error> {
    let mut metadata = metadata(service, &operation);
    let progress = operation.progress;
    if !operation.phase.has_ended() && progress.failed + progress.unknown == 0 {
        return Ok(told(&operation, &metadata, None));
    }
    let items = items(operations, &operation).await?;
    metadata.failures = failures(&operation, &items);
    let response = operation.phase.has_ended().then(|| response(service, &operation.task, items));
    let response = match operation.phase {
        Phase::Succeeded => response,
        _ => {
            metadata.partial_response = response;
            None
        }
    };
    Ok(told(&operation, &metadata, response))
}

/// The operation without its items.
pub(crate) fn brief(service: &Service, operation: &Operation) -> longrunning::Operation {
    let response = (operation.phase == Phase::Succeeded).then(|| response(service, &operation.task, Vec::new()));
    told(operation, &metadata(service, operation), response)
}

fn told(operation: &Operation, metadata: &v1::OperationMetadata, response: Option<Any>) -> longrunning::Operation {
    use longrunning::operation::Result;
    let result = match operation.phase {
        Phase::Pending | Phase::Running => None,
        Phase::Succeeded => response.map(Result::Response),
        Phase::Failed => {
            let message = "the operation has failed, and nothing is known of the reason";
            let unknown = || Refusal::new(Code::Internal, Reason::Internal, message).into();
            // Of a request as a whole only a manifest can be blamed.
            let fields = Fields::of(if matches!(operation.task, Task::Plan(_)) { "manifest" } else { "" });
            Some(Result::Error(operation.failure.as_ref().map_or_else(unknown, |failure| status(failure, fields))))
        }
        Phase::Cancelled => {
            let message = "the operation was cancelled; what was done before stays done";
            let refusal = Refusal::new(Code::Cancelled, Reason::OperationCancelled, message);
            let changed = operation.progress.succeeded + operation.progress.unknown > 0;
            let applied = if changed { Applied::Yes } else { Applied::No };
            Some(Result::Error(refusal.with_applied(applied).into()))
        }
    };
    longrunning::Operation {
        name: format!("operations/{}", operation.id),
        metadata: Some(pack("OperationMetadata", metadata)),
        done: operation.phase.has_ended(),
        result,
    }
}

fn metadata(service: &Service, operation: &Operation) -> v1::OperationMetadata {
    let state = match operation.phase {
        Phase::Pending => State::Pending,
        Phase::Running => State::Running,
        Phase::Succeeded => State::Succeeded,
        Phase::Failed => State::Failed,
        Phase::Cancelled => State::Cancelled,
    };
    let progress = operation.progress;
    v1::OperationMetadata {
        verb: operation.task.as_str().to_owned(),
        state: state.into(),
        create_time: Some(convert::time(operation.created)),
        update_time: Some(convert::time(operation.updated)),
        progress: Some(v1::Progress {
            total: convert::bytes(progress.total),
            succeeded: convert::bytes(progress.succeeded),
            failed: convert::bytes(progress.failed),
            unknown: convert::bytes(progress.unknown),
        }),
        cancelling: operation.cancelling,
        tries: convert::count(operation.tries),
        failures: Vec::new(),
        partial_response: None,
        costs: convert::costs(service, &operation.costs),
        budget: convert::budget(&operation.budget),
    }
}

/// What is known of every item, in the order of the task.
async fn items(operations: &dyn Operations, operation: &Operation) -> Result<Vec<Item>, Error> {
    let mut items: Vec<Item> = (0..operation.task.items()).map(|_| Item::NotBegun).collect();
    let mut from = 0;
    loop {
        let page = operations.items(&operation.id, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(items) };
        from = last.place.saturating_add(1);
        for record in page {
            let slot = usize::try_from(record.place).ok().and_then(|place| items.get_mut(place));
            if let Some(slot) = slot {
                *slot = record.outcome.map_or(Item::Begun, Item::Settled);
            }
        }
    }
}

fn failures(operation: &Operation, items: &[Item]) -> Vec<v1::ItemFailure> {
    let ended = operation.phase.has_ended();
    let failed = items.iter().enumerate().filter_map(|(place, item)| {
        let failure = match item {
            Item::Settled(ItemOutcome::Failed(failure)) => Some((**failure).clone()),
            Item::Begun if ended => Some(untold()),
            Item::Settled(ItemOutcome::Stored(_) | ItemOutcome::Deleted(_) | ItemOutcome::Planned(_))
            | Item::Begun
            | Item::NotBegun => None,
        };
        let blamed = Blamed::of(&operation.task, place);
        let index = i32::try_from(place).unwrap_or(i32::MAX);
        failure.map(|failure| v1::ItemFailure { index, status: Some(status(&failure, blamed.fields())) })
    });
    failed.take(FAILURES).collect()
}

/// The failure of an item whose worker has left without a word.
fn untold() -> Failure {
    let message = "it was begun, and nobody knows what became of it; look before repeating it";
    Failure::from(&Error::new(ErrorKind::Internal, message).with_applied(Applied::Unknown))
}

/// The response of the task's method; without items it has no outcomes.
fn response(service: &Service, task: &Task, items: Vec<Item>) -> Any {
    match task {
        Task::Import(import) => {
            let outcomes = uploads(task, import.items.iter().map(|item| &item.target), items);
            pack("ImportImagesResponse", &v1::ImportImagesResponse { outcomes })
        }
        Task::Copy(copy) => {
            let outcomes = uploads(task, copy.images.iter().map(|_| &copy.target), items);
            pack("CopyImagesResponse", &v1::CopyImagesResponse { outcomes })
        }
        Task::Publish(publish) => {
            let outcomes = uploads(task, publish.targets.iter(), items);
            pack("PublishResponse", &v1::PublishResponse { outcomes })
        }
        Task::Plan(_) => {
            let made = items.iter().find_map(|item| match item {
                Item::Settled(ItemOutcome::Planned(made)) => Some(plan::plan(service, made)),
                _ => None,
            });
            pack("SyncPlan", &made.unwrap_or_default())
        }
        Task::Sync(_) => {
            let outcomes = steps(task, items);
            pack("SyncResponse", &v1::SyncResponse { outcomes })
        }
        Task::Delete(_) => {
            let outcomes = deletions(task, items);
            pack("DeleteImagesResponse", &v1::DeleteImagesResponse { outcomes })
        }
    }
}

fn uploads<'t>(
    task: &Task,
    targets: impl Iterator<Item = &'t TargetRecord>,
    items: Vec<Item>,
) -> Vec<v1::UploadOutcome> {
    use v1::upload_outcome::Result;
    let mut failures = Failures::default();
    let each = targets.zip(items).enumerate().map(|(place, (target, item))| {
        let blamed = Blamed::of(task, place);
        let result = match item {
            Item::NotBegun => None,
            Item::Begun => Some(Result::Error(failures.status(&untold(), blamed.fields()))),
            Item::Settled(ItemOutcome::Stored(record)) => Some(Result::Upload(stored(*record))),
            Item::Settled(ItemOutcome::Failed(failure)) => {
                Some(Result::Error(failures.status(&failure, blamed.fields())))
            }
            Item::Settled(ItemOutcome::Deleted(_) | ItemOutcome::Planned(_)) => {
                Some(Result::Error(failures.status(&untold(), blamed.fields())))
            }
        };
        v1::UploadOutcome { parent: target.album.to_string(), result }
    });
    each.collect()
}

fn deletions(task: &Task, items: Vec<Item>) -> Vec<v1::DeletionOutcome> {
    use v1::deletion_outcome::Result;
    let mut failures = Failures::default();
    let each = items.into_iter().enumerate().map(|(place, item)| {
        let blamed = Blamed::of(task, place);
        let mut provider_request_id = String::new();
        let result = match item {
            Item::NotBegun => None,
            Item::Settled(ItemOutcome::Deleted(confirmed)) => {
                provider_request_id = confirmed.request_id.unwrap_or_default();
                Some(Result::Deleted(()))
            }
            Item::Settled(ItemOutcome::Failed(failure)) => {
                Some(Result::Error(failures.status(&failure, blamed.fields())))
            }
            Item::Begun | Item::Settled(ItemOutcome::Stored(_) | ItemOutcome::Planned(_)) => {
                Some(Result::Error(failures.status(&untold(), blamed.fields())))
            }
        };
        v1::DeletionOutcome { result, provider_request_id }
    });
    each.collect()
}

fn steps(task: &Task, items: Vec<Item>) -> Vec<v1::SyncOutcome> {
    use v1::sync_outcome::Result;
    let mut failures = Failures::default();
    let each = items.into_iter().enumerate().map(|(place, item)| {
        let blamed = Blamed::of(task, place);
        let mut provider_request_id = String::new();
        let result = match item {
            Item::NotBegun => None,
            Item::Begun | Item::Settled(ItemOutcome::Planned(_)) => {
                Some(Result::Error(failures.status(&untold(), blamed.fields())))
            }
            Item::Settled(ItemOutcome::Stored(record)) if place < DETAILED => Some(Result::Upload(stored(*record))),
            Item::Settled(ItemOutcome::Stored(record)) => Some(Result::Upload(stored_in_short(*record))),
            Item::Settled(ItemOutcome::Deleted(confirmed)) => {
                let told = confirmed.request_id.filter(|_| place < DETAILED);
                provider_request_id = told.unwrap_or_default();
                Some(Result::Deleted(()))
            }
            Item::Settled(ItemOutcome::Failed(failure)) => {
                Some(Result::Error(failures.status(&failure, blamed.fields())))
            }
        };
        v1::SyncOutcome { result, provider_request_id }
    });
    each.collect()
}

fn stored(record: ImageRecord) -> v1::UploadImageResponse {
    v1::UploadImageResponse {
        sent: record.sent.as_ref().map(convert::sent),
        reused: record.reused,
        found: record.found,
        resent: convert::count(record.resent),
        image: Some(convert::image(&record.library, record.image)),
        check: None,
        provider_request_id: record.request_id.unwrap_or_default(),
        cost: None,
    }
}

/// Which image it is, and how it came there.
fn stored_in_short(record: ImageRecord) -> v1::UploadImageResponse {
    let v1::UploadImageResponse { image, reused, found, resent, .. } = stored(record);
    let image = image.map(|v1::Image { name, uid, .. }| v1::Image { name, uid, ..v1::Image::default() });
    v1::UploadImageResponse { image, reused, found, resent, ..v1::UploadImageResponse::default() }
}

/// Failures within one response, which must not grow beyond what clients take.
#[derive(Default)]
pub(super) struct Failures(usize);

impl Failures {
    pub(super) fn status(&mut self, failure: &Failure, fields: Fields<'_>) -> pb::Status {
        self.0 += 1;
        let refusal = Refusal::of(&Error::from(failure.clone()), fields);
        let refusal = if self.0 > DETAILED { refusal.in_short() } else { refusal };
        refusal.into()
    }
}

fn status(failure: &Failure, fields: Fields<'_>) -> pb::Status {
    Refusal::of(&Error::from(failure.clone()), fields).into()
}

/// The fields of a request that the failure of one of its items blames.
struct Blamed {
    argument: String,
    name: String,
    class: String,
    content: String,
}

impl Blamed {
    fn of(task: &Task, place: usize) -> Self {
        let item = |list: &str, field: &str| format!("{list}[{place}].{field}");
        match task {
            Task::Import(_) => Self {
                argument: item("sources", "parent"),
                name: item("sources", "display_name"),
                class: item("sources", "image_class"),
                content: item("sources", "uri"),
            },
            Task::Publish(_) => Self {
                argument: item("metadata.targets", "parent"),
                name: "metadata.display_name".to_owned(),
                class: item("metadata.targets", "image_class"),
                content: "chunk".to_owned(),
            },
            Task::Copy(_) => {
                let name = format!("names[{place}]");
                Self { argument: name.clone(), name: name.clone(), class: "image_class".to_owned(), content: name }
            }
            Task::Plan(_) => {
                let manifest = "manifest".to_owned();
                Self { argument: manifest.clone(), name: manifest.clone(), class: manifest.clone(), content: manifest }
            }
            Task::Sync(_) => {
                let step = format!("plan.steps[{place}]");
                Self { argument: step.clone(), name: step.clone(), class: step.clone(), content: step }
            }
            Task::Delete(_) => {
                let name = format!("names[{place}]");
                Self { argument: name.clone(), name: name.clone(), class: name.clone(), content: name }
            }
        }
    }

    fn fields(&self) -> Fields<'_> {
        Fields { argument: &self.argument, name: &self.name, class: &self.class, content: &self.content }
    }
}

/// A message of `polyptych.v1` by its name.
pub(crate) fn pack(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/polyptych.v1.{name}"), value: message.encode_to_vec() }
}
