//! What answers told of quotas, passed on between processes as texts that only they understand. It is a hint: what cannot
//! be written or read is as if it had not been told. Written and read once a second per account at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::{Fault, names_no_member};
use crate::pool::args;
use crate::store::Shared;

/// How long what was read or written is new enough.
const FRESH: Duration = Duration::from_secs(1);
/// Accounts that are known before all are forgotten.
const MOST: usize = 4096;

/// Quotas as other processes were told of them. Cheap to clone.
#[derive(Clone)]
pub struct Quotas(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    accounts: Mutex<HashMap<String, Account>>,
    /// What writes; absent once the store is closing.
    writers: Mutex<Option<JoinSet<()>>>,
}

#[derive(Default)]
struct Account {
    /// What is to be written.
    told: Option<String>,
    writing: bool,
    read: Option<(Instant, Arc<[String]>)>,
}

impl Quotas {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Inner { shared, accounts: Mutex::default(), writers: Mutex::new(Some(JoinSet::new())) }))
    }

    /// Passes on what this process was told, in place of what it passed on before. Returns at once. Once the store closes,
    /// nothing is passed on any more: what this process was told goes with it.
    pub fn tell(&self, account: &str, told: String) {
        let mut writers = self.0.writers();
        let Some(writers) = writers.as_mut() else { return };
        while writers.try_join_next().is_some() {}
        let mut accounts = self.0.accounts();
        let state = accounts.entry(account.to_owned()).or_default();
        state.told = Some(told);
        if !std::mem::replace(&mut state.writing, true) {
            writers.spawn_on(write(Arc::clone(&self.0), account.to_owned()), &self.0.shared.runtime);
        }
    }

    /// What other processes passed on, at most a second ago or so; nothing once the store closes.
    pub async fn told(&self, account: &str) -> Arc<[String]> {
        if self.0.writers().is_none() {
            return Arc::new([]);
        }
        if let Some((read, told)) = self.0.accounts().get(account).and_then(|state| state.read.as_ref())
            && read.elapsed() < FRESH
        {
            return Arc::clone(told);
        }
        let told: Arc<[String]> = match self.0.read(account).await {
            Ok(told) => told.into(),
            Err(_) if self.0.writers().is_none() => Arc::new([]),
            Err(fault) => {
                tracing::warn!(error = %fault, "what other processes know of quotas cannot be read");
                Arc::new([])
            }
        };
        let mut accounts = self.0.accounts();
        if accounts.len() >= MOST {
            accounts.retain(|_, state| state.writing);
        }
        accounts.entry(account.to_owned()).or_default().read = Some((Instant::now(), Arc::clone(&told)));
        told
    }

    /// Ends everything that would read or write yet.
    pub(crate) async fn end(&self) {
        let writers = self.0.writers().take();
        if let Some(mut writers) = writers {
            writers.shutdown().await;
        }
    }
}

impl Inner {
    async fn read(&self, account: &str) -> Result<Vec<String>, Fault> {
        let sql = "SELECT told FROM quotas WHERE account = $1 AND member <> $2";
        let rows = self.shared.db.read(sql, args![account, &*self.shared.members.me()]).await?;
        rows.iter().map(|row| row.get("told")).collect()
    }

    async fn write(&self, account: &str, told: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO quotas (account, member, told) VALUES ($1, $2, $3) \
                   ON CONFLICT (account, member) DO UPDATE SET told = excluded.told";
        let me = self.shared.members.me();
        match self.shared.db.execute(sql, args![account, &*me, told]).await {
            Err(fault) if names_no_member(&fault) => self.shared.members.rejoin(&me).await,
            written => written.map(drop),
        }
    }

    /// Nothing panics while it is held.
    fn writers(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table is whole between calls.
    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is told last, until nothing new is told for a while.
async fn write(inner: Arc<Inner>, account: String) {
    loop {
        let told = {
            let mut accounts = inner.accounts();
            let Some(state) = accounts.get_mut(&account) else { return };
            let told = state.told.take();
            state.writing = told.is_some();
            told
        };
        let Some(told) = told else { return };
        if let Err(fault) = inner.write(&account, &told).await {
            tracing::warn!(error = %fault, "what is known of quotas cannot be passed on");
        }
        tokio::time::sleep(FRESH).await;
    }
}
