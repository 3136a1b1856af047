//! Time and chance, passed in, so that a test of waiting does not wait and a run can be repeated.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;

/// Time as the layers of a call see it: waits between tries, quotas, budgets, deadlines. The timeouts within a try are
/// tokio's.
#[async_trait]
pub trait Clock: Send + Sync {
    /// A moment that only ever grows.
    fn now(&self) -> Instant;
    /// Date and time of day, for hints that name a date.
    fn wall(&self) -> SystemTime;
    /// Ends after `time` has passed.
    async fn sleep(&self, time: Duration);
}

/// The system's time, by way of tokio's timer: it stands still where tokio's clock is paused.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Chance: where in its range a wait falls.
pub trait Jitter: Send + Sync {
    /// The next fraction, at least 0 and below 1.
    fn fraction(&self) -> f64;
}

/// Fractions of an even spread (SplitMix64), the same ones for the same seed. Not for secrets.
#[derive(Debug)]
pub struct Seeded(Mutex<u64>);

impl Seeded {
    /// Starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Starts from a seed of the system's.
    pub fn from_system() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self::new(RandomState::new().hash_one(()))
    }
}

impl Jitter for Seeded {
    fn fraction(&self) -> f64 {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The 53 bits that a fraction can hold.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_even_fractions_again() {
        let (one, two) = (Seeded::new(7), Seeded::new(7));
        let fractions: Vec<_> = (0..10_000).map(|_| one.fraction()).collect();
        assert!(fractions.iter().all(|fraction| *fraction == two.fraction()));
        assert!(fractions.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let mean = fractions.iter().sum::<f64>() / fractions.len() as f64;
        assert!((0.49..0.51).contains(&mean), "{mean}");
    }
}
