//! The way to a façade: over the network, or, with `--config`, to one in this process that works by the same state as
//! `serve` would. What a command does is the same either way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use futures_util::stream;
use http::Uri;
use http::uri::Scheme;
use hyper_util::rt::TokioIo;
use polyptych::WorkerPool;
use polyptych::config::Given;
use polyptych::domain::Service;
use polyptych::facade::{Facade, Settings, Spool};
use polyptych::{State, Working};
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tower::service_fn;

use super::report::Format;
use super::tls::TlsOptions;
use crate::output::told;

/// Where the caller's API key or token is, for a façade that knows its callers; on the command line others could read it.
const KEY: &str = "POLYPTYCH_API_KEY";

/// Where the façade is, if that is not where it usually is.
const ENDPOINT: &str = "POLYPTYCH_ENDPOINT";
const USUAL: &str = "http://127.0.0.1:50051";

/// How long connecting may take, the handshake included.
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes between a command and the façade in its process.
const BETWEEN: usize = 1 << 20;

/// Whom to ask, and how to answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection and output")]
pub(crate) struct Common {
    /// The façade to call; it is shown the key or token in POLYPTYCH_API_KEY
    #[arg(
        long,
        value_name = "URL",
        env = ENDPOINT,
        hide_env_values = true,
        default_value = USUAL
    )]
    endpoint: String,
    /// Call none: work with the libraries and the state of this configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsOptions,
    /// Print one JSON object per line, as docs/cli.md says
    #[arg(long)]
    json: bool,
}

impl Common {
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Table }
    }

    /// Whether output is for programs.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Connects.
    ///
    /// # Errors
    /// If nobody answers there, or the configuration cannot be worked with.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        match &self.config {
            Some(file) => Connection::within(file).await,
            None => Connection::to(&self.endpoint, &self.tls).await,
        }
    }
}

/// What calls go through.
pub(crate) type Channel = InterceptedService<tonic::transport::Channel, Key>;

/// Says who calls.
#[derive(Clone)]
pub(crate) struct Key(Option<MetadataValue<Ascii>>);

impl Key {
    fn read() -> Result<Self> {
        let Some(key) = std::env::var_os(KEY).filter(|key| !key.is_empty()) else { return Ok(Self(None)) };
        let bearer = key.to_str().and_then(|key| format!("Bearer {}", key.trim()).parse::<MetadataValue<Ascii>>().ok());
        let mut bearer = bearer.with_context(|| format!("{KEY} is neither an API key nor a token"))?;
        bearer.set_sensitive(true);
        Ok(Self(Some(bearer)))
    }
}

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(bearer) = &self.0 {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

/// Why nobody can be asked there, and what may help.
fn unreachable(endpoint: &str, error: &anyhow::Error, help: &str) -> anyhow::Error {
    anyhow!("no façade can be called at {endpoint}: {}\nhelp: {help}", told(error))
}

/// Whether what is sent there stays on this machine.
fn is_of_this_machine(address: &Uri) -> bool {
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An open way to a façade.
pub(crate) struct Connection {
    channel: Channel,
    within: Option<Within>,
    same: String,
}

/// A façade in this process.
struct Within {
    state: State,
    working: Working,
    ending: oneshot::Sender<()>,
    served: JoinHandle<()>,
    drain: Duration,
}

impl Connection {
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Whether the façade is in this process, and ends with it.
    pub(crate) fn is_within(&self) -> bool {
        self.within.is_some()
    }

    /// What another command needs to ask the same façade: options behind a space, or nothing.
    pub(crate) fn same(&self) -> &str {
        &self.same
    }

    async fn to(endpoint: &str, tls: &TlsOptions) -> Result<Self> {
        let address: Uri = endpoint.parse().with_context(|| format!("`{endpoint}` is not a URL"))?;
        let secure = address.scheme() == Some(&Scheme::HTTPS);
        ensure!(secure || !tls.given(), "{endpoint} is called without TLS: certificates are for https");
        let key = Key::read()?;
        ensure!(
            secure || key.0.is_none() || is_of_this_machine(&address),
            "{KEY} would go to {endpoint} in the clear; call it over https"
        );
        let channel = match secure {
            false => Endpoint::from(address).connect_timeout(CONNECT).connect().await.map_err(|error| {
                let help = "`polyptych serve` starts one, `--config FILE` does without";
                unreachable(endpoint, &error.into(), help)
            })?,
            true => {
                let way = tls.way(&address).await.context(endpoint.to_owned())?;
                let connecting = way.clone();
                let connect = service_fn(move |_| connecting.clone().connect());
                // The connector makes the handshake by itself; calls say `https` all the same.
                let endpoint_of_way = Endpoint::from_static("http://over.tls").origin(address).connect_timeout(CONNECT);
                let connected = async {
                    let channel = endpoint_of_way.connect_with_connector(connect).await?;
                    timeout(CONNECT, way.admitted()).await.context("it says nothing")??;
                    anyhow::Ok(channel)
                };
                connected.await.map_err(|error| unreachable(endpoint, &error, way.hint()))?
            }
        };
        let usual = std::env::var(ENDPOINT).unwrap_or_else(|_| USUAL.to_owned());
        let same = if endpoint == usual { String::new() } else { format!(" --endpoint {endpoint}") };
        Ok(Self { channel: InterceptedService::new(channel, key), within: None, same })
    }

    async fn within(file: &Path) -> Result<Self> {
        let given = Given::from_environment(std::env::vars_os());
        let config = polyptych::Config::load(Some(file), &given).await?;
        let settings = Settings::default();
        let spool = Spool::open(&settings)?;
        let pictures = polyptych::open_pictures(&config, Arc::new(spool.clone()))?;
        let state = State::open(&config.state).await?;
        let libraries = polyptych::open_libraries_together(&config, &state.together())?;
        let service = state.service(libraries, Arc::new(WorkerPool::default()))?.with_spool(Arc::new(spool.clone()));
        let drain = settings.drain;
        let facade = Facade::with_spool(Arc::new(Service::clone(&service)), state.ports().clone(), settings, spool)?;
        let working = state.work(service, pictures);
        let (ending, asked) = oneshot::channel::<()>();
        let (connecting, mut connections) = mpsc::channel::<DuplexStream>(1);
        let incoming = stream::poll_fn(move |context| connections.poll_recv(context).map(|io| io.map(io::Result::Ok)));
        let served = tokio::spawn(facade.serve_with_incoming(incoming, async {
            // Nobody who could ask is as good as being asked.
            let _ = asked.await;
        }));
        let connect = service_fn(move |_| {
            let connecting = connecting.clone();
            async move {
                let (here, there) = tokio::io::duplex(BETWEEN);
                connecting.send(there).await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
                Ok::<_, io::Error>(TokioIo::new(here))
            }
        });
        let channel = Endpoint::from_static("http://within.this.process").connect_with_connector(connect).await?;
        let channel = InterceptedService::new(channel, Key(None));
        let same = format!(" --config {}", file.display());
        Ok(Self { channel, within: Some(Within { state, working, ending, served, drain }), same })
    }

    /// Ends what was started; operations that have not ended are kept, and go on with the next process of this state.
    ///
    /// # Errors
    /// If the façade in this process had failed.
    pub(crate) async fn close(self) -> Result<()> {
        let Self { channel, within, .. } = self;
        drop(channel);
        let Some(Within { state, working, ending, served, drain }) = within else { return Ok(()) };
        // It has ended if nobody listens.
        let _ = ending.send(());
        let served = served.await;
        working.stop(drain).await;
        state.close().await?;
        Ok(served?)
    }
}
