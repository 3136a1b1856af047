//! What the transport counts, through the `metrics` facade; a program that installs no recorder pays next to nothing.
//! Labels take few values: never an account, an address, a code or an id.
//!
//! | metric | kind | labels | what |
//! |---|---|---|---|
//! | `polyptych_calls_total` | counter | `provider`, `operation`, `outcome` | calls that ended |
//! | `polyptych_call_seconds` | histogram | `provider`, `operation`, `outcome` | how long they took, waits and retries included |
//! | `polyptych_tries_total` | counter | `provider`, `operation`, `outcome` | tries that ended |
//! | `polyptych_try_seconds` | histogram | `provider`, `operation`, `outcome` | how long they took |
//! | `polyptych_retries_total` | counter | `provider`, `operation`, `reason` | tries beyond the first, by the outcome of the one before; `round` for a batch after a batch |
//! | `polyptych_retries_refused_total` | counter | `provider`, `operation`, `reason` | retries that did not happen: `budget`, `time`, `tries` |
//! | `polyptych_wait_seconds` | histogram | `provider`, `operation`, `reason` | waits: `backoff`, `hint`, `quota`, `permit` |
//! | `polyptych_sent_bytes_total`, `polyptych_received_bytes_total` | counter | `provider`, `operation` | bytes of bodies on the wire |
//! | `polyptych_units_spent_total` | counter | `provider`, `operation`, `quota` | what answers said was taken from a quota, by its name |
//!
//! `outcome` is `ok` (an answer without a known error), the class of the error in the answer (`never`, `backoff`,
//! `throttle`, `quota`, `reauth`, `unknown_outcome`, `shrink`, `upgrade`, `user_action`, `long_pause`), or what kept it
//! away (`credential`, `invalid_request`, `connect`, `tls`, `timeout`, `deadline`, `request_body`, `interrupted`,
//! `undecodable`, `too_large`, `throttled`, `unpaid`, `suspended`).
//!
//! Spans: `call` (info; provider, library, operation, host, tries, status, outcome, delivery, code, request id, bytes sent and
//! received) and within it `try` (debug; attempt, probe, status, outcome, delivery, code, request id, bytes, units spent).

use std::time::Duration;

use metrics::{counter, histogram};
use polyptych_wire::fault::Class;

use crate::attempt::Moved;
use crate::{Error, ErrorKind, Gauge, Response, TimeoutKind};

/// What all figures of one operation have in common.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) provider: &'static str,
    pub(crate) operation: &'static str,
}

impl Figures {
    pub(crate) fn call(self, outcome: &'static str, took: Duration) {
        let Self { provider, operation } = self;
        counter!("polyptych_calls_total", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .increment(1);
        histogram!("polyptych_call_seconds", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .record(took);
    }

    pub(crate) fn attempt(self, outcome: &'static str, took: Duration, moved: Moved) {
        let Self { provider, operation } = self;
        counter!("polyptych_tries_total", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .increment(1);
        histogram!("polyptych_try_seconds", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .record(took);
        counter!("polyptych_sent_bytes_total", "provider" => provider, "operation" => operation).increment(moved.sent);
        counter!("polyptych_received_bytes_total", "provider" => provider, "operation" => operation)
            .increment(moved.received);
    }

    pub(crate) fn retry(self, reason: &'static str) {
        let Self { provider, operation } = self;
        counter!("polyptych_retries_total", "provider" => provider, "operation" => operation, "reason" => reason)
            .increment(1);
    }

    pub(crate) fn refused(self, reason: &'static str) {
        let Self { provider, operation } = self;
        counter!("polyptych_retries_refused_total", "provider" => provider, "operation" => operation, "reason" => reason)
            .increment(1);
    }

    pub(crate) fn wait(self, reason: &'static str, took: Duration) {
        let Self { provider, operation } = self;
        histogram!("polyptych_wait_seconds", "provider" => provider, "operation" => operation, "reason" => reason)
            .record(took);
    }

    /// Names of quotas that only the network knows stay out of the labels.
    pub(crate) fn spent(self, gauges: &[Gauge]) {
        let Self { provider, operation } = self;
        for gauge in gauges {
            let (Some(spent), std::borrow::Cow::Borrowed(name)) = (gauge.spent, &gauge.name) else { continue };
            if spent > 0.0 {
                counter!("polyptych_units_spent_total", "provider" => provider, "operation" => operation, "quota" => *name)
                    .increment(spent as u64);
            }
        }
    }
}

/// The outcome of a try or a call as a label.
pub(crate) fn outcome(ended: &Result<Response, Error>) -> &'static str {
    match ended {
        Ok(answer) => answer.verdict.class.map_or("ok", class),
        Err(error) => match error.kind() {
            ErrorKind::Credential => "credential",
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::Connect => "connect",
            ErrorKind::Tls => "tls",
            ErrorKind::Timeout { what: TimeoutKind::Deadline, .. } => "deadline",
            ErrorKind::Timeout { .. } => "timeout",
            ErrorKind::RequestBody => "request_body",
            ErrorKind::Interrupted => "interrupted",
            ErrorKind::Undecodable => "undecodable",
            ErrorKind::ResponseTooLarge { .. } => "too_large",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unpaid => "unpaid",
            ErrorKind::Suspended => "suspended",
            ErrorKind::NoPlace => "no_place",
        },
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Never => "never",
        Class::Backoff => "backoff",
        Class::Throttle => "throttle",
        Class::Quota => "quota",
        Class::Reauth => "reauth",
        Class::UnknownOutcome => "unknown_outcome",
        Class::Shrink => "shrink",
        Class::Upgrade => "upgrade",
        Class::UserAction => "user_action",
        Class::LongPause => "long_pause",
    }
}
