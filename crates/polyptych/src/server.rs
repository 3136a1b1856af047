//! A whole server: libraries, state, workers, the gRPC port and the admin port, started in the order in which they need each
//! other and ended in the other one. What a new configuration changes while it runs is put together here.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use polyptych_facade::auth::Guard;
use polyptych_facade::{Adopt, Facade, Live};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin::{self, Watched};
use crate::domain::Service;
use crate::facade::Spool;
use crate::figures::Figures;
use crate::libraries::Opened;
use crate::reload::{self, Reload};
use crate::state::{State, Working};
use crate::{Config, WorkerPool, serving};

/// How often is looked how the libraries fare.
const LOOK: Duration = Duration::from_secs(1);

/// How often certificates and keys are read again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// What a server gets from the program around it.
#[derive(Default)]
pub struct Surroundings {
    /// The figures that are shown at the admin port.
    pub figures: Figures,
    /// How calls are joined to the traces of their callers; absent means that they are not.
    pub adopt: Option<Adopt>,
    /// What else follows a new configuration.
    pub reloads: Vec<Box<dyn Reload>>,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    admin: Option<SocketAddr>,
    drain: Duration,
    state: State,
    spool: Spool,
    working: Working,
    live: Live,
    watched: Watched,
    reloads: Vec<Box<dyn Reload>>,
    current: Arc<Mutex<Current>>,
    shutdown: watch::Sender<bool>,
    facade_task: JoinHandle<()>,
    admin_task: Option<JoinHandle<()>>,
    health_task: JoinHandle<()>,
    guard: Guard,
    speaks_tls: bool,
    files_task: JoinHandle<()>,
}

