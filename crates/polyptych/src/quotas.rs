//! What answers told of quotas, passed on by a store between the processes that share it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use polyptych_store::{Quotas, Store};
use polyptych_transport::{Gauge, Pace, Scope, SharedQuotas};
use serde::{Deserialize, Serialize};

/// The quotas that all processes know who share the store.
pub(crate) fn of(store: &Store) -> Arc<dyn SharedQuotas> {
    Arc::new(OfStore(store.quotas()))
}

struct OfStore(Quotas);

#[async_trait]
impl SharedQuotas for OfStore {
    fn tell(&self, library: &str, account: Option<&str>, known: &[(Gauge, SystemTime)]) {
        let told: Vec<_> = known.iter().map(|(gauge, time)| Told::of(gauge, *time)).collect();
        match serde_json::to_string(&told) {
            Ok(told) => self.0.tell(&name(library, account), told),
            Err(error) => tracing::warn!(%error, "what is known of quotas cannot be passed on"),
        }
    }

    async fn told(&self, library: &str, account: Option<&str>) -> Vec<(Gauge, SystemTime)> {
        let texts = self.0.told(&name(library, account)).await;
        // What another version tells otherwise is as if it had not been told.
        let told = texts.iter().filter_map(|text| serde_json::from_str::<Vec<Told>>(text).ok()).flatten();
        told.map(Told::into_gauge).collect()
    }
}

/// No library's id holds a space.
fn name(library: &str, account: Option<&str>) -> String {
    account.map_or_else(|| library.to_owned(), |account| format!("{library} {account}"))
}

/// A gauge as it is passed on. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
struct Told {
    at: u64,
    name: String,
    of_library: bool,
    holder: Option<String>,
    used: Option<f64>,
    left: Option<f64>,
    limit: Option<f64>,
    resets_in: Option<u64>,
    #[serde(flatten)]
    pace: ToldPace,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "pace", content = "by", rename_all = "snake_case")]
enum ToldPace {
    Show,
    SlowFrom(f64),
    Closed(u64),
    Covered(u64),
}

impl Told {
    fn of(gauge: &Gauge, time: SystemTime) -> Self {
        Self {
            at: millis(time.duration_since(UNIX_EPOCH).unwrap_or_default()),
            name: gauge.name.clone().into_owned(),
            of_library: gauge.scope == Scope::Library,
            holder: gauge.holder.clone(),
            used: gauge.used,
            left: gauge.left,
            limit: gauge.limit,
            resets_in: gauge.resets_in.map(millis),
            pace: match gauge.pace {
                Pace::Show => ToldPace::Show,
                Pace::SlowFrom(share) => ToldPace::SlowFrom(share),
                Pace::Closed(time) => ToldPace::Closed(millis(time)),
                Pace::Covered(time) => ToldPace::Covered(millis(time)),
            },
        }
    }

    fn into_gauge(self) -> (Gauge, SystemTime) {
        let pace = match self.pace {
            ToldPace::Show => Pace::Show,
            ToldPace::SlowFrom(share) => Pace::SlowFrom(share),
            ToldPace::Closed(time) => Pace::Closed(Duration::from_millis(time)),
            ToldPace::Covered(time) => Pace::Covered(Duration::from_millis(time)),
        };
        let gauge = Gauge {
            holder: self.holder,
            used: self.used,
            left: self.left,
            limit: self.limit,
            resets_in: self.resets_in.map(Duration::from_millis),
            pace,
            ..Gauge::new(Cow::Owned(self.name), if self.of_library { Scope::Library } else { Scope::Account })
        };
        (gauge, UNIX_EPOCH.checked_add(Duration::from_millis(self.at)).unwrap_or(UNIX_EPOCH))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_arrives_as_it_was_told() {
        let time = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        let second = Duration::from_secs(1);
        let paces = [Pace::Show, Pace::SlowFrom(0.9), Pace::Closed(second), Pace::Covered(second)];
        for pace in paces {
            let gauge = Gauge {
                holder: Some("агентство".to_owned()),
                used: Some(12.5),
                left: Some(87.5),
                limit: Some(100.0),
                resets_in: Some(second),
                pace,
                ..Gauge::new("units", Scope::Library)
            };
            let text = serde_json::to_string(&Told::of(&gauge, time)).unwrap();
            let told: Told = serde_json::from_str(&text).unwrap();
            assert_eq!(told.into_gauge(), (gauge, time));
        }
    }
}
