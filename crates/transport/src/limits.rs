//! How many calls may be under way at once, by key, over all libraries of a process: the providers count per
//! advertiser, and one advertiser may be reached through several libraries. Waiting is fair: first come, first served. Where
//! several processes reach the same advertisers, a place that they share is asked for behind a place of this process, so
//! that no more callers ask for one than could get one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who shares a limit, and how many calls it allows at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Calls with the same key share one limit, whatever their library: `yandex:login`.
    pub key: String,
    /// Calls at once, at least 1. Where calls disagree, the first one of those under way decides.
    pub at_once: usize,
}

/// Why no place is given.
pub type PlaceError = Box<dyn std::error::Error + Send + Sync>;

/// Limits that hold over several processes.
#[async_trait]
pub trait SharedLimits: Send + Sync {
    /// Waits for a place under the limit, which is free again when what is returned is dropped.
    ///
    /// # Errors
    /// If it cannot be told whether there is one; then the call is not sent.
    async fn acquire(&self, limit: &Limit) -> Result<Box<dyn Send>, PlaceError>;
}

/// The limits of one process. Libraries share them by being given the same one; a key that nobody uses takes no room.
#[derive(Default)]
pub struct Limits {
    slots: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
    shared: Option<Arc<dyn SharedLimits>>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("keys_in_use", &self.keys_in_use()).finish_non_exhaustive()
    }
}

impl Limits {
    /// Nothing is under way yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The limits of a process that has to keep them together with others.
    pub fn shared(shared: Arc<dyn SharedLimits>) -> Self {
        Self { slots: Mutex::default(), shared: Some(shared) }
    }

    /// How many keys have a call under way or waiting.
    pub fn keys_in_use(&self) -> usize {
        self.slots().len()
    }

    /// Waits for a place under the limit; it is free again when the permit is dropped.
    pub(crate) async fn acquire(self: &Arc<Self>, limit: &Limit) -> Result<Permit, PlaceError> {
        let at_once = limit.at_once.clamp(1, Semaphore::MAX_PERMITS);
        let slot = {
            let mut slots = self.slots();
            Arc::clone(slots.entry(limit.key.as_str().into()).or_insert_with(|| Arc::new(Semaphore::new(at_once))))
        };
        // Made before the wait, so that a wait that is given up leaves nothing behind either.
        let waited = Arc::clone(&slot).acquire_owned();
        let (key, limits) = (limit.key.as_str().into(), Arc::clone(self));
        let mut permit = Permit { shared: None, place: None, slot: Some(slot), key, limits };
        permit.place = waited.await.ok();
        if let Some(shared) = &self.shared {
            permit.shared = Some(shared.acquire(limit).await?);
        }
        Ok(permit)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Semaphore>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call's place under a [`Limit`].
pub(crate) struct Permit {
    shared: Option<Box<dyn Send>>,
    place: Option<OwnedSemaphorePermit>,
    slot: Option<Arc<Semaphore>>,
    key: Box<str>,
    limits: Arc<Limits>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        // First, so that whoever is next in this process finds it.
        self.shared.take();
        self.place.take();
        let mut slots = self.limits.slots();
        self.slot.take();
        // Only the table is left to hold it: under the lock nobody can come between.
        if slots.get(&self.key).is_some_and(|slot| Arc::strong_count(slot) == 1) {
            slots.remove(&self.key);
        }
    }
}
