//! How much of its limits a caller has used, as the headers of answers tell. A header that does not read is absent:
//! it never makes an answer fail. It decides nothing: throttling is the caller's.

use std::collections::BTreeMap;

use http::HeaderMap;
use polyptych_wire::CompactString;
use polyptych_wire::json::{parse, refusal_text};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

polyptych_wire::open_enum! {
    /// How much an application may call.
    pub enum AccessTier {
        /// Few calls: for development.
        Development = "development_access",
        /// Many calls.
        Standard = "standard_access",
    }
}

/// What the usage headers of one answer say. They may be absent until enough calls were made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// `X-App-Usage`: of the application, over all its users.
    pub app: Option<AppUsage>,
    /// `X-Ad-Account-Usage`: of the ad account.
    pub ad_account: Option<AdAccountUsage>,
    /// `X-Business-Use-Case-Usage`: by id of the business or number of the ad account, each with its kinds of calls.
    pub business: BTreeMap<String, Vec<BusinessUsage>>,
    /// `X-FB-Ads-Insights-Throttle`: of the calls for insights.
    pub insights: Option<InsightsUsage>,
}

/// Use of an application's limits, in percent; calls are refused from 100 on in any of the three.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AppUsage {
    /// Calls, in percent.
    #[serde(deserialize_with = "number")]
    pub call_count: Option<f64>,
    /// Time, in percent.
    #[serde(deserialize_with = "number")]
    pub total_time: Option<f64>,
    /// Processor time, in percent.
    #[serde(deserialize_with = "number")]
    pub total_cputime: Option<f64>,
}

/// Use of an ad account's limits.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AdAccountUsage {
    /// Use in percent.
    #[serde(deserialize_with = "number")]
    pub acc_id_util_pct: Option<f64>,
    /// Seconds until the use falls back to 0.
    #[serde(deserialize_with = "number")]
    pub reset_time_duration: Option<f64>,
    /// How much the application may call.
    #[serde(deserialize_with = "refusal_text")]
    pub ads_api_access_tier: Option<AccessTier>,
}

/// Use of the limits of one kind of calls.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BusinessUsage {
    /// Kind of calls: `ads_management` for images.
    #[serde(rename = "type", deserialize_with = "refusal_text")]
    pub kind: Option<CompactString>,
    /// Calls, in percent.
    #[serde(deserialize_with = "number")]
    pub call_count: Option<f64>,
    /// Time, in percent.
    #[serde(deserialize_with = "number")]
    pub total_time: Option<f64>,
    /// Processor time, in percent.
    #[serde(deserialize_with = "number")]
    pub total_cputime: Option<f64>,
    /// **Minutes** until calls are taken again; 0 while they are.
    #[serde(deserialize_with = "number")]
    pub estimated_time_to_regain_access: Option<f64>,
    /// How much the application may call.
    #[serde(deserialize_with = "refusal_text")]
    pub ads_api_access_tier: Option<AccessTier>,
}

/// Use of the limits of calls for insights.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct InsightsUsage {
    /// Use by the application, in percent.
    #[serde(deserialize_with = "number")]
    pub app_id_util_pct: Option<f64>,
    /// Use by the ad account, in percent.
    #[serde(deserialize_with = "number")]
    pub acc_id_util_pct: Option<f64>,
    /// How much the application may call.
    #[serde(deserialize_with = "refusal_text")]
    pub ads_api_access_tier: Option<AccessTier>,
}

impl Usage {
    /// Reads the headers of an answer.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        Self::from_pairs(pairs)
    }

    /// Reads headers given as names, in any case, and values: those of an answer within a batch.
    pub fn from_pairs<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Self {
        let mut usage = Self::default();
        for (name, value) in headers {
            match name.to_ascii_lowercase().as_str() {
                "x-app-usage" => usage.app = read(value).or(usage.app),
                "x-ad-account-usage" => usage.ad_account = read(value).or(usage.ad_account),
                "x-fb-ads-insights-throttle" => usage.insights = read(value).or(usage.insights),
                "x-business-use-case-usage" => usage.add_business(value),
                _ => {}
            }
        }
        usage
    }

    /// An owner whose list does not read is left out; the others stay.
    fn add_business(&mut self, value: &str) {
        let owners: BTreeMap<String, Value> = parse(value.as_bytes()).unwrap_or_default();
        for (owner, list) in owners {
            if let Ok(list) = serde_json::from_value::<Vec<BusinessUsage>>(list) {
                self.business.entry(owner).or_default().extend(list);
            }
        }
    }
}

/// An object; a derived reader would take a list too.
fn read<T: for<'de> Deserialize<'de>>(value: &str) -> Option<T> {
    value.trim_start().starts_with('{').then(|| parse(value.as_bytes()).ok()).flatten()
}

/// A number or its decimal text, 0 or more; anything else is absent.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite() && *number >= 0.0))
}
