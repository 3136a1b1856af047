//! The beginning of an operation: it is kept, and answered as it is then.

use polyptych_domain::{Applied, ClientId, ErrorKind, NewOperation, Request, TargetRecord, Task};
use polyptych_proto::{longrunning, v1};
use prost_types::Any;
use tonic::Status;

use super::describe;
use crate::status::{Fields, Refusal, failed};
use polyptych_domain::Work;

/// Keeps what was asked for as an operation of `client`. A repetition gets the operation of the first request.
///
/// # Errors
/// If the request id was used for something else, which `field` is blamed for, or the store fails.
pub(crate) async fn submit(
    work: &Work,
    client: ClientId,
    task: Task,
    request: Option<Request>,
    field: &'static str,
) -> Result<longrunning::Operation, Status> {
    let kept = async {
        let operation = work.operations.submit(NewOperation { client, task, request }).await?;
        describe::whole(work.operations.as_ref(), operation).await
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
    client: &ClientId,
    request: Option<&Request>,
    field: &'static str,
) -> Result<Option<longrunning::Operation>, Status> {
    let Some(request) = request else { return Ok(None) };
    let made = async {
        match work.operations.repeated(client, request).await? {
            Some(operation) => describe::whole(work.operations.as_ref(), operation).await.map(Some),
            None => Ok(None),
        }
    };
    made.await.map_err(|error| failed(&error, Fields::of(field)))
}

/// The answer to a request that was only to be validated: an operation without a name, done, with this response.
pub(crate) fn validated(response: Any) -> longrunning::Operation {
    longrunning::Operation {
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
