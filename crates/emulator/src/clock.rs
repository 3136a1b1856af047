//! Time as the emulator sees it: dates of images, hourly accrual of points, rate windows.
//! Nothing else in the crate reads a clock, so that a run can be repeated exactly.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn unix_millis(&self) -> i64;
}

/// The machine's clock; what a program that serves the emulator uses.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still until told to move; the default, so that two runs answer alike.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Where the default clock stands: 2026-01-01T00:00:00Z.
    pub const START: i64 = 1_767_225_600_000;

    /// A clock that shows `unix_millis`.
    pub fn new(unix_millis: i64) -> Self {
        Self(AtomicI64::new(unix_millis))
    }

    /// Moves the clock forward by `millis`.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Self::START)
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// `2018-09-04T13:31:01.104+0000` when `millis` is set, else `2018-09-04T13:31:01+0000`: UTC, offset without a colon.
pub(crate) fn date_text(unix_millis: i64, millis: bool) -> String {
    let stamp = jiff::Timestamp::from_millisecond(unix_millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let form = if millis { "%Y-%m-%dT%H:%M:%S.%3f+0000" } else { "%Y-%m-%dT%H:%M:%S+0000" };
    stamp.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_take_the_form_of_the_evotor_samples() {
        assert_eq!(date_text(1_536_067_861_104, true), "2018-09-04T13:31:01.104+0000");
        assert_eq!(date_text(1_451_606_400_000, false), "2016-01-01T00:00:00+0000");
    }
}
