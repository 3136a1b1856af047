//! Time, passed in. What is kept has dates of the wall clock; nothing that must be right depends on them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Time as the store sees it.
pub trait Clock: Send + Sync {
    /// Date and time of day; it may jump.
    fn wall(&self) -> Timestamp;

    /// Time since some moment; it only ever grows.
    fn monotonic(&self) -> Duration;
}

/// The system's time.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that a test sets.
#[derive(Debug)]
pub struct ManualClock(Mutex<(Timestamp, Duration)>);

impl ManualClock {
    /// Starts at a moment.
    pub fn new(wall: Timestamp) -> Self {
        Self(Mutex::new((wall, Duration::ZERO)))
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let mut now = self.locked();
        now.0 = now.0.checked_add(time).unwrap_or(Timestamp::MAX);
        now.1 += time;
    }

    /// Sets the wall clock, forwards or backwards, while no time passes.
    pub fn jump(&self, wall: Timestamp) {
        self.locked().0 = wall;
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, (Timestamp, Duration)> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        self.locked().0
    }

    fn monotonic(&self) -> Duration {
        self.locked().1
    }
}
