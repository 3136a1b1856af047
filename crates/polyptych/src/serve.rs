//! `serve` and `emulate`: print the address once ready, follow a changed configuration, end cleanly when asked to.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use polyptych::config::Given;
use polyptych::emulated::{self, Emulation};
use polyptych::emulator::Emulator;
use polyptych::{Figures, Origin, Server, Surroundings, serving};

use crate::cli::{ServeOptions, SetupFlags};
use crate::output::print;
use crate::telemetry::Telemetry;

/// Serves the libraries of a configuration, or six that are connected to an emulator of their own.
pub(crate) async fn serve(options: ServeOptions) -> Result<bool> {
    let origin = Origin { given: given(&options)?, file: options.config };
    let config = origin.read().await?;
    if !options.insecure {
        let listen = config.server.listen.unwrap_or(serving::LISTEN);
        refuse_strangers(listen, config.tls.is_some(), !config.clients.is_empty())?;
    }
    let telemetry = Telemetry::start(&config)?;
    let figures = Figures::default();
    figures.install()?;
    let emulation = match options.emulate {
        true => Some(Emulation::start(SocketAddr::from(([127, 0, 0, 1], 0)), emulated::settings()).await?),
        false => None,
    };
    let configured = |config| match &emulation {
        Some(emulation) => emulation.configure(config),
        None => config,
    };
    let reloads = vec![telemetry.level()];
    let surroundings = Surroundings { figures, adopt: telemetry.adopt(), reloads };
    let (mut asked, shutdown) = (asked_to_reload()?, asked_to_end()?);
    let server = Server::start(configured(config), surroundings).await?;
    let scheme = if server.speaks_tls() { "https" } else { "http" };
    print(format_args!("listening on {scheme}://{}", server.address()))?;
    if let Some(admin) = server.admin() {
        print(format_args!("watched at http://{admin}"))?;
    }
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = asked.recv() => match origin.read().await {
                Ok(config) => reload(&server, configured(config)),
                Err(error) => tracing::error!(%error, "the configuration was not taken over"),
            },
        }
    }
    server.stop().await?;
    if let Some(emulation) = emulation {
        emulation.stop().await?;
    }
    telemetry.stop().await;
    Ok(true)
}

fn reload(server: &Server, config: polyptych::Config) {
    match server.reload(config) {
        Ok(fixed) => {
            tracing::info!("the configuration was taken over");
            for setting in fixed {
                tracing::warn!(setting, "a restart is needed to take this setting over");
            }
        }
        Err(error) => tracing::error!(error = format!("{error:#}"), "the configuration was not taken over"),
    }
}

/// What the environment and the command line say.
fn given(options: &ServeOptions) -> Result<Given> {
    let mut given = Given::from_environment(std::env::vars_os());
    for set in &options.set {
        let Some((key, value)) = set.split_once('=') else { bail!("--set {set} is not of the form KEY=VALUE") };
        given = given.with(format!("--set {key}"), key, value);
    }
    if let Some(listen) = options.listen {
        given = given.with("--listen", "server.listen", listen.to_string());
    }
    Ok(given)
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

/// SIGHUPs, where there are any. The handler is in place when this returns.
fn asked_to_reload() -> Result<Hangups> {
    #[cfg(unix)]
    let hangups = Hangups(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?);
    #[cfg(not(unix))]
    let hangups = Hangups;
    Ok(hangups)
}

#[cfg(unix)]
struct Hangups(tokio::signal::unix::Signal);

#[cfg(not(unix))]
struct Hangups;

impl Hangups {
    async fn recv(&mut self) {
        #[cfg(unix)]
        if self.0.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
