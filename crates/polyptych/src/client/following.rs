//! Waits for an operation and shows its progress. Ctrl-C leaves it to the server, which goes on.

use anyhow::{Context, Result, bail};
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{Operation, WaitOperationRequest, operation};
use polyptych::proto::v1;
use prost::Message;
use v1::operation_metadata::State;

use super::connection::Connection;
use super::failure::Failure;
use super::progress;
use super::report::Format;
use super::stop::Stop;
use super::told;
use crate::output::tell;

/// How long one call waits, so that progress is seen.
const WAIT_NANOS: i32 = 500_000_000;

/// What became of an operation.
pub(crate) enum Followed<R> {
    /// It ended: its response, or as much of it as there is, and what it has cost, or would.
    Ended(R, Vec<v1::Cost>),
    /// The user no longer waits.
    Left,
}

/// Waits for `operation` and reads its response; why it ended early, if it did, is told on standard error.
///
/// # Errors
/// If the server cannot be asked, or answers with something else.
pub(crate) async fn follow<R: Message + Default>(
    connection: &Connection,
    mut operation: Operation,
    format: Format,
    stop: &Stop,
) -> Result<Followed<R>> {
    let mut operations = OperationsClient::new(connection.channel());
    let progress = metadata(&operation)?.progress.unwrap_or_default();
    let bar = progress::items(format, "working", progress.total.unsigned_abs());
    while !operation.done {
        let timeout = prost_types::Duration { seconds: 0, nanos: WAIT_NANOS };
        let request = WaitOperationRequest { name: operation.name.clone(), timeout: Some(timeout) };
        let waited = tokio::select! {
            waited = operations.wait_operation(request) => waited,
            () = stop.gently() => {
                bar.finish_and_clear();
                let id = operation.name.trim_start_matches("operations/");
                let goes_on = if connection.is_within() { "is kept, and goes on when it is waited for" } else { "goes on" };
                let same = connection.same();
                tell(format_args!(
                    "the operation {goes_on}\nhelp: `polyptych operations wait {id}{same}` follows it\n\
                     help: `polyptych operations cancel {id}{same}` ends it"
                ));
                return Ok(Followed::Left);
            }
        };
        operation = waited.map_err(told)?.into_inner();
        let v1::Progress { succeeded, failed, unknown, .. } = metadata(&operation)?.progress.unwrap_or_default();
        bar.set_position((succeeded + failed + unknown).unsigned_abs());
    }
    bar.finish_and_clear();
    ended(&operation)
}

fn ended<R: Message + Default>(operation: &Operation) -> Result<Followed<R>> {
    let v1::OperationMetadata { partial_response: partial, costs, .. } = metadata(operation)?;
    match operation.result.as_ref().context("an operation that is done has no result")? {
        operation::Result::Response(response) => Ok(Followed::Ended(R::decode(response.value.as_slice())?, costs)),
        operation::Result::Error(status) => {
            let partial = partial.map(|partial| R::decode(partial.value.as_slice())).transpose()?;
            match partial {
                Some(partial) => {
                    tell(format_args!("error: {} ended early: {}", operation.name, Failure::from(status)));
                    Ok(Followed::Ended(partial, costs))
                }
                None => bail!("{}", Failure::from(status)),
            }
        }
    }
}

/// How far an operation is. An operation that was only validated has none.
pub(crate) fn metadata(operation: &Operation) -> Result<v1::OperationMetadata> {
    match &operation.metadata {
        Some(metadata) => Ok(v1::OperationMetadata::decode(metadata.value.as_slice())?),
        None => Ok(v1::OperationMetadata { state: State::Succeeded.into(), ..Default::default() }),
    }
}
