//! What outlives a process: opens the store, lets a service work by it, and works on the operations that are due.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{ImageLibrary, Pictures, Runner, Service, Stop, Work, Workers};
use polyptych_store::{BlobPlace, BlobPlaceError, Due, Pulse, Retention, Store, StoreConfig};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

use crate::bucket::{self, Reached};
use crate::config::StateConfig;
use crate::{Together, TokioPauses};

/// The folder where none is configured.
const FOLDER: &str = "polyptych-state";

/// The SQLite file in it.
const FILE: &str = "polyptych.db";

/// The folder in it for pictures of operations.
const PICTURES: &str = "pictures";

/// Operations at once where no number is configured, and most that may be configured.
const WORKERS: u32 = 4;
const MOST_WORKERS: u32 = 64;

/// What may be configured of ages and sizes.
const DAYS: RangeInclusive<u32> = 1..=3650;
const REQUEST_HOURS: RangeInclusive<u32> = 24..=8760;
const LEAST_DATABASE: u64 = 1 << 20;

const HOUR: Duration = Duration::from_secs(3600);

/// Why the state cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStateError {
    /// A setting of `[state]` makes no sense.
    #[error("the setting `{setting}` of [state] is not usable: {reason}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it must be.
        reason: String,
    },
    /// The folder cannot be made.
    #[error("the state folder `{}` cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database of the state cannot be opened")]
    Store(#[from] polyptych_store::OpenError),
    /// There is no place for pictures.
    #[error("pictures of operations cannot be kept")]
    Pictures(#[from] BlobPlaceError),
}

/// The open state of this process.
pub struct State {
    store: Store,
    work: Work,
    workers: usize,
    tidying: JoinHandle<()>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl State {
    /// Opens what is configured, brings its schema up to date, and joins the processes that share it. Has to be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// [`OpenStateError`].
    pub async fn open(config: &StateConfig) -> Result<Self, OpenStateError> {
        let Checked { url, workers, retention, bucket } = checked(config)?;
        let place = place(config, bucket).await?;
        let folder = folder(config);
        let unmade = |source| OpenStateError::Folder { path: folder.to_owned(), source };
        tokio::fs::create_dir_all(folder).await.map_err(unmade)?;
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.join(FILE).display()));
        let mut settings = StoreConfig::new(url);
        if let Some(bytes) = config.database_bytes {
            settings = settings.with_most_bytes(bytes);
        }
        if let Some(hours) = config.request_hours {
            settings = settings.with_requests_kept(HOUR * hours);
        }
        if let Some(bytes) = config.client_bytes {
            settings = settings.with_bytes_per_client(bytes);
        }
        let store = Store::open(&settings).await?;
        let work = Work {
            operations: store.operations(),
            blobs: store.blobs(&place),
            requests: store.requests(),
            audit: store.audit(),
        };
        let tidying = tokio::spawn(store.tidying(retention, Some(place)));
        Ok(Self { store, work, workers, tidying })
    }

    /// A service over these libraries that shares what it knows and does with the other processes.
    ///
    /// # Errors
    /// If two libraries have the same id.
    pub fn service(
        &self,
        libraries: Vec<Arc<dyn ImageLibrary>>,
        workers: Arc<dyn Workers>,
    ) -> Result<Service, polyptych_domain::Error> {
        let service = Service::new(libraries, workers)?;
        let service = service.with_claims(self.store.catalogue(), self.store.claims(), Arc::new(TokioPauses));
        Ok(service.with_audit(self.store.audit()))
    }

    /// What libraries keep together with the other processes.
    pub fn together(&self) -> Together {
        Together::by(&self.store)
    }

    /// The ports of what outlives a call.
    pub fn ports(&self) -> &Work {
        &self.work
    }

    /// How this process and its database are.
    pub fn pulse(&self) -> Pulse {
        self.store.pulse()
    }

    /// Begins to work on the operations that are due.
    pub fn work(&self, service: Service, pictures: Pictures) -> Working {
        Working::begin(self.runner(service, pictures), self.store.due(), self.workers)
    }

    /// What carries out operations with these libraries.
    pub fn runner(&self, service: Service, pictures: Pictures) -> Runner {
        let (operations, blobs) = (Arc::clone(&self.work.operations), Arc::clone(&self.work.blobs));
        Runner::new(service, operations, blobs, pictures, Arc::new(TokioPauses))
    }

    /// Leaves what this process holds to the others, and disconnects.
    ///
    /// # Errors
    /// If the database cannot be written; then the others take over as if the process had died.
    pub async fn close(self) -> Result<(), polyptych_domain::Error> {
        self.tidying.abort();
        self.store.close().await
    }
}

