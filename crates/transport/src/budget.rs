//! What keeps retries from making an outage worse: each account pays for its retries out of a budget that only answered
//! tries refill, and an account that keeps failing with an empty budget is suspended for a moment. One account's
//! trouble, and one library's, leaves the others alone; a larger budget of the library bounds what many accounts spend
//! together.

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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Retries of all accounts that are not yet paid back.
    debt: f64,
    accounts: Keyed<Account>,
}

impl Budgets {
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, state: Mutex::default() }
    }

    /// Lets a try begin.
    ///
    /// # Errors
    /// The time after which it is worth asking again, if the account is suspended.
    pub(crate) fn admit<'a>(&'a self, account: Option<&'a str>, now: Instant) -> Result<Admission<'a>, Duration> {
        let mut state = self.state();
        let mut probe = false;
        if let Some(suspended) = state.accounts.find(account).and_then(|account| account.suspended.as_mut()) {
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

    /// Pays for a retry; `false` if the account's budget or the library's is empty.
    pub(crate) fn pay(&self, account: Option<&str>) -> bool {
        let mut state = self.state();
        if !affordable(state.debt, self.retry.library_budget) {
            return false;
        }
        let account = state.accounts.get(account, |account| account.is_idle());
        let paid = affordable(account.debt, self.retry.budget);
        if paid {
            account.debt += 1.0;
            state.debt += 1.0;
        }
        paid
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn affordable(debt: f64, budget: u32) -> bool {
    debt + 1.0 <= f64::from(budget)
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
        match health {
            Health::Untold => {}
            Health::Well => self.well(),
            Health::Ill => self.ill(now),
        }
    }

    fn well(&mut self) {
        let refund = self.budgets.retry.refund;
        let mut state = self.budgets.state();
        state.debt = (state.debt - refund).max(0.0);
        if let Some(account) = state.accounts.find(self.account) {
            account.debt = (account.debt - refund).max(0.0);
            account.failures = 0;
            account.suspended = None;
        }
        self.probe = false;
    }

    fn ill(&mut self, now: Instant) {
        let retry = &self.budgets.retry;
        let mut state = self.budgets.state();
        let library_empty = !affordable(state.debt, retry.library_budget);
        let account = state.accounts.get(self.account, |account| account.is_idle());
        account.failures = account.failures.saturating_add(1);
        let empty = library_empty || !affordable(account.debt, retry.budget);
        let pause = match &account.suspended {
            Some(before) if self.probe => Some(before.pause.saturating_mul(2).min(LONGEST_PAUSE)),
            Some(_) => None,
            None => {
                let limit = retry.suspend_after.filter(|limit| empty && account.failures >= *limit);
                limit.map(|_| FIRST_PAUSE)
            }
        };
        if let Some(pause) = pause {
            account.suspended = Some(Suspended { until: now + pause, pause, probing: false });
        }
        self.probe = false;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        let mut state = self.budgets.state();
        if let Some(suspended) = state.accounts.find(self.account).and_then(|account| account.suspended.as_mut()) {
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
        library_budget: 100,
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
    fn many_accounts_together_do_not_spend_more_than_the_library_has() {
        let (budgets, now) = (Budgets::new(Retry { library_budget: 7, ..RETRY }), Instant::now());
        let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(names.iter().filter(|name| budgets.pay(Some(name))).count(), 7);
        end(&budgets, Some("unheard of"), Health::Well, now);
        end(&budgets, None, Health::Well, now);
        assert_eq!(names.iter().filter(|name| budgets.pay(Some(name))).count(), 1, "any answer pays back");
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
