//! The services put together: those of `polyptych.v1`, health and reflection, served over HTTP/2.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use polyptych_domain::Service;
use polyptych_proto::FILE_DESCRIPTOR_SET;
use polyptych_proto::longrunning::operations_server::{self, OperationsServer};
use polyptych_proto::v1::association_service_server::{self, AssociationServiceServer};
use polyptych_proto::v1::audit_service_server::{self, AuditServiceServer};
use polyptych_proto::v1::image_service_server::{self, ImageServiceServer};
use polyptych_proto::v1::library_service_server::{self, LibraryServiceServer};
use polyptych_proto::v1::publish_service_server::{self, PublishServiceServer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::service::Routes;
use tonic::transport::server::{Connected, Server, TcpIncoming};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::association_service::Associations;
use crate::audit_service::Audit;
use crate::auth::{Guard, Guarded};
use crate::caller::Door;
use crate::calls::Calls;
use crate::image_service::Images;
use crate::library_service::Libraries;
use crate::operations::Watch;
use crate::publish_service::Publications;
use crate::receiving::Receiver;
use crate::spool::Spool;
use crate::tls::Tls;
use crate::{Settings, Work};

/// What a message may be longer than the chunk in it.
const MESSAGE_OVERHEAD: usize = 4 << 10;
/// No call but an upload and one that names many images takes a long message.
const MAX_UNARY_BYTES: usize = 64 << 10;
const MAX_MANY_BYTES: usize = 2 << 20;
/// A manifest of ten thousand pictures, with their addresses.
const MAX_MANIFEST_BYTES: usize = 4 << 20;
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// What a caller may send ahead of what is read, of one call and of all calls of a connection. It is memory that any caller
/// can fill, for each connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
const KEEPALIVE: Duration = Duration::from_secs(60);

/// What health tells about: the server as a whole, and each service.
const HEALTH_NAMES: [&str; 7] = [
    "",
    association_service_server::SERVICE_NAME,
    audit_service_server::SERVICE_NAME,
    image_service_server::SERVICE_NAME,
    library_service_server::SERVICE_NAME,
    operations_server::SERVICE_NAME,
    publish_service_server::SERVICE_NAME,
];

/// Why a façade cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum FacadeError {
    /// The spool folder cannot be made, locked or swept.
    #[error("the spool folder {} cannot be used", path.display())]
    Spool {
        /// The folder of the settings.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The descriptors cannot be served.
    #[error("reflection cannot be set up")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The listener or the server failed.
    #[error("the gRPC server failed")]
    Server(#[source] tonic::transport::Error),
}

/// The gRPC server, ready to serve.
#[derive(Debug)]
pub struct Facade {
    calls: Calls,
    guard: Guard,
    health: HealthReporter,
    settings: Arc<Settings>,
}

impl Facade {
    /// Puts the services together and makes the spool ready, which blocks for as long as it takes to sweep it. Operations
    /// are only kept and watched: whoever carries them out takes them from the port in `work`.
    ///
    /// # Errors
    /// [`FacadeError::Spool`], [`FacadeError::Reflection`].
    pub fn new(service: Arc<Service>, work: Work, settings: Settings) -> Result<Self, FacadeError> {
        let spool = Spool::open(&settings)?;
        Self::with_spool(service, work, settings, spool)
    }

    /// Like [`Facade::new`], with a spool of the same settings that others keep pictures in as well.
    ///
    /// # Errors
    /// [`FacadeError::Reflection`].
    pub fn with_spool(
        service: Arc<Service>,
        work: Work,
        settings: Settings,
        spool: Spool,
    ) -> Result<Self, FacadeError> {
        let settings = Arc::new(settings);
        let service = Door::new(service);
        let receiver = Receiver::new(spool, Arc::clone(&settings));
        let images = Images::new(service.clone(), receiver.clone(), work.clone(), Arc::clone(&settings));
        let publications = Publications::new(service.clone(), receiver, work.clone());
        let associations = Associations::new(service.clone(), Arc::clone(&settings));
        let audit = Audit::new(Arc::clone(&work.audit), Arc::clone(&settings));
        let libraries = Libraries::new(service, Arc::clone(&settings));
        let operations = Watch::new(work, Arc::clone(&settings));
        let (health, health_service) = tonic_health::server::health_reporter();
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                // The details of errors, which no method names.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let chunk = settings.max_chunk_bytes.saturating_add(MESSAGE_OVERHEAD);
        let routes = Routes::new(ImageServiceServer::new(images).max_decoding_message_size(chunk.max(MAX_MANY_BYTES)))
            .add_service(AssociationServiceServer::new(associations).max_decoding_message_size(MAX_MANY_BYTES))
            .add_service(
                PublishServiceServer::new(publications).max_decoding_message_size(chunk.max(MAX_MANIFEST_BYTES)),
            )
            .add_service(LibraryServiceServer::new(libraries).max_decoding_message_size(MAX_UNARY_BYTES))
            .add_service(AuditServiceServer::new(audit).max_decoding_message_size(MAX_UNARY_BYTES))
            .add_service(OperationsServer::new(operations).max_decoding_message_size(MAX_UNARY_BYTES))
            .add_service(health_service)
            .add_service(reflection().build_v1().map_err(FacadeError::Reflection)?)
            .add_service(reflection().build_v1alpha().map_err(FacadeError::Reflection)?);
        Ok(Self { calls: Calls::new(routes), guard: Guard::open(), health, settings })
    }

    /// Lets `guard` decide who may call; without this everybody may do everything.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Serves a TCP listener like [`Facade::serve`], speaking TLS.
    ///
    /// # Errors
    /// [`FacadeError::Server`].
    pub async fn serve_tls(
        self,
        listener: TcpListener,
        tls: &Tls,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), FacadeError> {
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        self.serve_with_incoming(tls.accept(incoming), shutdown).await
    }

    /// Serves a TCP listener until `shutdown` completes, then lets calls in progress end for [`Settings::drain`].
    ///
    /// # Errors
    /// [`FacadeError::Server`].
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), FacadeError> {
        self.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)), shutdown).await
    }

    /// Serves the connections of `incoming` like [`Facade::serve`].
    ///
    /// # Errors
    /// [`FacadeError::Server`].
    pub async fn serve_with_incoming<IO>(
        self,
        incoming: impl Stream<Item = io::Result<IO>>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), FacadeError>
    where
        IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        self.tell_health(ServingStatus::Serving).await;
        let stopping = Notify::new();
        let served = Server::builder()
            .max_concurrent_streams(self.settings.streams_per_connection)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .serve_with_incoming_shutdown(
                Guarded::new(self.calls.clone(), self.guard.clone()),
                incoming,
                stopping.notified(),
            );
        // Driven here, not by the server: that no longer looks at its signal once `incoming` has ended.
        let drained = async {
            shutdown.await;
            self.tell_health(ServingStatus::NotServing).await;
            stopping.notify_one();
            tokio::time::sleep(self.settings.drain).await;
        };
        tokio::select! {
            served = served => served.map_err(FacadeError::Server),
            () = drained => {
                tracing::warn!("calls in progress did not end in time and are abandoned");
                Ok(())
            }
        }
    }

    async fn tell_health(&self, status: ServingStatus) {
        for name in HEALTH_NAMES {
            self.health.set_service_status(name, status).await;
        }
    }
}
