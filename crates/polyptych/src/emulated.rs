//! The six libraries that stand for all provider forms, connected to a running emulator.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::BoxFuture;
use polyptych_emulator::{self as emulator, Emulator};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Config;
use crate::config::{AuthSection, Encoding, FetchSection, LibraryConfig, ProviderKind, StateConfig, TokenConfig};
use crate::domain::Service;
use crate::facade::{Facade, Spool, WorkerPool};
use crate::state::{State, Working};

/// How long operations in progress may take to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Store and product of the documentation's own example.
const EVOTOR_ALBUM: &str = "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de-ec4f-4f87-85de-337b88fa2bdd";

const LIBRARIES: [(&str, ProviderKind, Encoding, &str); 6] = [
    ("yandex-v5", ProviderKind::YandexDirectV5, Encoding::Json, "self"),
    ("yandex-v5-soap", ProviderKind::YandexDirectV5, Encoding::Soap, "self"),
    ("yandex-live4", ProviderKind::YandexDirectLive4, Encoding::Json, "self"),
    ("yandex-live4-soap", ProviderKind::YandexDirectLive4, Encoding::Soap, "self"),
    ("facebook", ProviderKind::Facebook, Encoding::Bytes, "1000000001"),
    ("evotor", ProviderKind::Evotor, Encoding::Multipart, EVOTOR_ALBUM),
];

/// Libraries `yandex-v5`, `yandex-v5-soap`, `yandex-live4`, `yandex-live4-soap`, `facebook` and `evotor` at the
/// emulator's base address, such as `http://127.0.0.1:8080`.
///
/// Each has a token of its own, which makes each Yandex library the account of another advertiser.
pub fn config(emulator: &str) -> Config {
    let library = |(id, provider, encoding, album): (&str, ProviderKind, Encoding, &str)| {
        let config = LibraryConfig {
            encoding: Some(encoding),
            endpoint: Some(emulator.to_owned()),
            default_album: Some(album.to_owned()),
            ..LibraryConfig::new(provider, TokenConfig::Fixed(format!("emulated-{id}")))
        };
        (id.to_owned(), config)
    };
    // Pictures of the emulator itself may be imported, wherever it runs.
    let own = emulator.split_once("://").map(|(_, host)| host.trim_end_matches('/').to_owned());
    let fetch = FetchSection { private_hosts: own.map(|host| vec![host]), ..FetchSection::default() };
    Config {
        libraries: LIBRARIES.into_iter().map(library).collect(),
        fetch,
        state: StateConfig::default(),
        tls: None,
        auth: AuthSection::default(),
        clients: BTreeMap::new(),
    }
}

/// Settings of an emulator that lives in real time; the emulator's own default is a clock that stands still, for tests.
pub fn settings() -> emulator::Settings {
    emulator::Settings { clock: Arc::new(emulator::SystemClock), ..emulator::Settings::default() }
}

/// An emulator and a façade connected to it, running on this runtime.
#[derive(Debug)]
pub struct Running {
    emulator: SocketAddr,
    facade: SocketAddr,
    service: Arc<Service>,
    working: Working,
    state: State,
    /// What the state is in, removed at the end.
    folder: TempDir,
    /// In the order in which they end.
    servers: [Server; 2],
}

/// A server on a task of its own.
#[derive(Debug)]
struct Server {
    shutdown: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts both; port 0 takes a free one.
    ///
    /// # Errors
    /// If an address cannot be listened on, or the façade cannot start.
    pub async fn start(emulator: SocketAddr, facade: SocketAddr, settings: emulator::Settings) -> anyhow::Result<Self> {
        let bound = Emulator::bind(emulator, settings)
            .await
            .with_context(|| format!("the emulator cannot listen on {emulator}"))?;
        let listener = TcpListener::bind(facade).await.with_context(|| format!("cannot listen on {facade}"))?;
        let (emulator, facade) = (bound.local_addr(), listener.local_addr()?);
        let mut config = config(&format!("http://{emulator}"));
        let folder = tempfile::Builder::new().prefix("polyptych-").tempdir()?;
        config.state.folder = Some(folder.path().to_owned());
        let state = State::open(&config.state).await?;
        let libraries = crate::open_libraries_together(&config, &state.together())?;
        let settings = crate::facade::Settings::default();
        let spool = Spool::open(&settings)?;
        let service = state.service(libraries, Arc::new(WorkerPool::default()))?;
        let service = Arc::new(service.with_spool(Arc::new(spool.clone())));
        let pictures = crate::open_pictures(&config, Arc::new(spool.clone()))?;
        let working = state.work(Service::clone(&service), pictures);
        let server = Facade::with_spool(Arc::clone(&service), state.ports().clone(), settings, spool)?;
        let facade_server = Server::spawn(|asked| async move { Ok(server.serve(listener, asked).await?) });
        let emulator_server = Server::spawn(|asked| async move { Ok(bound.serve_until(asked).await?) });
        Ok(Self { emulator, facade, service, working, state, folder, servers: [facade_server, emulator_server] })
    }

    /// Where the emulator listens.
    pub fn emulator(&self) -> SocketAddr {
        self.emulator
    }

    /// Where the façade listens.
    pub fn facade(&self) -> SocketAddr {
        self.facade
    }

    /// What the façade calls.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// What the façade and the workers share.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Ends the façade after the calls in progress, then the workers, then the emulator, which both need.
    ///
    /// # Errors
    /// If one of them had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        let [facade, emulator] = self.servers;
        facade.stop().await?;
        self.working.stop(DRAIN).await;
        self.state.close().await?;
        self.folder.close()?;
        emulator.stop().await
    }
}

impl Server {
    async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.send_replace(true);
        self.task.await?
    }

    /// Starts what `serve` makes of the future that completes when the server should end.
    fn spawn<F>(serve: impl FnOnce(BoxFuture<'static, ()>) -> F) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (shutdown, mut asked) = watch::channel(false);
        let asked = async move {
            // An error means that nobody can ask any more, which is as good as being asked.
            let _ = asked.wait_for(|asked| *asked).await;
        };
        Self { shutdown, task: tokio::spawn(serve(Box::pin(asked))) }
    }
}