/// The place of the pictures of operations that is configured. A folder is made if it is not there; a bucket is asked once.
///
/// # Errors
/// [`OpenStateError`].
pub async fn open_place(config: &StateConfig) -> Result<BlobPlace, OpenStateError> {
    place(config, checked(config)?.bucket).await
}

async fn place(config: &StateConfig, bucket: Option<Reached>) -> Result<BlobPlace, OpenStateError> {
    let place = match bucket {
        Some(bucket) => bucket.open().await?,
        None => BlobPlace::folder(folder(config).join(PICTURES))?,
    };
    Ok(match config.client_bytes {
        Some(bytes) => place.with_bytes_per_client(bytes),
        None => place,
    })
}

fn folder(config: &StateConfig) -> &Path {
    config.folder.as_deref().unwrap_or(Path::new(FOLDER))
}

/// The entry of the configuration to change before the state can be opened, and why.
pub(crate) fn objection(config: &StateConfig) -> Option<(Vec<String>, String)> {
    let error = checked(config).err()?;
    let OpenStateError::Setting { setting, .. } = &error else { return None };
    // Whether the environment has a URL is not for the file to say.
    let path = ["state"].into_iter().chain(setting.split('.')).map(str::to_owned);
    (*setting != "url_env").then(|| (path.collect(), error.to_string()))
}

struct Checked {
    url: Option<String>,
    workers: usize,
    retention: Retention,
    bucket: Option<Reached>,
}

fn checked(config: &StateConfig) -> Result<Checked, OpenStateError> {
    let wrong = |setting, reason: &str| Err(OpenStateError::Setting { setting, reason: reason.to_owned() });
    let url = match (&config.url, &config.url_env) {
        (Some(_), Some(_)) => return wrong("url", "`url_env` says it already; leave one out"),
        (Some(url), None) if !(url.starts_with("sqlite:") || is_postgres(url)) => {
            return wrong("url", "it must begin with sqlite: or postgres://");
        }
        (Some(url), None) if holds_password(url) => {
            return wrong("url", "a password is never written here; use PGPASSWORD, or `url_env` for the whole URL");
        }
        (Some(url), None) => Some(url.clone()),
        (None, Some(name)) => match std::env::var(name) {
            Ok(url) if url.starts_with("sqlite:") || is_postgres(&url) => Some(url),
            Ok(_) => return wrong("url_env", "the variable must hold a URL that begins with sqlite: or postgres://"),
            Err(_) => return wrong("url_env", "the environment has no such variable, or it is no text"),
        },
        (None, None) => None,
    };
    let workers = match config.workers.unwrap_or(WORKERS) {
        workers if workers <= MOST_WORKERS => workers as usize,
        _ => return wrong("workers", "it must be 0 to 64"),
    };
    if config.client_bytes == Some(0) {
        return wrong("client_bytes", "it must be at least 1");
    }
    match config.database_bytes {
        Some(..LEAST_DATABASE) => return wrong("database_bytes", "it must be at least 1048576"),
        Some(_) if url.as_deref().is_some_and(is_postgres) => {
            return wrong("database_bytes", "a PostgreSQL server has limits of its own; leave it out");
        }
        _ => {}
    }
    if config.request_hours.is_some_and(|hours| !REQUEST_HOURS.contains(&hours)) {
        return wrong("request_hours", "it must be 24 to 8760");
    }
    let mut retention = Retention::default();
    for (setting, days, kept) in [
        ("operation_days", config.operation_days, &mut retention.operations),
        ("audit_days", config.audit_days, &mut retention.audit),
        ("intent_days", config.intent_days, &mut retention.intents),
    ] {
        match days {
            None => {}
            Some(days) if DAYS.contains(&days) => *kept = 24 * HOUR * days,
            Some(_) => return wrong(setting, "it must be 1 to 3650 days"),
        }
    }
    let bucket = bucket::configured(config).map_err(|(setting, reason)| OpenStateError::Setting { setting, reason })?;
    Ok(Checked { url, workers, retention, bucket })
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Whether a URL of PostgreSQL holds a password, before its host or among its parameters.
fn holds_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://").filter(|_| is_postgres(url)) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || rest.contains("password=")
}

/// Workers of this process. Dropping them is as if the process died: what they were at is taken over once the state is
/// closed.
#[derive(Debug)]
pub struct Working {
    stop: Stop,
    end: watch::Sender<bool>,
    runner: watch::Sender<Runner>,
    task: JoinHandle<()>,
}

impl Working {
    fn begin(runner: Runner, due: Due, at_once: usize) -> Self {
        let (stop, (end, asked)) = (Stop::default(), watch::channel(false));
        let (runner, runners) = watch::channel(runner);
        let task = tokio::spawn(work(runners, due, at_once, stop.clone(), asked));
        Self { stop, end, runner, task }
    }

