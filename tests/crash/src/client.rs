//! A client of one server. It never repeats a call by itself.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::stream;
use polyptych_proto::longrunning::operations_client::OperationsClient;
use polyptych_proto::longrunning::{GetOperationRequest, Operation, WaitOperationRequest, operation};
use polyptych_proto::v1;
use prost::Message;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use v1::image_service_client::ImageServiceClient;
use v1::publish_request::Payload;
use v1::publish_service_client::PublishServiceClient;

use crate::asked::{Request, Sync};

/// No call takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A chunk of a picture.
const CHUNK: usize = 64 * 1024;

/// A client, which clones share.
#[derive(Debug, Clone)]
pub struct Client(Channel);

impl Client {
    /// Of the server at `host:port`, which need not be there yet.
    ///
    /// # Errors
    /// If that is no address.
    pub fn new(address: &str) -> Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).context("no address")?;
        Ok(Self(endpoint.timeout(PATIENCE).connect_lazy()))
    }

    /// Asks for an operation.
    ///
    /// # Errors
    /// What the server answers, or that it is not there.
    pub async fn submit(&self, request: &Request) -> Result<Operation, Status> {
        let mut images = ImageServiceClient::new(self.0.clone());
        let operation = match request.clone() {
            Request::Publish(metadata, mut bytes) => {
                let mut messages = vec![v1::PublishRequest { payload: Some(Payload::Metadata(metadata)) }];
                while !bytes.is_empty() {
                    let chunk = bytes.split_to(bytes.len().min(CHUNK));
                    messages.push(v1::PublishRequest { payload: Some(Payload::Chunk(chunk)) });
                }
                PublishServiceClient::new(self.0.clone()).publish(stream::iter(messages)).await
            }
            Request::Import(request) => images.import_images(request).await,
            Request::Delete(request) => images.delete_images(request).await,
            Request::Copy(request) => images.copy_images(request).await,
            Request::Sync(sync) => {
                let planned = self.ended(&self.plan(&sync, &sync.plan_id()).await?.name).await?;
                if let Some(operation::Result::Error(status)) = planned.result {
                    return Err(Status::new(status.code.into(), format!("there is no plan: {}", status.message)));
                }
                let request_id = format!("apply-{}", sync.request_id);
                let request = v1::ApplySyncRequest { plan: planned.name, request_id, ..Default::default() };
                PublishServiceClient::new(self.0.clone()).apply_sync(request).await
            }
        };
        Ok(operation?.into_inner())
    }

    /// Asks for a plan, for which the file is brought before.
    ///
    /// # Errors
    /// What the server answers, or that it is not there.
    pub async fn plan(&self, sync: &Sync, request_id: &str) -> Result<Operation, Status> {
        use v1::stage_picture_request::Payload;
        let mut bytes = sync.file.clone();
        let mut messages = vec![Payload::Metadata(v1::StagePictureMetadata::default())];
        while !bytes.is_empty() {
            messages.push(Payload::Chunk(bytes.split_to(bytes.len().min(CHUNK))));
        }
        let messages = messages.into_iter().map(|payload| v1::StagePictureRequest { payload: Some(payload) });
        let mut publications = PublishServiceClient::new(self.0.clone());
        publications.stage_picture(stream::iter(messages.collect::<Vec<_>>())).await?;
        let (manifest, request_id) = (Some(sync.manifest.clone()), request_id.to_owned());
        Ok(publications.plan_sync(v1::PlanSyncRequest { manifest, request_id }).await?.into_inner())
    }

    /// What is left to be done for a manifest.
    ///
    /// # Errors
    /// What the server answers, or that it is not there.
    pub async fn left(&self, sync: &Sync) -> Result<v1::SyncPlan, Status> {
        let planned = self.ended(&self.plan(sync, "").await?.name).await?;
        match planned.result {
            Some(operation::Result::Response(plan)) => {
                v1::SyncPlan::decode(plan.value.as_slice()).map_err(|error| Status::internal(error.to_string()))
            }
            other => Err(Status::internal(format!("there is no plan: {other:?}"))),
        }
    }

    /// An operation once it has ended.
    async fn ended(&self, name: &str) -> Result<Operation, Status> {
        loop {
            let operation = self.wait(name).await?;
            if operation.done {
                return Ok(operation);
            }
        }
    }

    /// Reads an operation.
    ///
    /// # Errors
    /// What the server answers, or that it is not there.
    pub async fn get(&self, name: &str) -> Result<Operation, Status> {
        let request = GetOperationRequest { name: name.to_owned() };
        Ok(OperationsClient::new(self.0.clone()).get_operation(request).await?.into_inner())
    }

    /// Waits for an operation to end, as long as the server lets a call wait.
    ///
    /// # Errors
    /// What the server answers, or that it is not there.
    pub async fn wait(&self, name: &str) -> Result<Operation, Status> {
        let request = WaitOperationRequest { name: name.to_owned(), timeout: None };
        Ok(OperationsClient::new(self.0.clone()).wait_operation(request).await?.into_inner())
    }
}
