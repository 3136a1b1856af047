//! Time for the layers above a single try: a wait is over at once, and the clock shows that it has passed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use polyptych_transport::Clock;

/// A clock that leaps over waits and otherwise runs as the machine's does. Clones share its time; waits that overlap are
/// leapt over together.
#[derive(Debug, Clone, Default)]
pub struct Leaping(Arc<AtomicU64>);

impl Leaping {
    /// The time that was leapt over so far.
    pub fn leapt(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    /// Lets `time` pass.
    pub fn leap(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Leaping {
    fn now(&self) -> Instant {
        Instant::now() + self.leapt()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now() + self.leapt()
    }

    async fn sleep(&self, time: Duration) {
        let until = self.leapt() + time;
        // Others get their turn, so that they fall asleep before this one wakes.
        tokio::task::yield_now().await;
        self.0.fetch_max(u64::try_from(until.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}
