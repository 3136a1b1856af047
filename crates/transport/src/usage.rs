//! The quotas of a library as its answers tell them, kept per account, and what they ask of the next call. Shows and
//! paces; it never guesses a quota that no answer told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::keyed::Keyed;
use crate::transport::NEWER;

/// Gauges kept per account: providers tell up to about a hundred at once, and names come from the network.
const MAX_GAUGES: usize = 128;
/// Longest name or holder that is kept, in bytes.
const MAX_NAME: usize = 128;
/// How long a gauge paces calls that does not say when it resets: the longest windows of the providers are an hour.
const PACING: Duration = Duration::from_secs(3600);
/// How long a gauge is shown that does not say when it resets: points are given by the day.
const SHOWN: Duration = Duration::from_secs(24 * 3600);
/// How long calls wait for an exhausted quota that does not say when it resets.
const EXHAUSTED: Duration = Duration::from_secs(60);
/// The longest pause between two calls while a quota is only near its end.
const SLOWEST: Duration = Duration::from_secs(5);

/// What is noted of a refusal that tells no quota: that calls have to wait, or that the account does not pay for a call. Kept
/// and passed on as gauges are, and never shown as one.
const CLOSED: &str = "refusal.closed";
pub(crate) const UNPAID: &str = "refusal.unpaid";

/// One quota as an answer told it. What the provider does not tell stays `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Which quota, in the provider's words: `units`, `app_usage.call_count`, `rate_limit`.
    pub name: Cow<'static, str>,
    /// Whom it limits.
    pub scope: Scope,
    /// Who pays or is counted, as the provider names him; `None` where it does not say.
    pub holder: Option<String>,
    /// What this request took from it.
    pub spent: Option<f64>,
    /// What is used up, in the unit of `limit`.
    pub used: Option<f64>,
    /// What is left, in the unit of `limit`.
    pub left: Option<f64>,
    /// All of it; 100 where the provider tells percents.
    pub limit: Option<f64>,
    /// When it is refilled, from the moment of the answer.
    pub resets_in: Option<Duration>,
    /// What it asks of the next calls.
    pub pace: Pace,
}

/// Whom a quota limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All calls of the library, whatever their account (an app's quota).
    Library,
    /// Calls with the account of the call that the answer belongs to.
    Account,
}

/// What a quota asks of the calls that it limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Nothing: it is only shown. Running out of it is an error to report, not to wait for.
    Show,
    /// Slow down from this share on (0.9 is 90 % used), and let none through once it is used up.
    SlowFrom(f64),
    /// Let none through for this long: the provider says that it blocks.
    Closed(Duration),
    /// Let none through that costs more than is left ([`crate::Call::price`]), until more may have been added, which is
    /// after this long at the soonest. Counted by [`Gauge::holder`], so that all whom one pays for share what is left.
    Covered(Duration),
}

impl Gauge {
    /// A gauge of which nothing is known but its name and whom it limits; it asks nothing of the next calls.
    pub fn new(name: impl Into<Cow<'static, str>>, scope: Scope) -> Self {
        Self {
            name: name.into(),
            scope,
            holder: None,
            spent: None,
            used: None,
            left: None,
            limit: None,
            resets_in: None,
            pace: Pace::Show,
        }
    }

    /// The used share, 0 for none and 1 for all; `None` if the provider does not tell enough.
    pub fn share(&self) -> Option<f64> {
        let limit = self.limit.filter(|limit| limit.is_finite() && *limit > 0.0)?;
        let used = self.used.or_else(|| Some(limit - self.left?))?;
        used.is_finite().then(|| (used / limit).max(0.0))
    }

    /// A call of this price was refused since its account does not pay for it, and more is added after `refill` at the soonest.
    pub(crate) fn unpaid(price: u64, refill: Duration) -> Self {
        let (left, resets_in) = (Some(price.saturating_sub(1) as f64), Some(refill));
        Self { left, resets_in, pace: Pace::Covered(refill), ..Self::new(UNPAID, Scope::Account) }
    }

