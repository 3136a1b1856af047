//! Quotas that calls are paid from, such as points: what is left of each as the last answer told it, kept by who pays. A
//! call that costs more is not sent until more may have been added; from then on one call at a time finds out. So a reading
//! that is out of date keeps nobody away for good. It estimates nothing: what is left is what an answer told.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::keyed::Keyed;
use crate::transport::NEWER;
use crate::{Gauge, Pace};

/// How long the others wait for what a call finds out, if no answer tells it before.
const FINDING_OUT: Duration = Duration::from_secs(60);

/// Longest name of a payer that is kept, in bytes.
const MAX_NAME: usize = 128;

/// Why a call may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    /// Nothing says that it could not be paid.
    Known,
    /// It is the one that finds out whether more has been added.
    Probe,
}

/// What one payer has left.
#[derive(Default)]
struct Purse {
    left: f64,
    /// When that was told.
    read: Option<Instant>,
    /// When more may have been added; `None` before the first reading.
    refills: Option<Instant>,
    /// Until when a call is finding out.
    probed: Option<Instant>,
}

/// What is left of such quotas, over all accounts of a library.
#[derive(Default)]
pub(crate) struct Purses(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// Who pays for an account's calls, where an answer named him.
    payers: Keyed<Option<Box<str>>>,
    purses: Keyed<Purse>,
}

impl Purses {
    /// Notes what an answer to a call of `account` told is left.
    pub(crate) fn record(&self, account: Option<&str>, gauges: &[Gauge], now: Instant) {
        for gauge in gauges {
            let (Pace::Covered(refill), Some(left)) = (gauge.pace, gauge.left.filter(|left| left.is_finite())) else {
                continue;
            };
            let mut table = self.table();
            let mut payer: Option<Box<str>> =
                gauge.holder.as_deref().filter(|name| name.len() <= MAX_NAME).map(Into::into);
            if !gauge.is_told() {
                // A refusal does not say who would have paid.
                payer = table.payers.find(account).and_then(|payer| payer.clone());
            }
            *table.payers.get(account, |_| true) = payer.clone();
            let idle = |purse: &mut Purse| purse.refills.is_none_or(|refills| refills <= now);
            *table.purses.get(payer.as_deref().or(account), idle) =
                Purse { left, read: Some(now), refills: Some(now.checked_add(refill).unwrap_or(now)), probed: None };
        }
    }

    /// Notes what another process was told is left, unless something newer is known.
    pub(crate) fn learn(&self, account: Option<&str>, gauge: &Gauge, at: Instant) {
        let known = {
            let mut table = self.table();
            let named = gauge.holder.as_deref().filter(|name| name.len() <= MAX_NAME).map(Into::into);
            let payer =
                if gauge.is_told() { named } else { table.payers.find(account).and_then(|payer| payer.clone()) };
            table.purses.find(payer.as_deref().or(account)).and_then(|purse| purse.read)
        };
        if known.is_none_or(|known| at.saturating_duration_since(known) > NEWER) {
            self.record(account, std::slice::from_ref(gauge), at);
        }
    }

