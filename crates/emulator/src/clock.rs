//! Time as the emulator sees it: dates of images, hourly accrual of points, rate windows.
//! Nothing else in the crate reads a clock, so that a run can be repeated exactly.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::lock::hold;

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

/// How far the emulator's time is from its clock, as control has set it.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Hands>);

#[derive(Debug, Clone, Copy)]
enum Hands {
    /// Goes with the clock, this much ahead.
    Ahead(i64),
    /// Stands.
    At(i64),
}

impl Default for Hands {
    fn default() -> Self {
        Self::Ahead(0)
    }
}

impl Watch {
    /// Shows the clock's time again.
    pub(crate) fn reset(&self) {
        *hold(&self.0) = Hands::default();
    }

    /// The time shown; it stops where dates end, in the year 9999.
    pub(crate) fn now(&self, clock: &dyn Clock) -> i64 {
        let shown = match *hold(&self.0) {
            Hands::Ahead(by) => clock.unix_millis().saturating_add(by),
            Hands::At(time) => time,
        };
        shown.clamp(Timestamp::MIN.as_second() * 1000, Timestamp::MAX.as_second() * 1000)
    }

    /// Shows `time` from now on.
    pub(crate) fn set(&self, time: i64, clock: &dyn Clock) {
        let mut hands = hold(&self.0);
        *hands = match *hands {
            Hands::Ahead(_) => Hands::Ahead(time.saturating_sub(clock.unix_millis())),
            Hands::At(_) => Hands::At(time),
        };
    }

    /// Goes forward.
    pub(crate) fn advance(&self, millis: i64) {
        let (Hands::Ahead(shown) | Hands::At(shown)) = &mut *hold(&self.0);
        *shown = shown.saturating_add(millis);
    }

    /// Stands still at the time shown, or goes on from it.
    pub(crate) fn stand(&self, still: bool, clock: &dyn Clock) {
        let now = self.now(clock);
        *hold(&self.0) = if still { Hands::At(now) } else { Hands::Ahead(now.saturating_sub(clock.unix_millis())) };
    }
}

/// `2018-09-04T13:31:01.104+0000` when `millis` is set, else `2018-09-04T13:31:01+0000`: UTC, offset without a colon.
pub(crate) fn date_text(unix_millis: i64, millis: bool) -> String {
    let stamp = Timestamp::from_millisecond(unix_millis).unwrap_or(Timestamp::UNIX_EPOCH);
    let form = if millis { "%Y-%m-%dT%H:%M:%S.%3f+0000" } else { "%Y-%m-%dT%H:%M:%S+0000" };
    stamp.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_can_be_set_moved_and_stopped_over_a_clock_that_goes_on() {
        let (clock, watch) = (ManualClock::new(100), Watch::default());
        watch.advance(5);
        clock.advance(10);
        assert_eq!(watch.now(&clock), 115);
        watch.stand(true, &clock);
        clock.advance(10);
        watch.advance(1);
        assert_eq!(watch.now(&clock), 116);
        watch.stand(false, &clock);
        clock.advance(4);
        assert_eq!(watch.now(&clock), 120);
        watch.set(7, &clock);
        clock.advance(1);
        assert_eq!(watch.now(&clock), 8);
        watch.reset();
        assert_eq!(watch.now(&clock), 125);
        watch.advance(i64::MAX);
        assert_eq!(date_text(watch.now(&clock), false), "9999-12-30T22:00:00+0000");
    }

    #[test]
    fn dates_take_the_form_of_the_evotor_samples() {
        assert_eq!(date_text(1_536_067_861_104, true), "2018-09-04T13:31:01.104+0000");
        assert_eq!(date_text(1_451_606_400_000, false), "2016-01-01T00:00:00+0000");
    }
}