    /// Lets another runner carry out what is taken from now on.
    pub fn replace(&self, runner: Runner) {
        self.runner.send_replace(runner);
    }

    /// Begins nothing more, and waits until what was begun has its outcome and the rest is given back; at most for `drain`.
    pub async fn stop(mut self, drain: Duration) {
        self.stop.set();
        self.end.send_replace(true);
        if tokio::time::timeout(drain, &mut self.task).await.is_err() {
            tracing::warn!("operations in progress did not stop in time and are abandoned");
            self.task.abort();
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn work(
    runners: watch::Receiver<Runner>,
    mut due: Due,
    at_once: usize,
    stop: Stop,
    mut asked: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            // An error means that nobody can ask any more, which is as good as being asked.
            _ = asked.wait_for(|asked| *asked) => break,
            Some(ended) = running.join_next() => report(ended),
            id = due.next(), if running.len() < at_once => {
                let (runner, stop) = (runners.borrow().clone(), stop.clone());
                let span = tracing::info_span!("operation", operation = %id);
                let carried = async move {
                    let ran = runner.run(&id, &stop).await;
                    ran.inspect_err(|error| tracing::warn!(operation = %id, %error, "a try could not be ended"))
                };
                running.spawn(carried.instrument(span));
            }
        }
    }
    while let Some(ended) = running.join_next().await {
        report(ended);
    }
}

/// A try that failed has said so.
fn report(ended: Result<Result<(), polyptych_domain::Error>, tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a worker has ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(config: StateConfig) -> Option<String> {
        objection(&config).map(|(path, _)| path.join("."))
    }

    #[test]
    fn a_password_in_the_file_and_other_databases_are_refused() {
        for (url, taken) in [
            ("sqlite:state/polyptych.db", true),
            ("postgres://polyptych@db.test/polyptych", true),
            ("postgresql://polyptych@db.test:5433/polyptych?sslmode=require", true),
            ("postgres://polyptych:canary@db.test/polyptych", false),
            ("postgres://db.test/polyptych?user=a&password=canary", false),
            ("mysql://db.test/polyptych", false),
            ("polyptych.db", false),
        ] {
            let config = StateConfig { url: Some(url.to_owned()), ..StateConfig::default() };
            let told = objection(&config);
            assert_eq!(told.is_none(), taken, "{url}");
            assert!(told.is_none_or(|(_, message)| !message.contains("canary")));
        }
    }

    #[test]
    fn ages_and_sizes_are_bounded() {
        let postgres = || Some("postgres://db.test/polyptych".to_owned());
        for (config, told) in [
            (StateConfig { operation_days: Some(0), ..StateConfig::default() }, Some("state.operation_days")),
            (StateConfig { audit_days: Some(3651), ..StateConfig::default() }, Some("state.audit_days")),
            (StateConfig { intent_days: Some(0), ..StateConfig::default() }, Some("state.intent_days")),
            (StateConfig { request_hours: Some(23), ..StateConfig::default() }, Some("state.request_hours")),
            (StateConfig { client_bytes: Some(0), ..StateConfig::default() }, Some("state.client_bytes")),
            (StateConfig { database_bytes: Some(1000), ..StateConfig::default() }, Some("state.database_bytes")),
            (
                StateConfig { database_bytes: Some(1 << 30), url: postgres(), ..StateConfig::default() },
                Some("state.database_bytes"),
            ),
            (StateConfig { blobs: Some("s3://pictures".into()), ..StateConfig::default() }, Some("state.blobs")),
            (
                StateConfig {
                    operation_days: Some(1),
                    audit_days: Some(3650),
                    request_hours: Some(48),
                    client_bytes: Some(1),
                    database_bytes: Some(1 << 20),
                    ..StateConfig::default()
                },
                None,
            ),
        ] {
            assert_eq!(setting(config).as_deref(), told);
        }
    }

    #[test]
    fn a_url_is_named_once_and_workers_are_bounded() {
        let twice = StateConfig { url: Some("sqlite:a".into()), url_env: Some("A".into()), ..StateConfig::default() };
        assert_eq!(setting(twice).as_deref(), Some("state.url"));
        let many = StateConfig { workers: Some(65), ..StateConfig::default() };
        assert_eq!(setting(many).as_deref(), Some("state.workers"));
        assert_eq!(setting(StateConfig { workers: Some(0), ..StateConfig::default() }), None);
        // The environment of the one who checks a file need not be that of the server.
        assert_eq!(setting(StateConfig { url_env: Some("POLYPTYCH_NO_SUCH".into()), ..StateConfig::default() }), None);
    }
}
