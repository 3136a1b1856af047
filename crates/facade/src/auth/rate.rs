//! How much of the server one client may have: calls per second, with some at once after a pause, and calls at a time. A call
//! that exceeds it is refused at once and told when to come back; nothing waits here.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// When to come back where another call has to end before.
const SOON: Duration = Duration::from_secs(1);

/// The limits of a client; absent means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Calls per second in the long run.
    pub per_second: Option<NonZeroU32>,
    /// Calls that may come at once after a pause; absent means those of one second.
    pub burst: Option<NonZeroU32>,
    /// Calls at a time, until the last byte of their answers.
    pub at_once: Option<NonZeroU32>,
}

/// What a client has used of its limits.
#[derive(Debug)]
pub(super) struct Meter {
    rate: Rate,
    /// When all that was allowed so far would have come, had it come evenly.
    paid: Mutex<Option<Instant>>,
    places: Option<Arc<Semaphore>>,
}

/// The place of a call that is allowed, where calls at a time are counted; it is free again when this is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Meter {
    pub(super) fn new(rate: Rate) -> Self {
        let places = rate.at_once.map(|places| Arc::new(Semaphore::new(places.get() as usize)));
        Self { rate, paid: Mutex::default(), places }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Lets a call in, or says how long to stay away. A call that finds no place has not used up anything.
    pub(super) fn enter(&self) -> Result<Option<Place>, Duration> {
        let place = self.places.clone().map(Semaphore::try_acquire_owned).transpose().map_err(|_| SOON)?;
        self.pay()?;
        Ok(place)
    }

    fn pay(&self) -> Result<(), Duration> {
        let Some(per_second) = self.rate.per_second else { return Ok(()) };
        let now = Instant::now();
        let each = Duration::from_secs(1) / per_second.get();
        let ahead = each * (self.rate.burst.unwrap_or(per_second).get() - 1);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let due = paid.unwrap_or(now).max(now);
        match due.duration_since(now).checked_sub(ahead) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *paid = Some(due + each);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(number: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(number)
    }

    /// How many of `tries` calls are let in right now.
    fn let_in(meter: &Meter, tries: usize) -> usize {
        (0..tries).filter(|_| meter.enter().is_ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_in_and_then_so_many_a_second() {
        let meter = Meter::new(Rate { per_second: some(10), burst: some(25), at_once: None });
        assert_eq!(let_in(&meter, 100), 25);
        for _ in 0..5 {
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(let_in(&meter, 100), 10);
        }
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(let_in(&meter, 100), 25);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_back_when_told_is_let_in_and_not_before() {
        let meter = Meter::new(Rate { per_second: some(4), burst: some(1), at_once: None });
        meter.enter().unwrap();
        let wait = meter.enter().unwrap_err();
        assert_eq!(wait, Duration::from_millis(250));
        tokio::time::advance(wait - Duration::from_millis(1)).await;
        assert_eq!(meter.enter().unwrap_err(), Duration::from_millis(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        meter.enter().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_when_its_call_has_ended() {
        let meter = Meter::new(Rate { at_once: some(2), ..Rate::default() });
        let (one, two) = (meter.enter().unwrap(), meter.enter().unwrap());
        assert_eq!(meter.enter().unwrap_err(), SOON);
        drop(one);
        let three = meter.enter().unwrap();
        assert!(meter.enter().is_err());
        drop((two, three));
        assert_eq!(let_in(&meter, 5), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_everything_is_let_in() {
        let meter = Meter::new(Rate::default());
        let places: Vec<_> = (0..1000).map(|_| meter.enter().unwrap()).collect();
        assert_eq!(places.len(), 1000);
    }
}
