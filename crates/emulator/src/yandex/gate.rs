//! The number of requests at once of each advertiser. It counts; it does not queue.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use crate::bounded::Bounded;
use crate::lock::hold;

/// The most advertisers of whom the highest number is kept; the oldest give way.
const MOST_LOGINS: usize = 65_536;

/// Requests under way, by login.
#[derive(Debug)]
pub(crate) struct Gate(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    under_way: HashMap<String, usize>,
    /// The most at once so far, those that found no place included.
    highest: Bounded<String, usize>,
}

impl Default for Gate {
    fn default() -> Self {
        let counts = Counts { under_way: HashMap::new(), highest: Bounded::new(MOST_LOGINS) };
        Self(Arc::new(Mutex::new(counts)))
    }
}

impl Gate {
    /// A place for one more request of `login`; `None` when `most` are under way.
    pub(crate) fn enter(&self, login: &str, most: usize) -> Option<Permit> {
        let mut counts = hold(&self.0);
        let login = login.to_owned();
        let count = counts.under_way.get(&login).copied().unwrap_or_default();
        let highest = counts.highest.entry(&login);
        *highest = (*highest).max(count + 1);
        if count >= most {
            return None;
        }
        counts.under_way.insert(login.clone(), count + 1);
        Some(Permit { gate: Arc::clone(&self.0), login })
    }

    /// The most requests at once of each login since the last reset; those that were refused for it count.
    pub(crate) fn highest(&self) -> BTreeMap<String, usize> {
        hold(&self.0).highest.iter().map(|(login, count)| (login.clone(), *count)).collect()
    }

    /// Forgets the highest numbers; what is under way keeps its places.
    pub(crate) fn reset(&self) {
        hold(&self.0).highest.clear();
    }
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Mutex<Counts>>,
    login: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = hold(&self.gate);
        if let Some(count) = counts.under_way.get_mut(&self.login) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.under_way.remove(&self.login);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_request_ends() {
        let gate = Gate::default();
        let first = gate.enter("a", 1);
        assert!(first.is_some() && gate.enter("a", 1).is_none() && gate.enter("b", 1).is_some());
        drop(first);
        assert!(gate.enter("a", 1).is_some());
    }
    #[test]
    fn the_highest_number_counts_who_found_no_place_and_outlives_who_left() {
        let gate = Gate::default();
        let places: Vec<_> = (0..3).map(|_| gate.enter("a", 2)).collect();
        drop((places, gate.enter("b", 2)));
        assert_eq!(gate.highest(), BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 1)]));
        gate.reset();
        assert!(gate.highest().is_empty());
    }
}
