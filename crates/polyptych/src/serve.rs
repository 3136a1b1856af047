//! `serve` and `emulate`: print the address once ready, end cleanly when asked to.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use polyptych::State;
use polyptych::emulated::{self, Running};
use polyptych::emulator::Emulator;
use polyptych::facade::auth::Guard;
use polyptych::facade::{Facade, Spool, Tls, WorkerPool};
use tokio::net::TcpListener;

use crate::cli::SetupFlags;
use crate::output::print;

/// How often certificates and keys are read again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Serves the libraries of a configuration file.
pub(crate) async fn configured(config: &Path, listen: SocketAddr, insecure: bool) -> Result<bool> {
    let config = polyptych::Config::read(config).await?;
    let Reach { guard, tls } = Reach::open(&config)?;
    if !insecure {
        refuse_strangers(listen, tls.is_some(), !config.clients.is_empty())?;
    }
    let settings = polyptych::facade::Settings::default();
    let spool = Spool::open(&settings)?;
    let pictures = polyptych::open_pictures(&config, Arc::new(spool.clone()))?;
    let state = State::open(&config.state).await?;
    let libraries = polyptych::open_libraries_together(&config, &state.together())?;
    let service = state.service(libraries, Arc::new(WorkerPool::default()))?.with_spool(Arc::new(spool.clone()));
    let drain = settings.drain;
    let facade = Facade::with_spool(Arc::new(service.clone()), state.ports().clone(), settings, spool)?;
    let facade = facade.with_guard(guard.clone());
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let shutdown = asked_to_end()?;
    let working = state.work(service, pictures);
    let files = tls.iter().fold(guard.files(), |files, tls| files.and(tls.files()));
    let watching = tokio::spawn(async move { files.watch(LOOK_AGAIN).await });
    let scheme = if tls.is_some() { "https" } else { "http" };
    print(format_args!("listening on {scheme}://{}", listener.local_addr()?))?;
    let served = match &tls {
        Some(tls) => facade.serve_tls(listener, tls, shutdown).await,
        None => facade.serve(listener, shutdown).await,
    };
    watching.abort();
    working.stop(drain).await;
    state.close().await?;
    served?;
    Ok(true)
}

/// Serves six libraries that are connected to an emulator of their own.
pub(crate) async fn emulating(listen: SocketAddr, insecure: bool) -> Result<bool> {
    if !insecure {
        refuse_strangers(listen, false, false)?;
    }
    let emulator = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Running::start(emulator, listen, emulated::settings()).await?;
    let shutdown = asked_to_end()?;
    print(format_args!("listening on http://{}", running.facade()))?;
    shutdown.await;
    running.stop().await?;
    Ok(true)
}

/// Serves the four provider APIs.
pub(crate) async fn emulator(listen: SocketAddr, setup: &SetupFlags) -> Result<bool> {
    let emulator = Emulator::with_setup(emulated::settings(), setup.read()?)?;
    let bound = emulator.listen(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let shutdown = asked_to_end()?;
    print(format_args!("listening on http://{}", bound.local_addr()))?;
    bound.serve_until(shutdown).await?;
    Ok(true)
}

/// How callers reach the server.
struct Reach {
    guard: Guard,
    tls: Option<Tls>,
}

impl Reach {
    /// What the configuration says of it.
    fn open(config: &polyptych::Config) -> Result<Self> {
        Ok(Self { guard: polyptych::open_guard(config)?, tls: polyptych::open_tls(config)? })
    }
}

/// Where other machines reach the server, callers have to be known and what they say must not be overheard.
fn refuse_strangers(listen: SocketAddr, speaks_tls: bool, knows_clients: bool) -> Result<()> {
    let missing = match (speaks_tls, knows_clients) {
        _ if listen.ip().is_loopback() => return Ok(()),
        (true, true) => return Ok(()),
        (false, true) => "a certificate in `[tls]`",
        (true, false) => "a client in `[clients]`",
        (false, false) => "a certificate in `[tls]` and a client in `[clients]`",
    };
    bail!(
        "{listen} is not a loopback address, and the configuration lacks {missing}; --insecure serves there all the same"
    );
}

/// Completes on Ctrl-C or SIGTERM. The handlers are in place when this returns.
fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
