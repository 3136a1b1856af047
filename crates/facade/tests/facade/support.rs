//! A façade on in-memory connections, clients of it, and pictures to send.

use std::future::Future;
use std::io::{self, Cursor};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use polyptych_domain::{
    ImageLibrary, InlineWorkers, MemoryAudit, MemoryBlobs, MemoryOperations, MemoryRequests, Service,
};
use polyptych_facade::auth::Guard;
use polyptych_facade::{Facade, Live, Settings, Work};
use polyptych_proto::longrunning::operations_client::OperationsClient;
use polyptych_proto::v1::association_service_client::AssociationServiceClient;
use polyptych_proto::v1::audit_service_client::AuditServiceClient;
use polyptych_proto::v1::image_service_client::ImageServiceClient;
use polyptych_proto::v1::library_service_client::LibraryServiceClient;
use polyptych_proto::v1::publish_service_client::PublishServiceClient;
use polyptych_proto::v1::upload_image_request::Payload;
use polyptych_proto::v1::{UploadImageMetadata, UploadImageRequest};
use tempfile::TempDir;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response, Uri};
use tonic_types::StatusExt;

use crate::library::MemoryLibrary;

pub(crate) struct Server {
    pub(crate) library: Arc<MemoryLibrary>,
    pub(crate) operations: Arc<MemoryOperations>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) audit: Arc<MemoryAudit>,
    pub(crate) spool: TempDir,
    pub(crate) live: Live,
    connections: mpsc::UnboundedSender<io::Result<DuplexStream>>,
    stop: oneshot::Sender<()>,
    pub(crate) task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// Libraries `alpha` (default album `self`), `beta` (none) and `gamma`; `library` is the first.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::guarded(change, Guard::open())
    }

    /// The same, for those whom `guard` lets in.
    pub(crate) fn guarded(change: impl FnOnce(&mut Settings), guard: Guard) -> Self {
        let spool = TempDir::new().unwrap();
        let mut settings = Settings { spool_dir: spool.path().join("spool"), ..Settings::default() };
        change(&mut settings);
        let library = Arc::new(MemoryLibrary::new("alpha", Some("self")));
        let libraries: Vec<Arc<dyn ImageLibrary>> = vec![
            Arc::new(MemoryLibrary::new("gamma", Some("self"))),
            Arc::clone(&library) as _,
            Arc::new(MemoryLibrary::new("beta", None)),
        ];
        let service = Service::new(libraries, Arc::new(InlineWorkers)).unwrap();
        let operations = Arc::new(MemoryOperations::new(now));
        let (blobs, audit) = (Arc::new(MemoryBlobs::default()), Arc::new(MemoryAudit::new(now)));
        let work = Work { operations: operations.clone(), blobs: blobs.clone(), audit: audit.clone(), ..work() };
        let facade = Facade::new(Arc::new(service), work, settings).unwrap().with_guard(guard);
        let live = facade.live();
        let (connections, incoming) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // An error means that the test has dropped the server, which stops it just as well.
            let _ = stopped.await;
        };
        let task = tokio::spawn(facade.serve_with_incoming(UnboundedReceiverStream::new(incoming), shutdown));
        Self { library, operations, blobs, audit, spool, live, connections, stop, task }
    }

    /// A connection as it is.
    pub(crate) fn raw(&self) -> DuplexStream {
        let (here, there) = tokio::io::duplex(64 << 10);
        self.connections.send(Ok(there)).unwrap();
        here
    }

    /// A connection that could not be accepted.
    pub(crate) fn fail_to_accept(&self, error: io::Error) {
        self.connections.send(Err(error)).unwrap();
    }

    pub(crate) async fn connect(&self) -> Wire {
        let here = self.raw();
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(here)).await.unwrap();
        tokio::spawn(connection);
        Wire(sender)
    }

    pub(crate) async fn images(&self) -> ImageServiceClient<Wire> {
        ImageServiceClient::with_origin(self.connect().await, origin())
    }

    pub(crate) async fn associations(&self) -> AssociationServiceClient<Wire> {
        AssociationServiceClient::with_origin(self.connect().await, origin())
    }

    pub(crate) async fn libraries(&self) -> LibraryServiceClient<Wire> {
        LibraryServiceClient::with_origin(self.connect().await, origin())
    }

    pub(crate) async fn watch(&self) -> OperationsClient<Wire> {
        OperationsClient::with_origin(self.connect().await, origin())
    }

    pub(crate) async fn publications(&self) -> PublishServiceClient<Wire> {
        PublishServiceClient::with_origin(self.connect().await, origin())
    }

    pub(crate) async fn events(&self) -> AuditServiceClient<Wire> {
        AuditServiceClient::with_origin(self.connect().await, origin())
    }

    /// Asks the server to stop; the task ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }

    /// Spool files of uploads.
    pub(crate) fn spooled(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries
                .map(|path| match path.is_dir() {
                    true => count(&path),
                    false => usize::from(path.extension().is_some_and(|extension| extension == "upload")),
                })
                .sum()
        }
        count(self.spool.path())
    }
}

/// Ports in memory.
pub(crate) fn work() -> Work {
    Work {
        operations: Arc::new(MemoryOperations::new(now)),
        blobs: Arc::new(MemoryBlobs::default()),
        requests: Arc::new(MemoryRequests::new(now)),
        audit: Arc::new(MemoryAudit::new(now)),
    }
}

/// The time of everything that is kept.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

pub(crate) fn origin() -> Uri {
    Uri::from_static("http://facade.test")
}

/// Waits until every task of the test waits: only then does the paused clock move.
pub(crate) async fn settled() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A connection as a transport of generated clients, without the timers that tonic's own channel brings.
#[derive(Clone)]
pub(crate) struct Wire(SendRequest<Body>);

impl Wire {
    /// Over a connection that is there.
    pub(crate) fn of(sender: SendRequest<Body>) -> Self {
        Self(sender)
    }
}

impl tonic::codegen::Service<Request<Body>> for Wire {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// A PNG of noise, so that its length is about three bytes a pixel.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut state = 0x2545_F491_u32;
    let picture = image::RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [a, b, c, _] = state.to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

pub(crate) fn metadata(parent: &str) -> UploadImageMetadata {
    UploadImageMetadata { parent: parent.to_owned(), display_name: "banner.png".to_owned(), ..Default::default() }
}

pub(crate) fn first(metadata: UploadImageMetadata) -> UploadImageRequest {
    UploadImageRequest { payload: Some(Payload::Metadata(metadata)) }
}

pub(crate) fn chunk(bytes: &[u8]) -> UploadImageRequest {
    UploadImageRequest { payload: Some(Payload::Chunk(bytes.to_vec().into())) }
}

/// The messages of a whole upload.
pub(crate) fn messages(
    metadata: UploadImageMetadata,
    file: &[u8],
) -> tokio_stream::Iter<std::vec::IntoIter<UploadImageRequest>> {
    let chunks = file.chunks(64 << 10).map(chunk);
    tokio_stream::iter(std::iter::once(first(metadata)).chain(chunks).collect::<Vec<_>>())
}

/// The reason of a failure; every failure has one, of our domain, and says what was applied.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "polyptych");
    assert!(["no", "yes", "unknown"].contains(&info.metadata["applied"].as_str()), "{info:?}");
    info.reason
}

/// One entry of the failure's metadata.
pub(crate) fn fact(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.get(key).cloned()
}

/// The fields that a failure blames.
pub(crate) fn blamed(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map_or_else(Vec::new, |request| request.field_violations);
    violations.into_iter().map(|violation| violation.field).collect()
}
