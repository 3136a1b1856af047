//! An emulator in this process, and a server over it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use polyptych_emulator::{self as emulator, Emulator};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config;
use crate::config::ServerSection;
use crate::domain::Service;
use crate::state::State;
use crate::{Config, Server, Surroundings};

/// How long calls and operations in progress may take to end, in seconds.
const DRAIN: u32 = 10;

/// Settings of an emulator that lives in real time; the emulator's own default is a clock that stands still, for tests.
pub fn settings() -> emulator::Settings {
    emulator::Settings { clock: Arc::new(emulator::SystemClock), ..emulator::Settings::default() }
}

/// A running emulator, and what a server connected to it is configured as.
#[derive(Debug)]
pub struct Emulation {
    address: SocketAddr,
    /// What the state is in, removed at the end.
    folder: TempDir,
    shutdown: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Emulation {
    /// Starts an emulator; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(address: SocketAddr, settings: emulator::Settings) -> anyhow::Result<Self> {
        let bound = Emulator::bind(address, settings).await;
        let bound = bound.with_context(|| format!("the emulator cannot listen on {address}"))?;
        let folder = tempfile::Builder::new().prefix("polyptych-").tempdir()?;
        let (address, (shutdown, mut asked)) = (bound.local_addr(), watch::channel(false));
        let asked = async move {
            // An error means that nobody can ask any more, which is as good as being asked.
            let _ = asked.wait_for(|asked| *asked).await;
        };
        let task = tokio::spawn(async move { Ok(bound.serve_until(asked).await?) });
        Ok(Self { address, folder, shutdown, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The configuration with this emulator's libraries in place of its own, and with a state that ends with the emulator where
    /// none is configured.
    pub fn configure(&self, mut given: Config) -> Config {
        let own = config(&format!("http://{}", self.address));
        given.libraries = own.libraries;
        given.fetch.private_hosts.get_or_insert_default().extend(own.fetch.private_hosts.unwrap_or_default());
        if given.state.url.is_none() && given.state.url_env.is_none() {
            given.state.folder.get_or_insert_with(|| self.folder.path().to_owned());
        }
        given
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.folder.close()?;
        self.shutdown.send_replace(true);
        self.task.await?
    }
}

/// An emulator and a server connected to it, running on this runtime.
#[derive(Debug)]
pub struct Running {
    emulation: Emulation,
    server: Server,
    service: Service,
}

impl Running {
    /// Starts both; port 0 takes a free one.
    ///
    /// # Errors
    /// If an address cannot be listened on, or the server cannot start.
    pub async fn start(emulator: SocketAddr, facade: SocketAddr, settings: emulator::Settings) -> anyhow::Result<Self> {
        let emulation = Emulation::start(emulator, settings).await?;
        let server = ServerSection { listen: Some(facade), drain_seconds: Some(DRAIN), ..ServerSection::default() };
        let config = emulation.configure(Config { server, ..Config::default() });
        let server = Server::start(config, Surroundings::default()).await?;
        let service = server.service();
        Ok(Self { emulation, server, service })
    }

    /// Where the emulator listens.
    pub fn emulator(&self) -> SocketAddr {
        self.emulation.address()
    }

    /// Where the façade listens.
    pub fn facade(&self) -> SocketAddr {
        self.server.address()
    }

    /// What the façade calls.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// What the façade and the workers share.
    pub fn state(&self) -> &State {
        self.server.state()
    }

    /// Ends the server after the calls in progress, then the emulator, which they need.
    ///
    /// # Errors
    /// If one of them had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await?;
        self.emulation.stop().await
    }
}