    /// Whether an answer told it, and not only a refusal.
    pub(crate) fn is_told(&self) -> bool {
        ![CLOSED, UNPAID].contains(&&*self.name)
    }

    fn is_kept(&self) -> bool {
        self.name.len() <= MAX_NAME && self.holder.as_ref().is_none_or(|holder| holder.len() <= MAX_NAME)
    }

    fn demand(&self) -> Demand {
        match self.pace {
            Pace::Show | Pace::Covered(_) => Demand::default(),
            Pace::Closed(time) => Demand { closed: time, gap: Duration::ZERO },
            Pace::SlowFrom(from) => match self.share() {
                Some(share) if share >= 1.0 => {
                    Demand { closed: self.resets_in.unwrap_or(EXHAUSTED), gap: Duration::ZERO }
                }
                Some(share) if share >= from => Demand { closed: Duration::ZERO, gap: self.gap(share, from) },
                _ => Demand::default(),
            },
        }
    }

    /// Where the number of calls left and the time to the refill are known, the calls are spread over it; else the gap
    /// grows with the share. Never more than [`SLOWEST`].
    fn gap(&self, share: f64, from: f64) -> Duration {
        let slow = SLOWEST.mul_f64(((share - from) / (1.0 - from).max(f64::EPSILON)).clamp(0.0, 1.0));
        match (self.left, self.resets_in) {
            (Some(left), Some(resets_in)) if left.is_finite() && left >= 0.0 => {
                resets_in.div_f64(left + 1.0).min(SLOWEST)
            }
            _ => slow,
        }
    }
}

/// What the gauges of an account ask together: nothing before `closed` has passed, then `gap` between two calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Demand {
    closed: Duration,
    gap: Duration,
}

/// A gauge and when it was read.
pub(crate) type Read = (Gauge, Instant);

/// Gauges and turns of one account, or of the library.
#[derive(Default)]
struct Account {
    gauges: BTreeMap<(Cow<'static, str>, Option<String>), Read>,
    /// The turn of the next call.
    next: Option<Instant>,
}

impl Account {
    fn forget(&mut self, now: Instant) {
        self.gauges.retain(|_, (gauge, at)| {
            let kept = match gauge.pace {
                Pace::Show | Pace::Covered(_) => gauge.resets_in.unwrap_or(SHOWN),
                Pace::SlowFrom(_) => gauge.resets_in.unwrap_or(PACING),
                Pace::Closed(time) => gauge.resets_in.unwrap_or_default().max(time),
            };
            now.saturating_duration_since(*at) < kept
        });
        self.next = self.next.filter(|next| *next > now);
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.gauges.is_empty() && self.next.is_none()
    }

    fn record(&mut self, gauge: Gauge, now: Instant) {
        let key = (gauge.name.clone(), gauge.holder.clone());
        let room = self.gauges.len() < MAX_GAUGES || self.gauges.contains_key(&key) || !gauge.is_told();
        // A refusal does not shorten what an earlier one asked for.
        let ends = |gauge: &Gauge, at: Instant| at.checked_add(gauge.demand().closed);
        let longer = self.gauges.get(&key).filter(|_| gauge.name == CLOSED);
        let outlasted = longer.is_some_and(|(known, at)| ends(known, *at) >= ends(&gauge, now));
        if gauge.is_kept() && room && !outlasted {
            self.gauges.insert(key, (gauge, now));
        }
    }

    /// The earliest moment at which a call may go out at all.
    fn opens(&self, now: Instant) -> Instant {
        let closed = self.gauges.values().filter_map(|(gauge, at)| at.checked_add(gauge.demand().closed));
        closed.fold(now, Instant::max)
    }

