//! Who waits for what within this process: for an operation to change, or for one to come due. News from other processes
//! comes in here, too; whoever waits looks from time to time all the same, so that news may be lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};

use crate::dialect::CHANNEL;
use crate::error::Fault;

/// What an operation coming due is announced as; anything else is the id of one that changed.
const DUE: &str = "due";

/// Where news meets those who wait.
pub(crate) struct Hub {
    waiting: Mutex<HashMap<String, Weak<Notify>>>,
    due: watch::Sender<()>,
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News<'a> {
    /// An operation may be due.
    Due,
    /// This operation changed.
    Changed(&'a str),
}

impl<'a> News<'a> {
    /// As other processes are told.
    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Due => DUE,
            Self::Changed(id) => id,
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self { waiting: Mutex::default(), due: watch::Sender::new(()) }
    }
}

impl Hub {
    /// Wakes whoever waits for it in this process.
    pub(crate) fn tell(&self, news: News<'_>) {
        match news {
            News::Due => self.due.send_modify(|()| ()),
            News::Changed(id) => {
                if let Some(waiting) = self.locked().get(id).and_then(Weak::upgrade) {
                    waiting.notify_waiters();
                }
            }
        }
    }

    /// Wakes everyone: news may have been lost.
    fn tell_all(&self) {
        for waiting in self.locked().values().filter_map(Weak::upgrade) {
            waiting.notify_waiters();
        }
        self.tell(News::Due);
    }

    /// What is notified when the operation changes.
    pub(crate) fn of(&self, id: &str) -> Arc<Notify> {
        let mut waiting = self.locked();
        if let Some(known) = waiting.get(id).and_then(Weak::upgrade) {
            return known;
        }
        waiting.retain(|_, one| one.strong_count() > 0);
        let one = Arc::new(Notify::new());
        waiting.insert(id.to_owned(), Arc::downgrade(&one));
        one
    }

    /// Changes whenever an operation may have come due.
    pub(crate) fn due(&self) -> watch::Receiver<()> {
        self.due.subscribe()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, Weak<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens to the server for ever, through outages of it.
pub(crate) async fn listen(hub: Arc<Hub>, pool: PgPool) {
    const PAUSE: Duration = Duration::from_secs(1);
    while !pool.is_closed() {
        if let Err(fault) = hear(&hub, &pool).await {
            tracing::debug!(error = %fault, "cannot listen to the database");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(hub: &Hub, pool: &PgPool) -> Result<(), Fault> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        hub.tell_all();
        while let Some(news) = listener.try_recv().await? {
            match news.payload() {
                DUE => hub.tell(News::Due),
                id => hub.tell(News::Changed(id)),
            }
        }
    }
}
