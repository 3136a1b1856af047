//! How much each ad account was used lately, for the usage headers (reference 10). It only reports: nothing is throttled.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::json;

use crate::lock::hold;
use crate::settings::FacebookSettings;

const HOUR_MILLIS: i64 = 3_600_000;
const DECAY_MILLIS: i64 = 300_000;

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    hour: i64,
    calls: u64,
    decay: i64,
    score: u64,
}

/// Counters by account.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<HashMap<String, Counter>>);

/// The values of the three headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) app: String,
    pub(crate) account: String,
    pub(crate) business: String,
}

impl Usage {
    /// Forgets all counts.
    pub(crate) fn reset(&self) {
        hold(&self.0).clear();
    }

    /// Says how many calls an account has made in this hour.
    pub(crate) fn set(&self, account: &str, calls: u64, now: i64) {
        let (hour, decay) = (now.div_euclid(HOUR_MILLIS), now.div_euclid(DECAY_MILLIS));
        hold(&self.0).insert(account.to_owned(), Counter { hour, calls, decay, score: calls });
    }

    /// Counts a call: a read scores 1, a write 3. Calls are counted by the clock's hour, scores by 300 seconds; the real
    /// windows roll.
    pub(crate) fn count(&self, account: &str, write: bool, now: i64, settings: &FacebookSettings) -> Report {
        let mut counters = hold(&self.0);
        let (hour, decay) = (now.div_euclid(HOUR_MILLIS), now.div_euclid(DECAY_MILLIS));
        let counter = counters.entry(account.to_owned()).or_default();
        if counter.hour != hour {
            (counter.hour, counter.calls) = (hour, 0);
        }
        if counter.decay != decay {
            (counter.decay, counter.score) = (decay, 0);
        }
        counter.calls += 1;
        counter.score += if write { 3 } else { 1 };
        let percent = |part: u64, whole: u64| part.saturating_mul(100) / whole.max(1);
        let score = counter.score.saturating_mul(10_000) / settings.account_score.max(1);
        let calls = percent(counter.calls, settings.hourly_calls);
        let reset = (decay + 1) * DECAY_MILLIS - now;
        let tier = "standard_access";
        let all: u64 = counters.values().filter(|counter| counter.hour == hour).map(|counter| counter.calls).sum();
        Report {
            app: json!({
                "call_count": percent(all, settings.hourly_calls), "total_time": 0, "total_cputime": 0,
            })
            .to_string(),
            account: json!({
                "acc_id_util_pct": score as f64 / 100.0,
                "reset_time_duration": reset / 1000,
                "ads_api_access_tier": tier,
            })
            .to_string(),
            business: json!({ account: [{
                "type": "ads_management", "call_count": calls, "total_cputime": 0, "total_time": 0,
                "estimated_time_to_regain_access": 0, "ads_api_access_tier": tier,
            }]})
            .to_string(),
        }
    }
}
