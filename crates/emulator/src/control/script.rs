//! The fault script: which of the next calls get another answer than the emulated API would give. It matches calls and
//! counts; how an answer is changed is the business of `effect`, and of each protocol for its own form of an error.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lock::hold;

/// The most faults that wait at once.
pub(crate) const MOST_FAULTS: usize = 10_000;

/// A fault that calls meet instead of, or after, being carried out.
///
/// ```
/// use polyptych_emulator::{Close, Fault};
/// let lost = Fault::close(Close::After).with_operation("AdImages.add").with_times(2);
/// let busy = Fault::error(52).with_api("yandex-v5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The API of the calls, as the journal names it, or its beginning (`yandex`, `yandex-v5`). Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The operation, as the journal names it, such as `AdImages.add`. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The album, as the journal names it. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// How many matching calls meet the fault. Default 1.
    #[serde(default = "once")]
    pub times: u32,
    /// How many matching calls pass before. Default 0.
    #[serde(default)]
    pub skip: u32,
    /// What the calls get.
    pub answer: FaultAnswer,
}

/// What a call gets that meets a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAnswer {
    /// An HTTP answer that no API gives, as from a proxy in between; the call is not carried out.
    Status(StatusFault),
    /// An error of the provider, in its own form; the call is not carried out.
    Error(ErrorFault),
    /// The connection ends.
    Close(Close),
}

/// An HTTP answer by its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFault {
    /// 200 to 599.
    pub code: u16,
    /// Further headers, name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as `text/plain` unless the headers say otherwise. Default empty.
    #[serde(default)]
    pub body: String,
}

/// An error that the API itself would give: JSON error or SOAP Fault of Yandex, Graph error, Evotor error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorFault {
    /// The provider's code: a number at Yandex and Facebook, a word such as `validation_failed` at Evotor.
    pub code: ErrorCode,
    /// Facebook only.
    #[serde(default)]
    pub subcode: Option<u32>,
    /// The message. Absent: that of the code, where the emulator knows one.
    #[serde(default)]
    pub message: Option<String>,
    /// Yandex: `error_detail`; Facebook: `error_user_msg`; Evotor: the violation's reason. Absent: none.
    #[serde(default)]
    pub detail: Option<String>,
    /// The HTTP status, where the API has errors of several. Absent: 400 at Facebook and Evotor.
    #[serde(default)]
    pub status: Option<u16>,
}

/// A provider's error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ErrorCode {
    /// Of Yandex and Facebook.
    Number(i64),
    /// Of Evotor.
    Word(String),
}

/// When a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    /// After the request is here, before it is carried out.
    Before,
    /// After it is carried out, before a byte of the answer.
    After,
    /// After it is carried out, with the head and half of the body of the answer.
    Mid,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault of the next call of any operation.
    pub fn new(answer: FaultAnswer) -> Self {
        Self { api: None, operation: None, album: None, times: 1, skip: 0, answer }
    }

    /// An HTTP answer of this status without a body.
    pub fn status(code: u16) -> Self {
        Self::new(FaultAnswer::Status(StatusFault { code, headers: Vec::new(), body: String::new() }))
    }

    /// A provider's error of this number.
    pub fn error(code: i64) -> Self {
        let code = ErrorCode::Number(code);
        Self::new(FaultAnswer::Error(ErrorFault { code, subcode: None, message: None, detail: None, status: None }))
    }

    /// The end of the connection.
    pub fn close(when: Close) -> Self {
        Self::new(FaultAnswer::Close(when))
    }

    /// Only calls to this API; see [`Fault::api`].
    pub fn with_api(self, api: impl Into<String>) -> Self {
        Self { api: Some(api.into()), ..self }
    }

    /// Only calls of this operation; see [`Fault::operation`].
    pub fn with_operation(self, operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..self }
    }

    /// Only calls for this album; see [`Fault::album`].
    pub fn with_album(self, album: impl Into<String>) -> Self {
        Self { album: Some(album.into()), ..self }
    }

    /// This many matching calls instead of one.
    pub fn with_times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Lets this many matching calls pass before.
    pub fn with_skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    fn matches(&self, api: &str, operation: &str, album: Option<&str>) -> bool {
        is_api(self.api.as_deref(), api)
            && self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.album.as_deref().is_none_or(|wanted| Some(wanted) == album)
    }
}

