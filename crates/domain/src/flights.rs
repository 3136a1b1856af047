//! One upload in flight per key. Whoever comes while another is at work waits and takes over its outcome; if that one is
//! dropped before it has an outcome, the next one waiting does the work. It needs no runtime and starts no task.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The outcome of a flight, for those who wait; absent as long as there is none.
type Slot<V> = Arc<AsyncMutex<Option<V>>>;

/// Flights by key; `V` is what a flight leaves to those who waited for it.
#[derive(Debug)]
pub(crate) struct Flights<K: Hash + Eq, V>(Arc<Mutex<HashMap<K, Slot<V>>>>);

impl<K: Hash + Eq, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone, V> Flights<K, V> {
    fn slot(&self, key: &K) -> Slot<V> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(flights.entry(key.clone()).or_default())
    }

    /// Waits until nobody else is at work on this key.
    pub(crate) async fn join(&self, key: K) -> Flight<K, V> {
        let slot = self.slot(&key);
        let waiting = Waiting { flights: Arc::clone(&self.0), key, slot };
        let guard = Arc::clone(&waiting.slot).lock_owned().await;
        Flight { guard: Some(guard), waiting }
    }

    /// Takes the key if nobody is at work on it.
    pub(crate) fn try_lead(&self, key: K) -> Option<Flight<K, V>> {
        let slot = self.slot(&key);
        let waiting = Waiting { flights: Arc::clone(&self.0), key, slot };
        let guard = Arc::clone(&waiting.slot).try_lock_owned()?;
        // A slot with an outcome belongs to those who waited for it; for this caller it is as good as taken.
        guard.is_none().then_some(Flight { guard: Some(guard), waiting })
    }
}

/// A key that this holder alone works on.
pub(crate) struct Flight<K: Hash + Eq, V> {
    guard: Option<OwnedMutexGuard<Option<V>>>,
    waiting: Waiting<K, V>,
}

impl<K: Hash + Eq, V> Flight<K, V> {
    /// What the one before left; absent for the first, and after one that was dropped.
    pub(crate) fn left(&self) -> Option<&V> {
        self.guard.as_ref()?.as_ref()
    }

    /// Ends the flight and leaves the outcome to those who wait now. Who comes later begins a new flight.
    pub(crate) fn land(mut self, outcome: V) {
        self.waiting.retire();
        if let Some(mut guard) = self.guard.take() {
            *guard = Some(outcome);
        }
    }
}

/// A share in a slot, which leaves the map with the last one who has to do with it.
struct Waiting<K: Hash + Eq, V> {
    flights: Arc<Mutex<HashMap<K, Slot<V>>>>,
    key: K,
    slot: Slot<V>,
}

impl<K: Hash + Eq, V> Waiting<K, V> {
    fn retire(&self) {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.get(&self.key).is_some_and(|slot| Arc::ptr_eq(slot, &self.slot)) {
            flights.remove(&self.key);
        }
    }
}

impl<K: Hash + Eq, V> Drop for Waiting<K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's share and this one: nobody else waits. A guard still held by this flight is a third, and it is
        // dropped before this, since it is declared first. This share is given back under the lock as well, so that of
        // two who leave at once one sees that it is the last.
        let last = Arc::strong_count(&self.slot) <= 2;
        let slot = std::mem::take(&mut self.slot);
        if last && flights.get(&self.key).is_some_and(|held| Arc::ptr_eq(held, &slot)) {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn len(flights: &Flights<u8, u8>) -> usize {
        flights.0.lock().unwrap().len()
    }

    #[test]
    fn who_waits_gets_the_outcome_and_who_comes_later_begins_anew() {
        let flights = Flights::<u8, u8>::default();
        let leader = flights.join(1).now_or_never().unwrap();
        assert_eq!(leader.left(), None);
        let mut follower = Box::pin(flights.join(1));
        assert!(follower.as_mut().now_or_never().is_none());
        assert!(flights.try_lead(1).is_none());
        assert!(flights.try_lead(2).is_some());
        leader.land(7);
        assert_eq!(flights.join(1).now_or_never().unwrap().left(), None);
        assert_eq!(follower.now_or_never().unwrap().left(), Some(&7));
        assert_eq!(len(&flights), 0);
    }

    #[test]
    fn a_follower_takes_over_from_a_leader_that_was_dropped() {
        let flights = Flights::<u8, u8>::default();
        let leader = flights.join(1).now_or_never().unwrap();
        let mut dropped = Box::pin(flights.join(1));
        let mut follower = Box::pin(flights.join(1));
        assert!(dropped.as_mut().now_or_never().is_none());
        assert!(follower.as_mut().now_or_never().is_none());
        drop(leader);
        // It has been woken first, and never looks.
        drop(dropped);
        let follower = follower.now_or_never().unwrap();
        assert_eq!(follower.left(), None);
        assert!(flights.try_lead(1).is_none());
        drop(follower);
        assert_eq!(len(&flights), 0);
    }
}