    /// The earliest moment for the next call, and the pause to keep after it.
    fn turn(&self, now: Instant) -> (Instant, Duration) {
        let gap = self.gauges.values().map(|(gauge, _)| gauge.demand().gap).max().unwrap_or_default();
        (self.next.map_or(now, |next| next.max(now)).max(self.opens(now)), gap)
    }
}

/// The quotas of one library.
#[derive(Default)]
pub(crate) struct Usage(Mutex<Table>);

#[derive(Default)]
struct Table {
    library: Account,
    accounts: Keyed<Account>,
}

impl Usage {
    /// Notes what an answer to a call of `account` told.
    pub(crate) fn record(&self, account: Option<&str>, gauges: &[Gauge], now: Instant) {
        if gauges.is_empty() {
            return;
        }
        let mut table = self.table();
        for gauge in gauges {
            let kept = match gauge.scope {
                Scope::Library => &mut table.library,
                Scope::Account => table.accounts.get(account, |kept| kept.is_idle(now)),
            };
            kept.record(gauge.clone(), now);
        }
    }

    /// Notes what another process was told by an answer to a call of `account`, unless something newer is known.
    pub(crate) fn learn(&self, account: Option<&str>, gauge: Gauge, at: Instant, now: Instant) {
        let mut table = self.table();
        let kept = match gauge.scope {
            Scope::Library => &mut table.library,
            Scope::Account => table.accounts.get(account, |kept| kept.is_idle(now)),
        };
        let key = (gauge.name.clone(), gauge.holder.clone());
        let newer = |(_, known): &Read| at.saturating_duration_since(*known) > NEWER;
        if gauge.name == CLOSED || kept.gauges.get(&key).is_none_or(newer) {
            kept.record(gauge, at);
        }
    }

    /// Lets no call of `account` through for `time`: the provider asked for it.
    pub(crate) fn close(&self, account: Option<&str>, time: Duration, now: Instant) {
        let gauge = Gauge { pace: Pace::Closed(time), ..Gauge::new(CLOSED, Scope::Account) };
        self.table().accounts.get(account, |kept| kept.is_idle(now)).record(gauge, now);
    }

    /// The gauges that limit calls of `account`: the library's, then its own, each in order of name.
    pub(crate) fn read(&self, account: Option<&str>, now: Instant) -> Vec<Read> {
        let mut table = self.table();
        table.limiting(account, now).into_iter().flat_map(|kept| kept.gauges.values().cloned()).collect()
    }

    /// Takes a turn for a call of `account`: how long it has to wait. A turn that would come later than `patience` is
    /// not taken.
    ///
    /// # Errors
    /// The time to wait, if it is longer than `patience`.
    pub(crate) fn turn(&self, account: Option<&str>, now: Instant, patience: Duration) -> Result<Duration, Duration> {
        let mut table = self.table();
        let limiting = table.limiting(account, now);
        let turns: Vec<_> = limiting.iter().map(|kept| kept.turn(now)).collect();
        let turn = turns.iter().map(|(turn, _)| *turn).max().unwrap_or(now);
        let wait = turn.saturating_duration_since(now);
        if wait > patience {
            return Err(wait);
        }
        for (kept, (_, gap)) in limiting.into_iter().zip(turns) {
            if !gap.is_zero() {
                kept.next = turn.checked_add(gap);
            }
        }
        Ok(wait)
    }

