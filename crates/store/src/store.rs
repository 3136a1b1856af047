//! Opens and closes the store, and hands out the domain's ports over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use polyptych_domain::{Catalogue, Claims, Error, Operations};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::catalogue::SqlCatalogue;
use crate::claims::SqlClaims;
use crate::clock::Clock;
use crate::error::internal;
use crate::hub::{self, Hub};
use crate::members::{self, Members};
use crate::operations::SqlOperations;
use crate::pool::{Db, Pools};
use crate::{Due, OpenError, StoreConfig, dialect, migrations};

/// An open store: this process among those that share the database. Dropped, it falls silent, and others take over what it
/// held after four to five seconds; [closed](Self::close), they may do so at once.
pub struct Store {
    shared: Arc<Shared>,
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
    /// Where what nobody waits for is done.
    pub(crate) runtime: Handle,
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
        let members = Arc::new(Members::join(pulse.clone(), Arc::clone(&hub), Arc::clone(&clock)).await?);
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
            runtime: Handle::current(),
            tokens: AtomicI64::new(config.clock.wall().as_microsecond()),
        };
        Ok(Self { shared: Arc::new(shared), background })
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

    /// Operations as they come due, for workers to [take](Operations::take). One per process is enough.
    pub fn due(&self) -> Due {
        Due::new(Arc::clone(&self.shared))
    }

    /// Shows that this process lives, and frees what those hold who have not shown it for four seconds. Called twice a second
    /// in the background, unless [that is off](StoreConfig::without_background).
    ///
    /// # Errors
    /// `Internal` where the database cannot be read or written.
    pub async fn tick(&self) -> Result<(), Error> {
        self.shared.members.beat().await.map_err(internal)?;
        self.shared.members.watch().await.map_err(internal)
    }

    /// Gives up everything that this process holds, so that others need not wait, and disconnects.
    ///
    /// # Errors
    /// `Internal` where the database cannot be written; then others take over as if the process had died.
    pub async fn close(mut self) -> Result<(), Error> {
        self.stop();
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
