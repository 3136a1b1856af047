//! The state that a test asks the emulator to be in: one document of optional parts, the same as JSON, as flags of the
//! program, and as a Rust value. It says what; `apply` does it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::script::{ErrorCode, Fault, FaultAnswer, Latency};
use super::seed::SeedImages;
use crate::settings::{SoapStyle, Token};
use crate::yandex::ads::Ad;

/// The most latencies, tokens, and accounts of a kind.
const MOST: usize = 100_000;
/// The longest latency.
const LONGEST_MILLIS: u32 = 600_000;

/// What to change; absent parts stay as they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setup {
    /// The accounts that exist; replaces those named before.
    pub accounts: Option<Accounts>,
    /// The tokens that are accepted, by all APIs; replaces those named before. Empty: any token.
    pub tokens: Option<Vec<Token>>,
    /// The emulator's time.
    pub clock: Option<ClockChange>,
    /// How long calls take; replaces what was said before. The first that matches a call counts.
    pub latency: Option<Vec<Latency>>,
    /// Limits and what is left of them.
    pub quotas: Option<Quotas>,
    /// Whether equal contents become one image.
    pub deduplicate: Option<bool>,
    /// Whether every pixel of an upload is decoded, or its header is trusted.
    pub decode_pixels: Option<bool>,
    /// How SOAP replies of v4 Live look.
    pub live4_soap_style: Option<SoapStyle>,
    /// Faults for the next calls; added behind those that wait.
    pub faults: Option<Vec<Fault>>,
    /// Images to be in the libraries; added.
    pub images: Option<Vec<SeedImages>>,
    /// Ads of Yandex Direct, for images to be bound to; added, replaced or removed.
    pub ads: Option<Vec<SeedAds>>,
    /// The hosts, such as `pictures.test:8080`, that uploads by URL of v4 Live may fetch from, beside the emulator itself.
    pub fetch_hosts: Option<Vec<String>>,
}

/// Ads of one advertiser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAds {
    /// The advertiser.
    pub login: String,
    /// The ads; one whose number the advertiser has already takes the place of the old one.
    #[serde(default)]
    pub ads: Vec<Ad>,
    /// Numbers of ads to take away, before the others are added.
    #[serde(default)]
    pub remove: Vec<i64>,
}

/// The accounts that exist. Of a library without any, each account exists.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// Logins of Yandex Direct.
    pub yandex: Vec<String>,
    /// Ad accounts: each a number, with or without `act_`, or a JSON object of `id` and any of `name`, `account_status`,
    /// `currency`, `timezone_name`, `amount_spent`, `balance`, `business_id`, `business_name`, `created_time`, `owner`.
    pub facebook: Vec<Value>,
    /// The creatives that use images of Facebook.
    pub creatives: Vec<Creative>,
    /// Stores of Evotor: each an id, or a JSON object of `id` and any of `name`, `address`, `unpaid` and `products`; a
    /// product is an id, or an object of `id` and members of the API. A store without products has all.
    pub evotor: Vec<Value>,
}

/// A creative that uses an image, whether or not there is such an image yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Creative {
    /// Number of the ad account.
    pub account: String,
    /// The image's hash.
    pub hash: String,
    /// Number of the creative.
    pub creative: String,
}

/// A change of the emulator's clock, in the order of the members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockChange {
    /// Whether time stands still from now on, or goes on with the clock of the settings.
    pub standing: Option<bool>,
    /// The time that it is, such as `2026-01-01T00:00:00Z`.
    pub set: Option<String>,
    /// Milliseconds to go forward.
    pub advance_ms: Option<u32>,
}

impl ClockChange {
    /// The time to set, in milliseconds since the Unix epoch.
    pub(crate) fn time(&self) -> Result<Option<i64>, SetupError> {
        let parse = |text: &String| text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
        self.set.as_ref().map(parse).transpose().map_err(|_| SetupError::new("clock.set must be an RFC 3339 time"))
    }
}

/// Limits, and what is left of them; absent ones stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Of Yandex Direct.
    pub yandex: YandexQuotas,
    /// Of Facebook.
    pub facebook: FacebookQuotas,
    /// Of Evotor.
    pub evotor: EvotorQuotas,
}

/// Limits of Yandex Direct; see [`crate::YandexSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct YandexQuotas {
    /// Points of an advertiser for a day.
    pub daily_points: Option<u64>,
    /// Points that an advertiser has left, by login.
    pub points_left: BTreeMap<String, u64>,
    /// The most images of an advertiser.
    pub image_quota: Option<usize>,
    /// The most requests at once of an advertiser.
    pub concurrency: Option<usize>,
    /// Calls of one v4 Live method that a user has for a day.
    pub live4_daily_calls: Option<u64>,
    /// Points of v4 Live that an advertiser has for a day.
    pub live4_daily_points: Option<u64>,
    /// Points of v4 Live that each item of a write costs.
    pub live4_item_points: Option<u64>,
}