    /// Whether a call of `account` would have to wait because a quota is used up or the provider asked for it.
    pub(crate) fn is_closed(&self, account: Option<&str>, now: Instant) -> bool {
        let mut table = self.table();
        table.limiting(account, now).iter().any(|kept| kept.opens(now) > now)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// What limits calls of `account`, without what is out of date.
    fn limiting(&mut self, account: Option<&str>, now: Instant) -> Vec<&mut Account> {
        let mut found: Vec<_> = [Some(&mut self.library), self.accounts.find(account)].into_iter().flatten().collect();
        found.iter_mut().for_each(|kept| kept.forget(now));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(used: f64) -> Gauge {
        Gauge {
            used: Some(used),
            limit: Some(100.0),
            pace: Pace::SlowFrom(0.9),
            ..Gauge::new("percent", Scope::Account)
        }
    }

    fn counted(left: f64, limit: f64, resets_in: u64) -> Gauge {
        Gauge {
            left: Some(left),
            limit: Some(limit),
            resets_in: Some(Duration::from_secs(resets_in)),
            pace: Pace::SlowFrom(0.9),
            ..Gauge::new("counted", Scope::Account)
        }
    }

    #[test]
    fn what_each_gauge_asks_for_in_milliseconds() {
        let shown = Gauge { pace: Pace::Show, ..percent(100.0) };
        let closed = Gauge { pace: Pace::Closed(Duration::from_secs(7)), ..percent(0.0) };
        let soon = Gauge { resets_in: Some(Duration::from_secs(9)), ..percent(120.0) };
        // What is asked: closed for so long, then a gap.
        for (name, gauge, closed, gap) in [
            ("far from its end", percent(89.9), 0, 0),
            ("at the mark", percent(90.0), 0, 0),
            ("half way", percent(95.0), 0, 2500),
            ("nearly used up", percent(99.0), 0, 4500),
            ("used up, nobody knows until when", percent(100.0), 60_000, 0),
            ("used up, with a time", soon, 9000, 0),
            ("ten calls for the next eleven seconds", counted(10.0, 100.0, 11), 0, 1000),
            ("one call for the next minute", counted(1.0, 100.0, 60), 0, 5000),
            ("no call left", counted(0.0, 100.0, 60), 60_000, 0),
            ("more left than there is", counted(200.0, 100.0, 60), 0, 0),
            ("only shown", shown, 0, 0),
            ("closed", closed, 7000, 0),
            ("not a number", percent(f64::NAN), 0, 0),
            ("endless", percent(f64::INFINITY), 0, 0),
            ("of nothing", counted(0.0, 0.0, 60), 0, 0),
        ] {
            let demand = gauge.demand();
            // To the millisecond: fractions are not exact.
            let millis = |time: Duration| (time + Duration::from_micros(500)).as_millis();
            assert_eq!((millis(demand.closed), millis(demand.gap)), (closed, gap), "{name}");
        }
    }

    #[test]
    fn a_gauge_is_replaced_by_a_later_one_and_forgotten_after_its_reset() {
        let (usage, start) = (Usage::default(), Instant::now());
        usage.record(None, &[counted(1.0, 100.0, 60)], start);
        usage.record(None, &[counted(90.0, 100.0, 60), percent(1.0)], start + Duration::from_secs(30));
        let read = usage.read(None, start + Duration::from_secs(89));
        assert_eq!(read.iter().map(|(gauge, _)| gauge.left).collect::<Vec<_>>(), [Some(90.0), None]);
        let later = usage.read(None, start + Duration::from_secs(90));
        assert_eq!(later.len(), 1);
        assert_eq!(usage.read(None, start + Duration::from_secs(30) + PACING), []);
    }

    #[test]
    fn what_the_network_names_is_kept_within_bounds() {
        let (usage, now) = (Usage::default(), Instant::now());
        let long = Gauge::new("x".repeat(MAX_NAME + 1), Scope::Account);
        let many = (0..10 * MAX_GAUGES).map(|number| Gauge::new(number.to_string(), Scope::Account));
        usage.record(None, &many.chain([long]).collect::<Vec<_>>(), now);
        assert_eq!(usage.read(None, now).len(), MAX_GAUGES);
        usage.close(None, PACING, now);
        assert!(usage.is_closed(None, now), "what we note of a refusal has its room");
    }

    #[test]
    fn a_refusal_closes_an_account_for_as_long_as_the_longest_one_asks() {
        let (usage, start) = (Usage::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        usage.close(Some("a"), Duration::from_secs(60), start);
        usage.close(Some("a"), Duration::from_secs(5), after(10));
        assert_eq!([20, 59, 60].map(|at| usage.is_closed(Some("a"), after(at))), [true, true, false]);
        usage.close(Some("a"), Duration::from_secs(60), after(50));
        assert_eq!([109, 110].map(|at| usage.is_closed(Some("a"), after(at))), [true, false]);
        assert!(!usage.is_closed(Some("b"), start));
    }
}
