//! One picture into the default album of each library: published over gRPC, as an operation that is waited for.

use anyhow::{Context, Result, bail, ensure};
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{Operation, WaitOperationRequest, operation};
use polyptych::proto::v1;
use prost::Message;
use tonic::transport::Channel;
use v1::publish_request::Payload;
use v1::publish_service_client::PublishServiceClient;
use v1::upload_outcome::Result as Outcome;

use super::picture::Picture;

/// Bytes of one message.
const CHUNK: usize = 256 << 10;

/// What became of the picture in each library, in order: what was uploaded, or why not.
pub(super) async fn of(
    channel: Channel,
    libraries: &[v1::Library],
    picture: &Picture,
) -> Result<Vec<Result<v1::UploadImageResponse, String>>> {
    let target = |library: &v1::Library| v1::PublishTarget { parent: library.name.clone(), ..Default::default() };
    let metadata = v1::PublishMetadata {
        display_name: picture.name.clone(),
        targets: libraries.iter().map(target).collect(),
        ..Default::default()
    };
    let chunks = (0..picture.bytes.len())
        .step_by(CHUNK)
        .map(|start| Payload::Chunk(picture.bytes.slice(start..picture.bytes.len().min(start + CHUNK))));
    let messages: Vec<_> = std::iter::once(Payload::Metadata(metadata))
        .chain(chunks)
        .map(|payload| v1::PublishRequest { payload: Some(payload) })
        .collect();
    let mut publications = PublishServiceClient::new(channel.clone());
    let begun = publications.publish(futures_util::stream::iter(messages)).await?.into_inner();
    let outcomes = outcomes(wait(channel, begun).await?)?;
    ensure!(outcomes.len() == libraries.len(), "{} libraries have {} outcomes", libraries.len(), outcomes.len());
    Ok(outcomes.into_iter().map(told).collect())
}

async fn wait(channel: Channel, mut operation: Operation) -> Result<Operation> {
    let mut operations = OperationsClient::new(channel);
    while !operation.done {
        let request = WaitOperationRequest { name: operation.name, timeout: None };
        operation = operations.wait_operation(request).await?.into_inner();
    }
    Ok(operation)
}

fn outcomes(operation: Operation) -> Result<Vec<v1::UploadOutcome>> {
    match operation.result.context("an operation that is done has no result")? {
        operation::Result::Response(response) => Ok(v1::PublishResponse::decode(response.value.as_slice())?.outcomes),
        operation::Result::Error(status) => bail!("the publication has failed: {}", status.message),
    }
}

fn told(outcome: v1::UploadOutcome) -> Result<v1::UploadImageResponse, String> {
    match outcome.result {
        Some(Outcome::Upload(upload)) => Ok(upload),
        Some(Outcome::Error(status)) => Err(status.message),
        None => Err("it was not begun".to_owned()),
    }
}