/// Limits of Facebook; see [`crate::FacebookSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FacebookQuotas {
    /// Calls of an account and hour that are 100 %.
    pub hourly_calls: Option<u64>,
    /// Score of an account that is 100 %.
    pub account_score: Option<u64>,
    /// Calls of all accounts and hour that are 100 %.
    pub app_hourly_calls: Option<u64>,
    /// Whether calls beyond 100 % are refused, and not only reported.
    pub enforce_limits: Option<bool>,
    /// Calls that an account has made in the last hour, by its number.
    pub calls_made: BTreeMap<String, u64>,
}

/// Limits of Evotor; see [`crate::EvotorSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvotorQuotas {
    /// Requests per token and interval.
    pub rate_limit: Option<u64>,
    /// Length of the interval in seconds.
    pub rate_seconds: Option<u32>,
}

/// Why a setup is refused. Its text names the key that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError(String);

impl SetupError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}

impl Setup {
    /// Reads the JSON form: an object of the members of this type.
    ///
    /// # Errors
    /// For text that is no such object; an unknown key is named.
    pub fn from_json(json: &[u8]) -> Result<Self, SetupError> {
        // A list would be read as the members in their order.
        if json.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            return Err(SetupError::new("the setup must be a JSON object"));
        }
        serde_json::from_slice(json).map_err(|error| SetupError::new(error.to_string()))
    }

    /// Judges everything that can be judged without doing it.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let refuse = |when: bool, reason: &str| if when { Err(SetupError::new(reason)) } else { Ok(()) };
        if let Some(clock) = &self.clock {
            clock.time()?;
        }
        for token in self.tokens.iter().flatten() {
            refuse(token.value.is_empty(), "tokens: value must not be empty")?;
        }
        let latencies = self.latency.as_deref().unwrap_or_default();
        refuse(latencies.iter().any(|one| one.millis > LONGEST_MILLIS), "latency: millis must be at most 600000")?;
        refuse(latencies.len() > MOST, "latency: too many")?;
        refuse(self.tokens.as_ref().is_some_and(|tokens| tokens.len() > MOST), "tokens: too many")?;
        for fault in self.faults.iter().flatten() {
            fault.check()?;
        }
        self.images.iter().flatten().try_for_each(SeedImages::check)
    }
}

impl Fault {
    /// Judges what the types leave open.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        if self.times == 0 {
            return Err(SetupError::new("faults: times must be at least 1"));
        }
        match &self.answer {
            FaultAnswer::Status(status) if !(200..600).contains(&status.code) => {
                Err(SetupError::new("faults: answer.status.code must be from 200 to 599"))
            }
            FaultAnswer::Status(status) => {
                let fine = status.headers.iter().all(|(name, value)| {
                    http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
                });
                if fine { Ok(()) } else { Err(SetupError::new("faults: answer.status.headers holds no valid header")) }
            }
            FaultAnswer::Error(error) => {
                let word = matches!(error.code, ErrorCode::Word(_)) && self.api.as_deref() != Some("evotor");
                let status = error.status.is_some_and(|status| !(200..600).contains(&status));
                match (word, status) {
                    (true, _) => Err(SetupError::new("faults: answer.error.code is a word for the api evotor only")),
                    (_, true) => Err(SetupError::new("faults: answer.error.status must be from 200 to 599")),
                    _ => Ok(()),
                }
            }
            FaultAnswer::Close(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_by_its_name_at_every_depth() {
        for (json, key) in [
            (r#"{"tokenz":[]}"#, "tokenz"),
            (r#"{"tokens":[{"value":"a","scope":1}]}"#, "scope"),
            (r#"{"quotas":{"yandex":{"points":1}}}"#, "points"),
            (r#"{"faults":[{"answer":{"close":"before"},"time":2}]}"#, "time"),
            (r#"{"faults":[{"answer":{"status":{"code":503,"text":""}}}]}"#, "text"),
            (r#"{"images":[{"library":"yandex","album":"a","number":2}]}"#, "number"),
            (r#"{"clock":{"advance":1}}"#, "advance"),
        ] {
            let error = Setup::from_json(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{json}: {error}");
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused_before_anything_is_done() {
        for (json, reason) in [
            (r#"{"clock":{"set":"tomorrow"}}"#, "clock.set"),
            (r#"{"tokens":[{"value":""}]}"#, "tokens"),
            (r#"{"latency":[{"millis":600001}]}"#, "latency"),
            (r#"{"faults":[{"answer":{"status":{"code":99}}}]}"#, "answer.status.code"),
            (r#"{"faults":[{"answer":{"error":{"code":"no"}}}]}"#, "answer.error.code"),
            (r#"{"faults":[{"times":0,"answer":{"close":"mid"}}]}"#, "times"),
            (r#"{"images":[{"library":"yandex","album":"a","width":0,"height":1}]}"#, "width"),
        ] {
            let error = Setup::from_json(json.as_bytes()).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}
