//! How much the app and each ad account were used lately, for the usage headers, and which calls are one too many
//! (reference 10).

use std::sync::Mutex;

use serde_json::json;

use super::error::GraphError;
use super::window::Window;
use crate::bounded::Bounded;
use crate::lock::hold;
use crate::settings::{AccessTier, FacebookSettings};

const HOUR_MILLIS: i64 = 3_600_000;
const DECAY_MILLIS: i64 = 300_000;
/// The most ad accounts counted at once.
const MOST: usize = 65_536;

#[derive(Debug, Clone, Default)]
struct Counter {
    calls: Window,
    score: Window,
    blocked_until: i64,
}

#[derive(Debug)]
struct Book {
    accounts: Bounded<String, Counter>,
    calls: Window,
}

impl Default for Book {
    fn default() -> Self {
        Self { accounts: Bounded::new(MOST), calls: Window::default() }
    }
}

/// Counters of the app and by account.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<Book>);

/// The values of the headers, and whether the call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) app: String,
    /// `X-Ad-Account-Usage` and `X-Business-Use-Case-Usage`, for a call that names an account.
    pub(super) account: Option<(String, String)>,
    pub(super) refusal: Option<GraphError>,
}

impl Usage {
    /// Forgets all counts.
    pub(crate) fn reset(&self) {
        *hold(&self.0) = Book::default();
    }

    /// Says that an account has made as many calls, all of them now, and nothing before.
    pub(crate) fn set(&self, account: &str, calls: u64, now: i64) {
        let mut counter = Counter::default();
        counter.calls.add(calls, now, HOUR_MILLIS);
        *hold(&self.0).accounts.entry(&account.to_owned()) = counter;
    }

    /// Counts a call: a read scores 1, a write 3. Calls count for an hour, scores for 300 seconds (reference 10.2). A
    /// refused call counts too, and lengthens a block of the account. Where several limits are passed, the account's own
    /// come first.
    pub(super) fn count(&self, account: Option<&str>, write: bool, now: i64, settings: &FacebookSettings) -> Report {
        let mut book = hold(&self.0);
        let calls = book.calls.add(1, now, HOUR_MILLIS);
        let mut refused = (calls > settings.app_hourly_calls).then_some(settings.app_limit_code);
        let app = json!({
            "call_count": percent(calls, settings.app_hourly_calls), "total_time": 0, "total_cputime": 0,
        });
        let account = account.map(|account| {
            let counter = book.accounts.entry(&account.to_owned());
            refused = counter.count(write, now, settings).or(refused);
            counter.headers(account, now, settings)
        });
        let refusal = refused.filter(|_| settings.enforce_limits);
        Report { app: app.to_string(), account, refusal: refusal.map(|code| GraphError::throttled(code, settings)) }
    }
}

impl Counter {
    fn count(&mut self, write: bool, now: i64, settings: &FacebookSettings) -> Option<i64> {
        let calls = self.calls.add(1, now, HOUR_MILLIS);
        let score = self.score.add(if write { 3 } else { 1 }, now, DECAY_MILLIS);
        let scored = score > settings.account_score || now < self.blocked_until;
        if scored {
            self.blocked_until = now + settings.access_tier.block_millis();
        }
        if calls > settings.hourly_calls {
            return Some(settings.hourly_limit_code);
        }
        scored.then_some(settings.score_limit_code)
    }

    fn headers(&self, account: &str, now: i64, settings: &FacebookSettings) -> (String, String) {
        let tier = settings.access_tier.word();
        let score = self.score.sum().saturating_mul(10_000) / settings.account_score.max(1);
        let reset = self.score.below(1, now, DECAY_MILLIS).max(self.blocked_until - now);
        let regain = self.calls.below(settings.hourly_calls.max(1), now, HOUR_MILLIS);
        let score = json!({
            "acc_id_util_pct": score as f64 / 100.0,
            "reset_time_duration": (reset + 999) / 1000,
            "ads_api_access_tier": tier,
        });
        let business = json!({ account: [{
            "type": "ads_management", "call_count": percent(self.calls.sum(), settings.hourly_calls), "total_cputime": 0,
            "total_time": 0, "estimated_time_to_regain_access": (regain + 59_999) / 60_000, "ads_api_access_tier": tier,
        }]});
        (score.to_string(), business.to_string())
    }
}

impl AccessTier {
    /// How long an account is blocked whose score is used up.
    fn block_millis(self) -> i64 {
        match self {
            Self::Development => 300_000,
            Self::Standard => 60_000,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Development => "development_access",
            Self::Standard => "standard_access",
        }
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(report: &Report) -> Option<i64> {
        report.refusal.as_ref().and_then(|error| error.code)
    }

    #[test]
    fn each_limit_refuses_with_its_own_code_and_the_account_comes_first() {
        let settings = FacebookSettings {
            enforce_limits: true,
            app_hourly_calls: 3,
            hourly_calls: 2,
            account_score: 1_000,
            ..FacebookSettings::default()
        };
        let usage = Usage::default();
        let codes: Vec<_> = (0..4).map(|_| code(&usage.count(Some("1"), false, 0, &settings))).collect();
        assert_eq!(codes, [None, None, Some(80_004), Some(80_004)]);
        assert_eq!(code(&usage.count(None, false, 0, &settings)), Some(4));
        assert_eq!(code(&usage.count(Some("1"), false, HOUR_MILLIS, &settings)), None);
    }

    #[test]
    fn calls_count_for_an_hour_from_each_of_them() {
        let settings = FacebookSettings { enforce_limits: true, hourly_calls: 1, ..FacebookSettings::default() };
        let usage = Usage::default();
        let at = |now: i64| code(&usage.count(Some("1"), false, now, &settings));
        let start = HOUR_MILLIS - 60_000;
        assert_eq!(
            (at(start), at(start + 120_000)),
            (None, Some(80_004)),
            "another hour of the clock is no new window"
        );
        assert_eq!(at(start + 120_000 + HOUR_MILLIS), None);
    }

    #[test]
    fn calls_during_a_block_lengthen_it() {
        let settings = FacebookSettings { enforce_limits: true, account_score: 3, ..FacebookSettings::default() };
        let usage = Usage::default();
        let at = |now: i64| code(&usage.count(Some("1"), true, now, &settings));
        assert_eq!((at(0), at(1), at(299_000)), (None, Some(17), Some(17)));
        // A new window, but the block of the last call lasts until 359,000.
        assert_eq!((at(358_000), at(419_000)), (Some(17), Some(17)));
        assert_eq!(at(1_000_000), None);
    }
}