/// What a server works with now.
struct Current {
    /// The configuration that it was started with, which what only a restart takes over still follows.
    begun: Config,
    opened: Opened,
    service: Service,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).field("admin", &self.admin).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts what is configured. Port 0 takes a free one.
    ///
    /// # Errors
    /// If a library or the state cannot be opened, or an address cannot be listened on.
    pub async fn start(config: Config, surroundings: Surroundings) -> anyhow::Result<Self> {
        let Surroundings { figures, adopt, reloads } = surroundings;
        let settings = serving::settings(&config.server);
        let spool = Spool::open(&settings)?;
        let pictures = crate::open_pictures(&config, Arc::new(spool.clone()))?;
        let (guard, tls) = (crate::open_guard(&config)?, crate::open_tls(&config)?);
        let listen = config.server.listen.unwrap_or(serving::LISTEN);
        // Before anything is joined that others would have to take for dead.
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let admin_listener = match config.admin.listen {
            None => None,
            Some(listen) => {
                let bound = TcpListener::bind(listen).await;
                Some(bound.with_context(|| format!("cannot listen on {listen} for the admin port"))?)
            }
        };
        let state = State::open(&config.state).await?;
        let opened = Opened::open(&config, &state.together())?;
        let service = state.service(opened.libraries(), Arc::new(WorkerPool::default()))?;
        let service = service.with_spool(Arc::new(spool.clone()));
        let drain = settings.drain;
        let shared = Arc::new(service.clone());
        let mut facade =
            Facade::with_spool(shared, state.ports().clone(), settings, spool.clone())?.with_guard(guard.clone());
        if let Some(adopt) = adopt {
            facade = facade.with_traces(adopt);
        }
        let (address, live) = (listener.local_addr()?, facade.live());
        let admin = admin_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let watched = Watched::new(figures, state.pulse());
        let working = state.work(service.clone(), pictures);
        let (shutdown, asked) = watch::channel(false);
        let files = tls.iter().fold(guard.files(), |files, tls| files.and(tls.files()));
        let files_task = tokio::spawn(async move { files.watch(LOOK_AGAIN).await });
        let (ending, speaks_tls) = (ended(asked.clone()), tls.is_some());
        let facade_task = match tls {
            Some(tls) => tokio::spawn(async move { facade.serve_tls(listener, &tls, ending).await }),
            None => tokio::spawn(facade.serve(listener, ending)),
        };
        let admin_task = admin_listener.map(|listener| {
            // Watched until the very end: dropping the sender ends it.
            tokio::spawn(admin::serve(listener, watched.clone(), gone(asked.clone())))
        });
        let current = Arc::new(Mutex::new(Current { begun: config, opened, service }));
        let health_task = tokio::spawn(tell_health(live.clone(), Arc::clone(&current)));
        Ok(Self {
            address,
            admin,
            drain,
            state,
            spool,
            working,
            live,
            watched,
            reloads,
            current,
            shutdown,
            facade_task,
            admin_task,
            health_task,
            guard,
            speaks_tls,
            files_task,
        })
    }

    /// Where the gRPC API is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the API is spoken over TLS.
    pub fn speaks_tls(&self) -> bool {
        self.speaks_tls
    }

    /// Where the server is watched, if it is.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// What outlives the process.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What answers new calls.
    pub fn service(&self) -> Service {
        self.current().service.clone()
    }

    /// Follows another configuration: libraries, clients, limits of calls, what else was given to be reloaded. Calls and
    /// operations in progress go on with what they began with. Returns the settings that only a restart would take over.
    ///
    /// # Errors
    /// If it cannot be followed; then all is as before.
    pub fn reload(&self, config: Config) -> anyhow::Result<Vec<&'static str>> {
        let mut current = self.current();
        if config.clients.is_empty() && !current.begun.clients.is_empty() {
            bail!("it names no client any more, and then everybody might do everything; that takes a restart");
        }
        let pictures = crate::open_pictures(&config, Arc::new(self.spool.clone()))?;
        let access = crate::open_access(&config)?;
        let opened = current.opened.reopened(&config)?;
        let service = current.service.with_libraries(opened.libraries())?;
        let prepared: Vec<_> = self.reloads.iter().map(|part| part.prepare(&config)).collect::<Result<_, _>>()?;
        self.live.replace(Arc::new(service.clone()), &serving::settings(&config.server))?;
        self.working.replace(self.state.runner(service.clone(), pictures));
        prepared.into_iter().for_each(|change| change());
        // A server that was started without any goes on so, and is told among what needs a restart.
        if let Some(access) = access {
            self.guard.replace(access);
        }
        let fixed = reload::fixed(&current.begun, &config);
        (current.opened, current.service) = (opened, service);
        Ok(fixed)
    }

    /// Says that the server is not ready, lets calls and operations in progress end, both within the time that is configured
    /// for that, and leaves the state to others.
    ///
    /// # Errors
    /// If the state cannot be left in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.watched.drain();
        self.shutdown.send_replace(true);
        let (served, ()) = tokio::join!(self.facade_task, self.working.stop(self.drain));
        self.health_task.abort();
        self.files_task.abort();
        self.state.close().await?;
        drop(self.shutdown);
        if let Some(task) = self.admin_task {
            // Whoever keeps a connection open to it is not waited for.
            task.abort();
        }
        Ok(served?)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Completes when the server is to end.
async fn ended(mut asked: watch::Receiver<bool>) {
    // An error means that nobody can ask any more, which is as good as being asked.
    let _ = asked.wait_for(|asked| *asked).await;
}

/// Completes when the server has ended.
async fn gone(mut asked: watch::Receiver<bool>) {
    while asked.changed().await.is_ok() {}
}

/// Tells health for ever how each library fares, as `libraries/{library}`.
async fn tell_health(live: Live, current: Arc<Mutex<Current>>) {
    let mut told: Vec<(String, bool)> = Vec::new();
    loop {
        let now = Instant::now();
        let mut standings: Vec<(String, bool)> = {
            let current = current.lock().unwrap_or_else(PoisonError::into_inner);
            let standings = current.opened.standings();
            standings.map(|(id, standing)| (format!("libraries/{id}"), standing.serves(now))).collect()
        };
        standings.sort();
        for (name, _) in told.iter().filter(|(name, _)| !standings.iter().any(|(other, _)| other == name)) {
            live.forget_health(name).await;
        }
        for (name, serves) in standings.iter().filter(|standing| !told.contains(standing)) {
            live.tell_health(name, *serves).await;
        }
        told = standings;
        tokio::time::sleep(LOOK).await;
    }
}
