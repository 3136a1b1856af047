//! Opens and closes the store, and hands out the domain's ports over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use polyptych_domain::{AuditLog, Blobs, Catalogue, Claims, Error, Operations, Requests};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::audit::SqlAudit;
use crate::blobs::SqlBlobs;
use crate::catalogue::SqlCatalogue;
use crate::claims::SqlClaims;
use crate::clock::Clock;
use crate::debts::{self, Debts};
use crate::error::{Fault, internal};
use crate::hub::{self, Hub};
use crate::members::{self, Members};
use crate::operations::{Room, SqlOperations};
use crate::pool::{Db, Pools};
use crate::requests::SqlRequests;
use crate::tidy::{self, Belief};
use crate::{BlobPlace, Due, OpenError, Places, Pulse, Quotas, Retention, StoreConfig, Tidied, dialect, migrations};

/// How often is looked whether it is time to tidy up.
const TIDY: Duration = Duration::from_secs(60);

/// How often is looked whether something could not be written that can be now.
const MAKE_UP: Duration = Duration::from_secs(1);

/// An open store: this process among those that share the database. Dropped, it falls silent, and others take over what it
/// held after four to five seconds; [closed](Self::close), they may do so at once.
pub struct Store {
    shared: Arc<Shared>,
    requests: Arc<SqlRequests>,
    places: Places,
    quotas: Quotas,
    background: Vec<JoinHandle<()>>,
}

/// What every port works with.
pub(crate) struct Shared {
    pub(crate) db: Db,
    pulse: Db,
    pub(crate) hub: Arc<Hub>,
    pub(crate) members: Arc<Members>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    /// What is to be given up once the database is there again.
    pub(crate) debts: Debts,
    /// What each client may ask for.
    pub(crate) room: Room,
    /// Where what nobody waits for is done.
    pub(crate) runtime: Handle,
    /// Held while this process tidies up.
    pub(crate) tidying: tokio::sync::Mutex<Belief>,
    tokens: AtomicI64,
}

impl Shared {
    /// A number larger than those before, also than those of earlier processes unless the clock was set back.
    pub(crate) fn next_token(&self) -> i64 {
        self.tokens.fetch_add(1, Ordering::Relaxed)
    }

    /// Microseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.wall().as_microsecond()
    }
}

