//! The beginning of an operation: it is kept, and answered as it is then.

use polyptych_domain::{
    Applied, Budget, ClientId, Costs, ErrorKind, NewOperation, Request, Service, TargetRecord, Task, Work,
};
use polyptych_proto::{longrunning, v1};
use prost_types::Any;
use tonic::Status;

use super::describe;
use crate::convert;
use crate::status::{Fields, Refusal, failed};

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) task: Task,
    pub(crate) budget: Budget,
    /// What makes a repetition of the request known as such; absent where the caller gave none.
    pub(crate) request: Option<Request>,
}

/// Keeps what was asked for as an operation of `client`. A repetition gets the operation of the first request.
///
/// # Errors
/// If the request id was used for something else, which `field` is blamed for, or the store fails.
pub(crate) async fn submit(
    work: &Work,
    service: &Service,
    client: ClientId,
    asked: Asked,
    field: &'static str,
) -> Result<longrunning::Operation, Status> {
    let Asked { task, budget, request } = asked;
    let kept = async {
        let operation = work.operations.submit(NewOperation { client, task, budget, request }).await?;
        describe::whole(work.operations.as_ref(), service, operation).await
    };
    kept.await.map_err(|error| {
        let lost = error.kind() == ErrorKind::Internal;
        let error = if lost { error.with_applied(Applied::Unknown) } else { error };
        failed(&error, Fields::of(field))
    })
}

/// The operation of an earlier request that this one repeats, if it does. For what has to be known before anything is looked
/// at that may have gone since.
///
/// # Errors
/// If the request id was used for something else, which `field` is blamed for, or the store fails.
pub(crate) async fn repeated(
    work: &Work,
    service: &Service,
    client: &ClientId,
    request: Option<&Request>,
    field: &'static str,
) -> Result<Option<longrunning::Operation>, Status> {
    let Some(request) = request else { return Ok(None) };
    let made = async {
        match work.operations.repeated(client, request).await? {
            Some(operation) => describe::whole(work.operations.as_ref(), service, operation).await.map(Some),
            None => Ok(None),
        }
    };
    made.await.map_err(|error| failed(&error, Fields::of(field)))
}

/// The answer to a request that was only to be validated: an operation without a name, done, with this response and what
/// the task would cost.
pub(crate) fn validated(service: &Service, asked: &Asked, costs: &Costs, response: Any) -> longrunning::Operation {
    let metadata = v1::OperationMetadata {
        verb: asked.task.as_str().to_owned(),
        progress: Some(v1::Progress { total: convert::bytes(asked.task.items()), ..v1::Progress::default() }),
        costs: convert::costs(service, costs),
        budget: convert::budget(&asked.budget),
        ..v1::OperationMetadata::default()
    };
    longrunning::Operation {
        metadata: Some(describe::pack("OperationMetadata", &metadata)),
        done: true,
        result: Some(longrunning::operation::Result::Response(response)),
        ..longrunning::Operation::default()
    }
}

/// Refuses a list that is empty or too long for one operation.
pub(crate) fn within(field: &str, items: usize, most: usize) -> Result<(), Refusal> {
    match items {
        0 => Err(Refusal::argument(field, "there is nothing to do: it is empty")),
        items if items > most => {
            Err(Refusal::argument(field, format!("{items} are more than the {most} that are taken")))
        }
        _ => Ok(()),
    }
}

/// An outcome of a request that was only to be validated.
pub(crate) fn outcome(target: &TargetRecord, result: Option<v1::upload_outcome::Result>) -> v1::UploadOutcome {
    v1::UploadOutcome { parent: target.album.to_string(), result }
}
