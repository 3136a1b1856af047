//! A client of one server. It never repeats a call by itself.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::stream;
use polyptych_proto::longrunning::operations_client::OperationsClient;
use polyptych_proto::longrunning::{GetOperationRequest, Operation, WaitOperationRequest};
use polyptych_proto::v1;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use v1::image_service_client::ImageServiceClient;
use v1::publish_request::Payload;
use v1::publish_service_client::PublishServiceClient;

use crate::asked::Request;

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
        };
        Ok(operation?.into_inner())
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