/// How long calls take before they are carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// As of [`Fault::api`].
    #[serde(default)]
    pub api: Option<String>,
    /// As of [`Fault::operation`].
    #[serde(default)]
    pub operation: Option<String>,
    /// Milliseconds of real time, at most 600,000.
    pub millis: u32,
}

fn is_api(wanted: Option<&str>, api: &str) -> bool {
    wanted.is_none_or(|wanted| api.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// Faults that wait, and latencies.
#[derive(Debug, Default)]
pub(crate) struct Script {
    faults: Mutex<Vec<Fault>>,
    latencies: Mutex<Vec<Latency>>,
}

impl Script {
    /// Adds a fault behind those that wait; false when too many wait.
    pub(crate) fn add(&self, fault: Fault) -> bool {
        let mut faults = hold(&self.faults);
        let fits = faults.len() < MOST_FAULTS;
        if fits {
            faults.push(fault);
        }
        fits
    }

    /// The faults that wait, with what is left of their counts.
    pub(crate) fn left(&self) -> Vec<Fault> {
        hold(&self.faults).clone()
    }

    /// Forgets the faults.
    pub(crate) fn clear(&self) {
        hold(&self.faults).clear();
    }

    /// Replaces the latencies; the first that matches a call counts.
    pub(crate) fn set_latencies(&self, latencies: Vec<Latency>) {
        *hold(&self.latencies) = latencies;
    }

    /// How long a call takes.
    pub(crate) fn latency(&self, api: &str, operation: &str) -> Duration {
        let latencies = hold(&self.latencies);
        let found = latencies.iter().find(|latency| {
            is_api(latency.api.as_deref(), api) && latency.operation.as_deref().is_none_or(|wanted| wanted == operation)
        });
        Duration::from_millis(found.map_or(0, |latency| latency.millis.into()))
    }

    /// The answer of the first fault that matches a call, counted. Of the others that match, those that let calls pass
    /// count this one as passed.
    pub(crate) fn take(&self, api: &str, operation: &str, album: Option<&str>) -> Option<FaultAnswer> {
        let mut faults = hold(&self.faults);
        let mut taken = None;
        for fault in faults.iter_mut().filter(|fault| fault.matches(api, operation, album)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if taken.is_none() {
                fault.times = fault.times.saturating_sub(1);
                taken = Some(fault.answer.clone());
            }
        }
        faults.retain(|fault| fault.times > 0);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_met_by_as_many_matching_calls_as_it_says_after_those_that_pass() {
        let script = Script::default();
        let fault = Fault::status(503).with_api("yandex-v5").with_operation("AdImages.add");
        assert!(script.add(fault.clone().with_album("shop").with_times(2).with_skip(1)));
        let call = |api, operation, album| script.take(api, operation, Some(album)).is_some();
        assert!(!call("yandex-v5-json", "AdImages.get", "shop"));
        assert!(!call("yandex-v5-json", "AdImages.add", "other"));
        assert!(!call("facebook", "AdImages.add", "shop"));
        let met: Vec<bool> = (0..4).map(|_| call("yandex-v5-soap", "AdImages.add", "shop")).collect();
        assert_eq!(met, [false, true, true, false]);
        assert!(script.left().is_empty());
    }

    #[test]
    fn an_api_is_named_whole_or_by_its_beginning_up_to_a_dash() {
        for (wanted, matches) in
            [("yandex", true), ("yandex-v5", true), ("yandex-v5-json", true), ("yandex-v", false), ("evotor", false)]
        {
            assert_eq!(is_api(Some(wanted), "yandex-v5-json"), matches, "{wanted}");
        }
    }
}
