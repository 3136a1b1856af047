//! A table with a most: counters by account or token must not grow with the names that callers make up.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map of at most `most` entries. A new one beyond that takes the place of the entry that came first.
#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    arrivals: VecDeque<K>,
    most: usize,
}

impl<K: Clone + Eq + Hash, V: Default> Bounded<K, V> {
    /// An empty table of at most `most` entries, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), arrivals: VecDeque::new(), most: most.max(1) }
    }

    /// The entry of this key; a new one is its type's default.
    pub(crate) fn entry(&mut self, key: &K) -> &mut V {
        if !self.entries.contains_key(key) {
            while self.arrivals.len() >= self.most {
                if let Some(first) = self.arrivals.pop_front() {
                    self.entries.remove(&first);
                }
            }
            self.arrivals.push_back(key.clone());
        }
        self.entries.entry(key.clone()).or_default()
    }

    /// The entry of this key, if there is one.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// All entries, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.arrivals.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_that_came_first_gives_way() {
        let mut table: Bounded<u8, u32> = Bounded::new(2);
        for key in [1, 2, 1, 3] {
            *table.entry(&key) += 1;
        }
        assert_eq!((table.get(&1), table.get(&2), table.get(&3)), (None, Some(&1), Some(&1)));
        table.clear();
        assert_eq!(*table.entry(&1), 0);
    }
}
