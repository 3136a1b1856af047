//! The number of requests at once of each advertiser. It counts; it does not queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::lock::hold;

/// Requests under way, by login.
#[derive(Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<HashMap<String, usize>>>);

impl Gate {
    /// A place for one more request of `login`; `None` when `most` are under way.
    pub(crate) fn enter(&self, login: &str, most: usize) -> Option<Permit> {
        let mut under_way = hold(&self.0);
        let count = under_way.get(login).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        under_way.insert(login.to_owned(), count + 1);
        Some(Permit { gate: Arc::clone(&self.0), login: login.to_owned() })
    }
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Mutex<HashMap<String, usize>>>,
    login: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut under_way = hold(&self.gate);
        if let Some(count) = under_way.get_mut(&self.login) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                under_way.remove(&self.login);
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
}
