//! Requests of each token in the current interval (reference 4). Numbers and the unit of `Reset`, seconds left, are
//! assumptions (10.13).

use std::sync::Mutex;

use crate::bounded::Bounded;
use crate::digest::{Sha, sha256};
use crate::lock::hold;
use crate::settings::EvotorSettings;

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    interval: i64,
    taken: u64,
}

/// The most tokens counted at once.
const MOST: usize = 65_536;

/// Counters by digest of the token.
#[derive(Debug)]
pub(crate) struct Rates(Mutex<Bounded<Sha, Counter>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MOST)))
    }
}

/// The values of the three headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) reset_seconds: i64,
}

impl Rates {
    /// Forgets all counts.
    pub(crate) fn reset(&self) {
        hold(&self.0).clear();
    }

    /// Counts a request; false when the interval's requests are used up.
    pub(crate) fn take(&self, token: &str, now: i64, settings: &EvotorSettings) -> bool {
        let (interval, _) = interval(now, settings);
        let mut counters = hold(&self.0);
        let counter = counters.entry(&sha256(token.as_bytes()));
        if counter.interval != interval {
            *counter = Counter { interval, taken: 0 };
        }
        let free = counter.taken < settings.rate_limit;
        counter.taken += u64::from(free);
        free
    }

    /// What is left, without counting.
    pub(crate) fn look(&self, token: &str, now: i64, settings: &EvotorSettings) -> Window {
        let (interval, reset_seconds) = interval(now, settings);
        let counters = hold(&self.0);
        let counter = counters.get(&sha256(token.as_bytes())).filter(|counter| counter.interval == interval);
        let taken = counter.map_or(0, |counter| counter.taken);
        let limit = settings.rate_limit;
        Window { limit, remaining: limit.saturating_sub(taken), reset_seconds }
    }
}

/// The number of the interval and the seconds left in it.
fn interval(now: i64, settings: &EvotorSettings) -> (i64, i64) {
    let length = i64::from(settings.rate_seconds.max(1)) * 1000;
    let interval = now.div_euclid(length);
    let left = length - now.rem_euclid(length);
    (interval, (left + 999) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_gives_its_requests_and_the_next_one_gives_them_again() {
        let rates = Rates::default();
        let settings = EvotorSettings { rate_limit: 1, rate_seconds: 10, ..EvotorSettings::default() };
        assert!(rates.take("t", 1_500, &settings) && !rates.take("t", 1_500, &settings));
        assert!(rates.take("u", 1_500, &settings));
        assert_eq!(rates.look("t", 1_500, &settings), Window { limit: 1, remaining: 0, reset_seconds: 9 });
        assert!(rates.take("t", 10_000, &settings));
    }
}