impl Store {
    /// Connects, brings the schema up to date and registers this process. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`]; the schema may have been brought up to date.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let (db, pulse) = dialect::connect(config).await?;
        migrations::run(&db, &*config.clock).await?;
        let hub = Arc::new(Hub::default());
        let clock = Arc::clone(&config.clock);
        let members = Members::join(pulse.clone(), Arc::clone(&hub), Arc::clone(&clock), config.requests_kept).await?;
        let members = Arc::new(members);
        let mut background = Vec::new();
        if config.background {
            background.push(tokio::spawn(members::live(Arc::clone(&members))));
            background.push(tokio::spawn(members::watch(Arc::clone(&members))));
            if let Pools::Postgres(pool) = &pulse.pools {
                background.push(tokio::spawn(hub::listen(Arc::clone(&hub), pool.clone())));
            }
        }
        let shared = Shared {
            db,
            pulse,
            hub,
            members,
            clock,
            first_pause: config.first_pause,
            longest_pause: config.longest_pause,
            debts: Debts::default(),
            room: Room::new(config.bytes_per_client),
            runtime: Handle::current(),
            tidying: tokio::sync::Mutex::default(),
            tokens: AtomicI64::new(config.clock.wall().as_microsecond()),
        };
        let shared = Arc::new(shared);
        let requests = Arc::new(SqlRequests::new(Arc::clone(&shared)));
        let (places, quotas) = (Places::new(Arc::clone(&shared)), Quotas::new(Arc::clone(&shared)));
        if config.background {
            background.push(tokio::spawn(make_up(Arc::clone(&shared), Arc::clone(&requests))));
        }
        Ok(Self { shared, requests, places, quotas, background })
    }

    /// What is known to be in albums.
    pub fn catalogue(&self) -> Arc<dyn Catalogue> {
        Arc::new(SqlCatalogue(Arc::clone(&self.shared)))
    }

    /// Who may upload.
    pub fn claims(&self) -> Arc<dyn Claims> {
        Arc::new(SqlClaims(Arc::clone(&self.shared)))
    }

    /// Long-running operations.
    pub fn operations(&self) -> Arc<dyn Operations> {
        Arc::new(SqlOperations(Arc::clone(&self.shared)))
    }

    /// Requests that callers may repeat.
    pub fn requests(&self) -> Arc<dyn Requests> {
        Arc::clone(&self.requests) as Arc<dyn Requests>
    }

    /// Who changed what.
    pub fn audit(&self) -> Arc<dyn AuditLog> {
        Arc::new(SqlAudit(Arc::clone(&self.shared)))
    }

    /// Pictures of operations, with their bytes at this place.
    pub fn blobs(&self, place: &BlobPlace) -> Arc<dyn Blobs> {
        Arc::new(SqlBlobs { shared: Arc::clone(&self.shared), place: place.clone() })
    }

    /// Limits of calls at once over all processes.
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// What other processes know of quotas.
    pub fn quotas(&self) -> Quotas {
        self.quotas.clone()
    }

    /// How this process and its database are.
    pub fn pulse(&self) -> Pulse {
        Pulse(Arc::clone(&self.shared))
    }

    /// Removes what nobody needs any more, if it is time for it and no other process is at it; `None` otherwise.
    ///
    /// # Errors
    /// `Internal` where the database or the place cannot be read or written; what was removed until then is gone.
    pub async fn tidy(&self, retention: &Retention, place: Option<&BlobPlace>) -> Result<Option<Tidied>, Error> {
        tidy::tidy(&self.shared, retention, place).await
    }

    /// Tidies up for ever, to be spawned by a server. What fails is tried again a minute later.
    pub fn tidying(&self, retention: Retention, place: Option<BlobPlace>) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move {
            loop {
                tokio::time::sleep(TIDY).await;
                match tidy::tidy(&shared, &retention, place.as_ref()).await {
                    Ok(Some(tidied)) if tidied != Tidied::default() => tracing::info!(?tidied, "tidied up"),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "cannot tidy up"),
                }
            }
        }
    }

    /// Operations as they come due, for workers to [take](Operations::take). One per process is enough.
    pub fn due(&self) -> Due {
        Due::new(Arc::clone(&self.shared))
    }

    /// Shows that this process lives, frees what those hold who have not shown it for four seconds, and does what could not be
    /// written while the database was away. Called twice a second
    /// in the background, unless [that is off](StoreConfig::without_background).
    ///
    /// # Errors
    /// `Internal` where the database cannot be read or written.
    pub async fn tick(&self) -> Result<(), Error> {
        self.shared.members.beat().await.map_err(internal)?;
        self.shared.members.watch().await.map_err(internal)?;
        made_up(&self.shared, &self.requests).await.map_err(internal)
    }

    /// Gives up everything that this process holds, so that others need not wait, and disconnects.
    ///
    /// # Errors
    /// `Internal` where the database cannot be written; then others take over as if the process had died.
    pub async fn close(mut self) -> Result<(), Error> {
        self.stop();
        self.quotas.end().await;
        let parted = self.shared.members.part().await;
        self.shared.db.close().await;
        self.shared.pulse.close().await;
        parted.map_err(internal)
    }

    fn stop(&mut self) {
        for task in self.background.drain(..) {
            task.abort();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Does for ever what could not be written while the database was away.
async fn make_up(shared: Arc<Shared>, requests: Arc<SqlRequests>) {
    loop {
        tokio::time::sleep(MAKE_UP).await;
        if let Err(fault) = made_up(&shared, &requests).await {
            tracing::debug!(error = %fault, "what could not be written still cannot");
        }
    }
}

async fn made_up(shared: &Shared, requests: &SqlRequests) -> Result<(), Fault> {
    debts::pay(shared).await?;
    requests.make_up().await
}