    /// Whether a call of `account` that costs `price` may go out.
    ///
    /// # Errors
    /// The time after which it is worth asking again: what is left does not pay for the call.
    pub(crate) fn cover(&self, account: Option<&str>, price: u64, now: Instant) -> Result<Cover, Duration> {
        let mut table = self.table();
        let payer = table.payers.find(account).and_then(|payer| payer.clone());
        let Some(purse) = table.purses.find(payer.as_deref().or(account)) else { return Ok(Cover::Known) };
        let Some(refills) = purse.refills.filter(|_| purse.left < price as f64) else { return Ok(Cover::Known) };
        let closed = purse.probed.map_or(refills, |probed| probed.max(refills));
        if now < closed {
            return Err(closed.duration_since(now));
        }
        purse.probed = now.checked_add(FINDING_OUT);
        Ok(Cover::Probe)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    const HOUR: Duration = Duration::from_secs(3600);

    fn told(holder: Option<&str>, left: f64, refill: Duration) -> Gauge {
        Gauge {
            holder: holder.map(str::to_owned),
            left: Some(left),
            pace: Pace::Covered(refill),
            ..Gauge::new("points", Scope::Account)
        }
    }

    #[test]
    fn a_call_that_costs_more_than_is_left_waits_for_the_refill_and_a_cheaper_one_does_not() {
        let (purses, now) = (Purses::default(), Instant::now());
        assert_eq!(purses.cover(Some("a"), 1_000, now), Ok(Cover::Known), "nothing is known yet");
        purses.record(Some("a"), &[told(None, 39.0, HOUR / 2)], now);
        assert_eq!(purses.cover(Some("a"), 40, now), Err(HOUR / 2));
        assert_eq!(purses.cover(Some("a"), 39, now), Ok(Cover::Known));
        assert_eq!(purses.cover(Some("b"), 40, now), Ok(Cover::Known), "other accounts have points of their own");
        assert_eq!(purses.cover(None, 40, now), Ok(Cover::Known));
        purses.record(Some("a"), &[told(None, 40.0, HOUR)], now);
        assert_eq!(purses.cover(Some("a"), 40, now), Ok(Cover::Known), "a later answer counts");
    }

    #[test]
    fn once_more_may_have_been_added_one_call_at_a_time_finds_out() {
        let (purses, start) = (Purses::default(), Instant::now());
        purses.record(None, &[told(None, 0.0, HOUR)], start);
        let later = start + HOUR;
        assert_eq!(purses.cover(None, 15, later - Duration::from_secs(1)), Err(Duration::from_secs(1)));
        assert_eq!(purses.cover(None, 15, later), Ok(Cover::Probe));
        assert_eq!(purses.cover(None, 15, later), Err(FINDING_OUT));
        // It brought no answer: the next one tries, and so on without an end.
        let after = later + FINDING_OUT;
        assert_eq!(purses.cover(None, 15, after), Ok(Cover::Probe));
        purses.record(None, &[told(None, 0.0, HOUR)], after);
        assert_eq!(purses.cover(None, 15, after), Err(HOUR), "still nothing: until the next refill");
        let refilled = after + HOUR;
        assert_eq!(purses.cover(None, 15, refilled), Ok(Cover::Probe));
        purses.record(None, &[told(None, 100.0, HOUR)], refilled);
        assert_eq!([(); 2].map(|()| purses.cover(None, 15, refilled)), [Ok(Cover::Known); 2]);
    }

    #[test]
    fn accounts_that_one_pays_for_share_what_is_left() {
        let (purses, now) = (Purses::default(), Instant::now());
        purses.record(Some("self"), &[told(Some("agency"), 500.0, HOUR)], now);
        purses.record(Some("client"), &[told(Some("agency"), 10.0, HOUR)], now);
        assert_eq!(purses.cover(Some("self"), 20, now), Err(HOUR));
        purses.record(Some("client"), &[told(Some("client"), 90.0, HOUR)], now);
        assert_eq!(purses.cover(Some("client"), 20, now), Ok(Cover::Known), "another one pays from now on");
        assert_eq!(purses.cover(Some("self"), 20, now), Err(HOUR));
        purses.record(Some("client"), &[Gauge::unpaid(20, HOUR)], now);
        assert_eq!([20, 19].map(|price| purses.cover(Some("client"), price, now)), [Err(HOUR), Ok(Cover::Known)]);
    }

    #[test]
    fn what_is_no_reading_of_such_a_quota_says_nothing() {
        let (purses, now) = (Purses::default(), Instant::now());
        let shown = Gauge { pace: Pace::Show, ..told(None, 0.0, HOUR) };
        let untold = Gauge { left: None, ..told(None, 0.0, HOUR) };
        purses.record(None, &[shown, untold, told(None, f64::NAN, HOUR)], now);
        assert_eq!(purses.cover(None, 15, now), Ok(Cover::Known));
    }
}
