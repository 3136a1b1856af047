//! What v4 Live counts by the day (Live 4 reference 4): calls of a method, and points. Days begin at midnight in Moscow
//! (assumption), and nothing is carried over. It counts; what is refused, and how, is decided elsewhere.

use std::sync::Mutex;

use crate::bounded::Bounded;
use crate::lock::hold;

const DAY_MILLIS: i64 = 86_400_000;
/// Moscow is three hours ahead of UTC.
const AHEAD_MILLIS: i64 = 10_800_000;
/// A method whose calls are used up works once in this time.
const PAUSE_MILLIS: i64 = 600_000;
/// The most counters of each kind.
const MOST: usize = 65_536;

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    day: i64,
    count: u64,
    /// When a call was last let through.
    last: i64,
}

impl Counter {
    fn on(&mut self, now: i64) -> &mut Self {
        let day = now.saturating_add(AHEAD_MILLIS).div_euclid(DAY_MILLIS);
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
        self
    }
}

#[derive(Debug)]
struct Book {
    /// By user and method.
    calls: Bounded<(String, String), Counter>,
    /// By advertiser.
    points: Bounded<String, Counter>,
}

impl Default for Book {
    fn default() -> Self {
        Self { calls: Bounded::new(MOST), points: Bounded::new(MOST) }
    }
}

/// The counters of a day.
#[derive(Debug, Default)]
pub(crate) struct Daily(Mutex<Book>);

impl Daily {
    /// Forgets all counts.
    pub(crate) fn reset(&self) {
        *hold(&self.0) = Book::default();
    }

    /// Counts a call; false when the day's `most` calls are used up and another was let through lately.
    pub(crate) fn call(&self, user: &str, method: &str, now: i64, most: u64) -> bool {
        let mut book = hold(&self.0);
        let counter = book.calls.entry(&(user.to_owned(), method.to_owned())).on(now);
        let free = counter.count < most || now.saturating_sub(counter.last) >= PAUSE_MILLIS;
        if free {
            counter.count = counter.count.saturating_add(1);
            counter.last = now;
        }
        free
    }

    /// Takes `cost` points of the day's `most`; false, and nothing taken, when fewer are left.
    pub(crate) fn spend(&self, login: &str, cost: u64, now: i64, most: u64) -> bool {
        let mut book = hold(&self.0);
        let counter = book.points.entry(&login.to_owned()).on(now);
        let spent = counter.count.saturating_add(cost);
        let enough = cost == 0 || spent <= most;
        if enough {
            counter.count = spent;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_whose_calls_are_used_up_works_every_ten_minutes_until_midnight_in_moscow() {
        let daily = Daily::default();
        let midnight = DAY_MILLIS - AHEAD_MILLIS;
        let call = |method, now| daily.call("u", method, now, 2);
        assert_eq!(
            [0, 1, 2, 600_000, 600_001, 600_002].map(|now| call("a", now)),
            [true, true, false, false, true, false]
        );
        assert!(call("b", 2) && daily.call("v", "a", 2, 2));
        assert!(!call("a", 600_003) && call("a", midnight) && call("a", midnight + 1) && !call("a", midnight + 2));
    }

    #[test]
    fn points_are_taken_whole_and_come_back_the_next_day() {
        let daily = Daily::default();
        let spend = |cost, now| daily.spend("u", cost, now, 10);
        assert!(spend(7, 0) && !spend(4, 0) && spend(3, 0) && !spend(1, 0) && spend(0, 0));
        assert!(spend(10, DAY_MILLIS) && daily.spend("v", 10, 0, 10));
    }
}
