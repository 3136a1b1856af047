//! Points of each advertiser (v5 reference 8): a balance that starts full, is spent by calls, and grows by a 24th of
//! the limit at the start of each hour. The sliding window of the real service is this balance with its cap.

use std::sync::Mutex;

use crate::bounded::Bounded;
use crate::lock::hold;

const HOUR_MILLIS: i64 = 3_600_000;

/// The most balances kept; of the others nothing is spent.
const MOST: usize = 65_536;

#[derive(Debug, Clone, Copy)]
struct Balance {
    left: u64,
    hour: i64,
}

/// Balances by login.
#[derive(Debug)]
pub(crate) struct Points(Mutex<Bounded<String, Option<Balance>>>);

impl Default for Points {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MOST)))
    }
}

impl Points {
    /// Forgets what was spent.
    pub(crate) fn reset(&self) {
        hold(&self.0).clear();
    }

    /// Says what `login` has left.
    pub(crate) fn set(&self, login: &str, left: u64, now: i64) {
        let balance = Balance { left, hour: now.div_euclid(HOUR_MILLIS) };
        *hold(&self.0).entry(&login.to_owned()) = Some(balance);
    }

    /// The points that `login` has now.
    pub(crate) fn left(&self, login: &str, limit: u64, now: i64) -> u64 {
        self.spend(login, 0, limit, now)
    }

    /// Takes `cost` points, as far as there are any, and tells what is left.
    pub(crate) fn spend(&self, login: &str, cost: u64, limit: u64, now: i64) -> u64 {
        let hour = now.div_euclid(HOUR_MILLIS);
        let mut balances = hold(&self.0);
        let balance = balances.entry(&login.to_owned()).get_or_insert(Balance { left: limit, hour });
        let hours = u64::try_from(hour.saturating_sub(balance.hour)).unwrap_or(0);
        balance.left = balance.left.saturating_add(hours.saturating_mul(limit / 24)).min(limit);
        balance.hour = hour;
        balance.left = balance.left.saturating_sub(cost);
        balance.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_callers_make_up_do_not_add_up() {
        let points = Points::default();
        for number in 0..=MOST {
            points.spend(&number.to_string(), 1, 240, 0);
        }
        assert_eq!((points.left("0", 240, 0), points.left("9", 240, 0)), (240, 239));
    }

    #[test]
    fn an_hour_gives_back_a_twenty_fourth_of_the_limit_and_no_more_than_was_spent() {
        let points = Points::default();
        assert_eq!(points.spend("a", 100, 240, 0), 140);
        assert_eq!(points.left("a", 240, HOUR_MILLIS), 150);
        assert_eq!(points.left("a", 240, 40 * HOUR_MILLIS), 240);
        assert_eq!(points.spend("a", 999, 240, 40 * HOUR_MILLIS), 0);
    }
}
