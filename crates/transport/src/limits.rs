//! How many calls may be under way at once, by key, over all libraries of a process: the providers count per
//! advertiser, and one advertiser may be reached through several libraries. Waiting is fair: first come, first served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who shares a limit, and how many calls it allows at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Calls with the same key share one limit, whatever their library: `yandex:login`.
    pub key: String,
    /// Calls at once, at least 1. Where calls disagree, the first one of those under way decides.
    pub at_once: usize,
}

/// The limits of one process. Libraries share them by being given the same one; a key that nobody uses takes no room.
#[derive(Debug, Default)]
pub struct Limits(Mutex<HashMap<Box<str>, Arc<Semaphore>>>);

impl Limits {
    /// Nothing is under way yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys have a call under way or waiting.
    pub fn keys_in_use(&self) -> usize {
        self.slots().len()
    }

    /// Waits for a place under the limit; it is free again when the permit is dropped.
    pub(crate) async fn acquire(self: &Arc<Self>, limit: &Limit) -> Permit {
        let at_once = limit.at_once.clamp(1, Semaphore::MAX_PERMITS);
        let slot = {
            let mut slots = self.slots();
            Arc::clone(slots.entry(limit.key.as_str().into()).or_insert_with(|| Arc::new(Semaphore::new(at_once))))
        };
        // Made before the wait, so that a wait that is given up leaves nothing behind either.
        let waited = Arc::clone(&slot).acquire_owned();
        let mut permit = Permit { place: None, slot: Some(slot), key: limit.key.as_str().into(), limits: self.clone() };
        permit.place = waited.await.ok();
        permit
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call's place under a [`Limit`].
pub(crate) struct Permit {
    place: Option<OwnedSemaphorePermit>,
    slot: Option<Arc<Semaphore>>,
    key: Box<str>,
    limits: Arc<Limits>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.place.take();
        let mut slots = self.limits.slots();
        self.slot.take();
        // Only the table is left to hold it: under the lock nobody can come between.
        if slots.get(&self.key).is_some_and(|slot| Arc::strong_count(slot) == 1) {
            slots.remove(&self.key);
        }
    }
}
