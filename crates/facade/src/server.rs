//! The services put together: those of `polyptych.v1`, health and reflection, served over HTTP/2.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

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
use tonic::transport::server::{Connected, TcpIncoming};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::association_service::Associations;
use crate::audit_service::Audit;
use crate::auth::{Guard, Guarded};
use crate::caller::Door;
use crate::calls::Calls;
use crate::health::Health;
use crate::image_service::Images;
use crate::library_service::Libraries;
use crate::load::Load;
use crate::lookout::Lookout;
use crate::observed::{Adopt, Observed};
use crate::operations::Watch;
use crate::publish_service::Publications;
use crate::receiving::Receiver;
use crate::routes::Routes;
use crate::served::Served;
use crate::spool::Spool;
use crate::tls::Tls;
use crate::web::Web;
use crate::{Settings, Work, connections};

/// What a message may be longer than the chunk in it.
const MESSAGE_OVERHEAD: usize = 4 << 10;
/// No call but an upload and one that names many images takes a long message.
const MAX_UNARY_BYTES: usize = 64 << 10;
const MAX_MANY_BYTES: usize = 2 << 20;
/// A manifest of ten thousand pictures, with their addresses.
const MAX_MANIFEST_BYTES: usize = 4 << 20;

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
}

/// The gRPC server, ready to serve.
pub struct Facade {
    live: Live,
    served: Served,
    lookout: Lookout,
    guard: Guard,
    settings: Arc<Settings>,
    adopt: Option<Adopt>,
}

impl fmt::Debug for Facade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facade").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What of a server can be changed while it serves. A clone changes the same server.
#[derive(Debug, Clone)]
pub struct Live {
    calls: Calls,
    load: Load,
    spool: Spool,
    work: Work,
    health: HealthReporter,
}

impl Live {
    /// Lets another service answer new calls, within the limits of `settings` as far as they are about single calls and about
    /// how many there are at once; those of connections and of the spool stay. Calls in progress go on with what they began with.
    ///
    /// # Errors
    /// [`FacadeError::Reflection`]; then nothing has changed.
    pub fn replace(&self, service: Arc<Service>, settings: &Settings) -> Result<(), FacadeError> {
        let routes = routes(service, &self.work, &self.spool, &self.health, settings)?;
        self.load.limit(settings);
        self.calls.replace(routes, settings);
        Ok(())
    }

    /// Tells health whether a part of the server serves, such as `libraries/{library}`.
    pub async fn tell_health(&self, name: &str, serves: bool) {
        let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.health.set_service_status(name, status).await;
    }

    /// Says nothing more about a part of the server.
    pub async fn forget_health(&self, name: &str) {
        self.health.clone().clear_service_status(name).await;
    }
}

/// The services, put together.
fn routes(
    service: Arc<Service>,
    work: &Work,
    spool: &Spool,
    health: &HealthReporter,
    settings: &Settings,
) -> Result<Routes, FacadeError> {
    let settings = Arc::new(settings.clone());
    let service = Door::new(service);
    let receiver = Receiver::new(spool.clone(), Arc::clone(&settings));
    let images = Images::new(service.clone(), receiver.clone(), work.clone(), Arc::clone(&settings));
    let publications = Publications::new(service.clone(), receiver, work.clone());
    let associations = Associations::new(service.clone(), Arc::clone(&settings));
    let audit = Audit::new(Arc::clone(&work.audit), Arc::clone(&settings));
    let libraries = Libraries::new(service.clone(), Arc::clone(&settings));
    let operations = Watch::new(service, work.clone(), Arc::clone(&settings));
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            // The details of errors, which no method names.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let chunk = settings.max_chunk_bytes.saturating_add(MESSAGE_OVERHEAD);
    Ok(Routes::default()
        .with(ImageServiceServer::new(images).max_decoding_message_size(chunk.max(MAX_MANY_BYTES)))
        .with(AssociationServiceServer::new(associations).max_decoding_message_size(MAX_MANY_BYTES))
        .with(PublishServiceServer::new(publications).max_decoding_message_size(chunk.max(MAX_MANIFEST_BYTES)))
        .with(LibraryServiceServer::new(libraries).max_decoding_message_size(MAX_UNARY_BYTES))
        .with(AuditServiceServer::new(audit).max_decoding_message_size(MAX_UNARY_BYTES))
        .with(OperationsServer::new(operations).max_decoding_message_size(MAX_UNARY_BYTES))
        .with(HealthServer::new(Health::new(HealthService::from_health_reporter(health.clone()))))
        .with(reflection().build_v1().map_err(FacadeError::Reflection)?)
        .with(reflection().build_v1alpha().map_err(FacadeError::Reflection)?))
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
        let health = HealthReporter::new();
        let (load, served) = (Load::new(&settings), Served::new());
        let routes = routes(service, &work, &spool, &health, &settings)?;
        let lookout = Lookout::default();
        let calls = Calls::new(routes, &settings, load.clone(), lookout.clone());
        let live = Live { calls, load, spool, work, health };
        Ok(Self { live, served, lookout, guard: Guard::open(), settings: Arc::new(settings), adopt: None })
    }

    /// Lets `adopt` join each call to the trace of its caller.
    #[must_use]
    pub fn with_traces(mut self, adopt: Adopt) -> Self {
        self.adopt = Some(adopt);
        self
    }

    /// Lets `guard` decide who may call; without this everybody may do everything.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Serves a TCP listener like [`Facade::serve`], speaking TLS.
    pub async fn serve_tls(self, listener: TcpListener, tls: &Tls, shutdown: impl Future<Output = ()> + Send) {
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        self.serve_with_incoming(tls.accept(incoming), shutdown).await;
    }

    /// What can be changed while this server serves.
    pub fn live(&self) -> Live {
        self.live.clone()
    }

    /// Serves a TCP listener until `shutdown` completes, then lets calls in progress end for [`Settings::drain`].
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        self.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)), shutdown).await;
    }

    /// Serves the connections of `incoming` like [`Facade::serve`].
    pub async fn serve_with_incoming<IO>(
        self,
        incoming: impl Stream<Item = io::Result<IO>> + Send,
        shutdown: impl Future<Output = ()> + Send,
    ) where
        IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        self.tell_health(ServingStatus::Serving).await;
        let guarded = Guarded::new(self.live.calls.clone(), self.guard.clone());
        let observed = Observed::new(guarded, self.served.clone(), self.adopt.clone());
        let web = Web::new(observed, &self.settings.web_origins);
        let stopping = Notify::new();
        let served = connections::serve(incoming, web, &self.settings, stopping.notified());
        // Driven here, not by the server: that no longer looks at its signal once `incoming` has ended.
        let drained = async {
            shutdown.await;
            self.tell_health(ServingStatus::NotServing).await;
            stopping.notify_one();
            tokio::time::sleep(self.settings.drain).await;
        };
        tokio::select! {
            () = served => {}
            () = self.lookout.run() => {}
            () = drained => tracing::warn!("calls in progress did not end in time and are abandoned"),
        }
    }

    async fn tell_health(&self, status: ServingStatus) {
        for name in HEALTH_NAMES {
            self.live.health.set_service_status(name, status).await;
        }
    }
}
