//! What keeps retries from making an outage worse: each account pays for its retries out of a budget that only answered
//! tries refill, and an account that keeps failing with an empty budget is suspended for a moment. One account's
//! trouble, and one library's, leaves the others alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Retry;
use crate::keyed::Keyed;
use crate::retry::Health;

/// The first suspension; each one that ends in a failed probe is followed by one of twice the length.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest suspension.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One account's budget and how it fares.
#[derive(Default)]
struct Account {
    /// Retries taken and not yet paid back; the default is a full budget.
    debt: f64,
    /// Failures in a row.
    failures: u32,
    suspended: Option<Suspended>,
}

struct Suspended {
    until: Instant,
    pause: Duration,
    /// Whether the one call that may try is under way.
    probing: bool,
}

impl Account {
    fn is_idle(&self) -> bool {
        self.debt == 0.0 && self.failures == 0 && self.suspended.is_none()
    }
}

/// The budgets of one library.
pub(crate) struct Budgets {
    retry: Retry,
    accounts: Mutex<Keyed<Account>>,
}

impl Budgets {
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, accounts: Mutex::default() }
    }

    /// Lets a try begin.
    ///
    /// # Errors
    /// The time after which it is worth asking again, if the account is suspended.
    pub(crate) fn admit<'a>(&'a self, account: Option<&'a str>, now: Instant) -> Result<Admission<'a>, Duration> {
        let mut accounts = self.accounts();
        let mut probe = false;
        if let Some(suspended) = accounts.find(account).and_then(|account| account.suspended.as_mut()) {
            if now < suspended.until {
                return Err(suspended.until.duration_since(now));
            }
            if suspended.probing {
                return Err(suspended.pause);
            }
            suspended.probing = true;
            probe = true;
        }
        Ok(Admission { budgets: self, account, probe })
    }

    /// Pays for a retry; `false` if the budget is empty.
    pub(crate) fn pay(&self, account: Option<&str>) -> bool {
        let mut accounts = self.accounts();
        let account = accounts.get(account, |account| account.is_idle());
        let affordable = account.debt + 1.0 <= f64::from(self.retry.budget);
        if affordable {
            account.debt += 1.0;
        }
        affordable
    }

    fn accounts(&self) -> MutexGuard<'_, Keyed<Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A try that was let through. Dropped without a word, it says nothing about the provider.
pub(crate) struct Admission<'a> {
    budgets: &'a Budgets,
    account: Option<&'a str>,
    probe: bool,
}

impl Admission<'_> {
    /// Whether it is the one try by which a suspended account is probed.
    pub(crate) fn is_probe(&self) -> bool {
        self.probe
    }

    /// Notes how the provider fared in the try.
    pub(crate) fn ended(mut self, health: Health, now: Instant) {
        let retry = &self.budgets.retry;
        let mut accounts = self.budgets.accounts();
        let account = match health {
            Health::Untold => return,
            Health::Ill => accounts.get(self.account, |account| account.is_idle()),
            Health::Well => match accounts.find(self.account) {
                Some(account) => account,
                None => return,
            },
        };
        match health {
            Health::Well => {
                account.debt = (account.debt - retry.refund).max(0.0);
                account.failures = 0;
                account.suspended = None;
            }
            Health::Ill => {
                account.failures = account.failures.saturating_add(1);
                let empty = account.debt + 1.0 > f64::from(retry.budget);
                let limit = retry.suspend_after.filter(|_| empty);
                let next = match &account.suspended {
                    Some(before) if self.probe => Some(before.pause.saturating_mul(2).min(LONGEST_PAUSE)),
                    Some(_) => None,
                    None => limit.filter(|limit| account.failures >= *limit).map(|_| FIRST_PAUSE),
                };
                if let Some(pause) = next {
                    account.suspended = Some(Suspended { until: now + pause, pause, probing: false });
                }
            }
            Health::Untold => {}
        }
        self.probe = false;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        if let Some(suspended) =
            self.budgets.accounts().find(self.account).and_then(|account| account.suspended.as_mut())
        {
            suspended.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        tries: 4,
        first_wait: Duration::ZERO,
        longest_wait: Duration::ZERO,
        total: Duration::ZERO,
        budget: 3,
        refund: 0.5,
        suspend_after: Some(2),
        wait_for_quota: false,
    };

    fn end(budgets: &Budgets, account: Option<&str>, health: Health, now: Instant) {
        budgets.admit(account, now).unwrap_or_else(|wait| panic!("suspended for {wait:?}")).ended(health, now);
    }

    #[test]
    fn retries_are_paid_for_and_answers_pay_back() {
        let (budgets, now) = (Budgets::new(RETRY), Instant::now());
        assert_eq!([(); 5].map(|()| budgets.pay(Some("a"))), [true, true, true, false, false]);
        assert!(budgets.pay(Some("b")) && budgets.pay(None), "other accounts have budgets of their own");
        end(&budgets, Some("a"), Health::Well, now);
        assert!(!budgets.pay(Some("a")));
        end(&budgets, Some("a"), Health::Well, now);
        assert!(budgets.pay(Some("a")));
        for _ in 0..100 {
            end(&budgets, Some("a"), Health::Well, now);
        }
        assert_eq!([(); 4].map(|()| budgets.pay(Some("a"))), [true, true, true, false], "never more than full");
    }

    #[test]
    fn failures_alone_do_not_suspend_while_the_budget_lasts() {
        let (budgets, now) = (Budgets::new(RETRY), Instant::now());
        for _ in 0..100 {
            end(&budgets, None, Health::Ill, now);
        }
        assert!(budgets.admit(None, now).is_ok());
    }

    /// With an empty budget and failures enough to be suspended from `now` on.
    fn suspended(now: Instant) -> Budgets {
        let budgets = Budgets::new(RETRY);
        while budgets.pay(None) {}
        end(&budgets, None, Health::Ill, now);
        end(&budgets, None, Health::Ill, now);
        budgets
    }

    #[test]
    fn a_suspended_account_is_probed_by_one_try_at_a_time() {
        let now = Instant::now();
        let budgets = suspended(now);
        assert_eq!(budgets.admit(None, now).err(), Some(FIRST_PAUSE));
        assert!(budgets.admit(Some("other"), now).is_ok());

        let later = now + FIRST_PAUSE;
        let probe = budgets.admit(None, later).unwrap_or_else(|wait| panic!("suspended for {wait:?}"));
        assert!(probe.is_probe());
        assert_eq!(budgets.admit(None, later).err(), Some(FIRST_PAUSE));
        probe.ended(Health::Ill, later);
        assert_eq!(budgets.admit(None, later).err(), Some(2 * FIRST_PAUSE), "a failed probe doubles the pause");

        let later = later + 2 * FIRST_PAUSE;
        end(&budgets, None, Health::Well, later);
        assert!(budgets.admit(None, later).is_ok_and(|admission| !admission.is_probe()));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_way_for_the_next() {
        let now = Instant::now();
        let budgets = suspended(now);
        let later = now + FIRST_PAUSE;
        drop(budgets.admit(None, later));
        end(&budgets, None, Health::Untold, later);
        assert!(budgets.admit(None, later).is_ok_and(|admission| admission.is_probe()));
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let mut now = Instant::now();
        let budgets = suspended(now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let Err(pause) = budgets.admit(None, now) else { panic!("not suspended") };
            pauses.push(pause.as_secs());
            now += pause;
            end(&budgets, None, Health::Ill, now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
