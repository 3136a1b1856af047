//! `serve` and `emulate`: print the address once ready, end cleanly when asked to.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use polyptych::State;
use polyptych::emulated::{self, Running};
use polyptych::emulator::Emulator;
use polyptych::facade::{Facade, Spool, WorkerPool};
use tokio::net::TcpListener;

use crate::cli::SetupFlags;
use crate::output::print;

/// Serves the libraries of a configuration file.
pub(crate) async fn configured(config: &Path, listen: SocketAddr) -> Result<bool> {
    refuse_strangers(listen)?;
    let config = polyptych::Config::read(config).await?;
    let settings = polyptych::facade::Settings::default();
    let spool = Spool::open(&settings)?;
    let pictures = polyptych::open_pictures(&config, Arc::new(spool.clone()))?;
    let state = State::open(&config.state).await?;
    let libraries = polyptych::open_libraries_together(&config, &state.together())?;
    let service = state.service(libraries, Arc::new(WorkerPool::default()))?.with_spool(Arc::new(spool.clone()));
    let drain = settings.drain;
    let facade = Facade::with_spool(Arc::new(service.clone()), state.ports().clone(), settings, spool)?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let shutdown = asked_to_end()?;
    let working = state.work(service, pictures);
    print(format_args!("listening on http://{}", listener.local_addr()?))?;
    let served = facade.serve(listener, shutdown).await;
    working.stop(drain).await;
    state.close().await?;
    served?;
    Ok(true)
}

/// Serves six libraries that are connected to an emulator of their own.
pub(crate) async fn emulating(listen: SocketAddr) -> Result<bool> {
    refuse_strangers(listen)?;
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

/// Callers are not authenticated, so only programs of this machine may be callers.
fn refuse_strangers(listen: SocketAddr) -> Result<()> {
    if !listen.ip().is_loopback() {
        bail!(
            "{listen} is not a loopback address; callers are not authenticated yet, so others must not reach the façade"
        );
    }
    Ok(())
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
