//! A client of a whole running stack: façade, providers, transport and emulator in one process, spoken to over gRPC.

pub mod stalled;

use std::collections::HashMap;
use std::io::Cursor;

use bytes::Bytes;
use futures_util::stream;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych::emulated::Running;
use polyptych::emulator::Settings;
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{Operation, WaitOperationRequest};
use polyptych::proto::v1;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use v1::association_service_client::AssociationServiceClient;
use v1::audit_service_client::AuditServiceClient;
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;
use v1::publish_service_client::PublishServiceClient;
use v1::upload_image_request::Payload;

/// A running stack and clients of it.
pub struct Stack {
    /// Its addresses.
    pub running: Running,
    /// Client of the image service.
    pub images: ImageServiceClient<Channel>,
    /// Client of the library service.
    pub libraries: LibraryServiceClient<Channel>,
    /// Client of the publish service.
    pub publications: PublishServiceClient<Channel>,
    /// Client of the association service.
    pub associations: AssociationServiceClient<Channel>,
    /// Client of the audit service.
    pub audit: AuditServiceClient<Channel>,
    /// Client of the operations.
    pub operations: OperationsClient<Channel>,
}

impl Stack {
    /// Starts a stack on free loopback ports.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(emulator: Settings) -> Self {
        let any = "127.0.0.1:0".parse().expect("an address");
        let running = Running::start(any, any, emulator).await.expect("the stack starts");
        let address = format!("http://{}", running.facade());
        let channel = Channel::from_shared(address).expect("a URI").connect().await.expect("a connection");
        Self {
            running,
            images: ImageServiceClient::new(channel.clone()),
            libraries: LibraryServiceClient::new(channel.clone()),
            publications: PublishServiceClient::new(channel.clone()),
            associations: AssociationServiceClient::new(channel.clone()),
            audit: AuditServiceClient::new(channel.clone()),
            operations: OperationsClient::new(channel),
        }
    }

    /// Changes the emulator, by the JSON of its control.
    ///
    /// # Panics
    /// If it refuses.
    pub async fn set_up(&self, change: String) {
        let address = format!("http://{}/_emulator/setup", self.running.emulator());
        let answer = plain_client().post(address).body(change).send().await.expect("the emulator answers");
        let (status, text) = (answer.status(), answer.text().await.expect("an answer"));
        assert!(status.is_success(), "{status} {text}");
    }

    /// Uploads `bytes` in chunks of 64 KiB.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn upload(
        &mut self,
        metadata: v1::UploadImageMetadata,
        bytes: impl Into<Bytes>,
    ) -> Result<v1::UploadImageResponse, Status> {
        Ok(self.images.upload_image(stream::iter(messages(metadata, bytes))).await?.into_inner())
    }

    /// Checks `bytes` against a library's rules.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn check(
        &mut self,
        metadata: v1::UploadImageMetadata,
        bytes: impl Into<Bytes>,
    ) -> Result<v1::CheckImageResponse, Status> {
        Ok(self.images.check_image(stream::iter(messages(metadata, bytes))).await?.into_inner())
    }

    /// Publishes `bytes` and waits for the operation to end.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn publish(
        &mut self,
        metadata: v1::PublishMetadata,
        bytes: impl Into<Bytes>,
    ) -> Result<Operation, Status> {
        use v1::publish_request::Payload;
        let mut bytes = bytes.into();
        let mut messages = vec![v1::PublishRequest { payload: Some(Payload::Metadata(metadata)) }];
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(64 * 1024));
            messages.push(v1::PublishRequest { payload: Some(Payload::Chunk(chunk)) });
        }
        let begun = self.publications.publish(stream::iter(messages)).await?.into_inner();
        self.ended(begun).await
    }

    /// Waits for an operation to end.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn ended(&mut self, operation: Operation) -> Result<Operation, Status> {
        let request = WaitOperationRequest { name: operation.name, timeout: None };
        Ok(self.operations.wait_operation(request).await?.into_inner())
    }

    /// Reads one image.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn get(&mut self, name: &str) -> Result<v1::Image, Status> {
        Ok(self.images.get_image(v1::GetImageRequest { name: name.to_owned() }).await?.into_inner())
    }

    /// Deletes one image.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn delete(&mut self, name: &str) -> Result<(), Status> {
        self.images.delete_image(v1::DeleteImageRequest { name: name.to_owned(), ..Default::default() }).await.map(drop)
    }

    /// Lists the first page of a library's default album.
    ///
    /// # Errors
    /// What the façade answers.
    pub async fn list(&mut self, library: &str) -> Result<Vec<v1::Image>, Status> {
        let request = v1::ListImagesRequest { parent: format!("libraries/{library}"), ..Default::default() };
        Ok(self.images.list_images(request).await?.into_inner().images)
    }
}

/// An HTTP client that knows nothing of our transport, and no certificates.
///
/// # Panics
/// If it cannot be built.
pub fn plain_client() -> reqwest::Client {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client")
}

/// The messages of an upload or a check, in chunks of 64 KiB.
pub fn messages(metadata: v1::UploadImageMetadata, bytes: impl Into<Bytes>) -> Vec<v1::UploadImageRequest> {
    let mut bytes = bytes.into();
    let mut messages = vec![v1::UploadImageRequest { payload: Some(Payload::Metadata(metadata)) }];
    while !bytes.is_empty() {
        let chunk = bytes.split_to(bytes.len().min(64 * 1024));
        messages.push(v1::UploadImageRequest { payload: Some(Payload::Chunk(chunk)) });
    }
    messages
}

/// Metadata of an upload to a library's default album.
pub fn to(library: &str, display_name: &str) -> v1::UploadImageMetadata {
    v1::UploadImageMetadata {
        parent: format!("libraries/{library}"),
        display_name: display_name.to_owned(),
        ..Default::default()
    }
}

/// Fit by padding with white.
pub fn contain() -> Option<v1::Fit> {
    let mode = Some(v1::fit::Mode::Contain(v1::fit::Contain::default()));
    Some(v1::Fit { mode, ..Default::default() })
}

/// A picture in which every pixel differs from its neighbours, encoded by the `image` crate.
///
/// # Panics
/// If the encoder fails.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Bytes {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, format).expect("an encodable picture");
    bytes.into_inner().into()
}

/// Code, reason and metadata of a refused call.
#[derive(Debug)]
pub struct Refusal {
    /// gRPC code.
    pub code: Code,
    /// One line.
    pub message: String,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// `ErrorInfo.metadata`.
    pub metadata: HashMap<String, String>,
    /// Fields that `BadRequest` names.
    pub fields: Vec<String>,
}

impl Refusal {
    /// Reads the details of a status.
    ///
    /// # Panics
    /// If it carries no `ErrorInfo` of the domain `polyptych`.
    pub fn of(status: &Status) -> Self {
        let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
        assert_eq!(info.domain, "polyptych", "{status:?}");
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            reason: info.reason,
            metadata: info.metadata,
            fields: violations.into_iter().map(|violation| violation.field).collect(),
        }
    }

    /// A metadata value; empty if absent.
    pub fn get(&self, key: &str) -> &str {
        self.metadata.get(key).map(String::as_str).unwrap_or_default()
    }
}
