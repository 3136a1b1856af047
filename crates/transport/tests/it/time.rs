//! A clock that only moves by being waited for, and chance without surprises. The sockets of a test stay on real time.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use polyptych_transport::{Clock, Jitter};

/// Every sleep is over at once and moves the clock; the sleeps are kept.
pub(crate) struct Jumping {
    start: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl Jumping {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), slept: Mutex::default() }
    }

    /// The sleeps so far, in milliseconds.
    pub(crate) fn slept(&self) -> Vec<u128> {
        self.slept.lock().unwrap().iter().map(Duration::as_millis).collect()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
    }

    fn passed(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
}

#[async_trait::async_trait]
impl Clock for Jumping {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn wall(&self) -> SystemTime {
        // Sun, 06 Nov 1994 08:49:37 GMT
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + self.passed()
    }

    async fn sleep(&self, time: Duration) {
        self.pass(time);
        tokio::task::yield_now().await;
    }
}

/// The middle of every range.
pub(crate) struct Middle;

impl Jitter for Middle {
    fn fraction(&self) -> f64 {
        0.5
    }
}
