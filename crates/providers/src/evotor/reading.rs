//! What answers of Evotor Cloud mean to the transport: the status decides, and headers count the calls.

use std::time::Duration;

use polyptych_transport::{Call, Gauge, Pace, Reading, Response, Scope, Verdict};
use polyptych_wire::fault::Class;
use polyptych_wire_evotor::{DeleteProductImage, RateLimit, decode};

use super::fault::refusal;
use crate::reading;

/// The name of the gauge of calls: the beginning of the three headers.
pub(crate) const CALLS: &str = "X-RateLimit";

/// From this share of the calls on they are spread over the rest of the interval.
const SLOW_FROM: f64 = 0.9;

/// How long the provider is said to refuse after too many calls (reference 3.1), where it does not say it itself.
const REFUSES_FOR: Duration = Duration::from_secs(30 * 60);

/// Reads answers of Evotor Cloud.
#[derive(Debug, Clone, Copy)]
pub(super) struct EvotorReading;

impl Reading for EvotorReading {
    fn read(&self, call: &Call<'_>, answer: &Response) -> Verdict {
        let mut verdict = judge(call, answer);
        let told = RateLimit::from_headers(&answer.headers);
        let answered = reading::answered_at(answer).and_then(|at| u64::try_from(at.as_second()).ok());
        // A date of the provider is compared with the provider's clock, never with ours.
        let wait = |moment: polyptych_wire_evotor::Moment| match (moment, answered) {
            (polyptych_wire_evotor::Moment::After(seconds), _) => Some(Duration::from_secs(seconds)),
            (moment, Some(answered)) => Some(Duration::from_secs(moment.seconds_from(answered))),
            _ => None,
        };
        let reset = told.reset.and_then(wait);
        if verdict.class == Some(Class::Throttle) {
            verdict.wait = told.retry_after.and_then(wait).or(reset).or(Some(REFUSES_FOR));
        }
        if told.limit.is_some() || told.remaining.is_some() {
            verdict.usage.push(Gauge {
                left: told.remaining.map(|left| left as f64),
                limit: told.limit.map(|limit| limit as f64),
                resets_in: reset,
                pace: Pace::SlowFrom(SLOW_FROM),
                ..Gauge::new(CALLS, Scope::Library)
            });
        }
        verdict
    }
}

fn judge(call: &Call<'_>, answer: &Response) -> Verdict {
    let body = answer.body.trim_ascii_start();
    match decode::<DeleteProductImage>(answer.status.as_u16(), &answer.body) {
        Ok(polyptych_wire_evotor::Answer::Refused(refused)) => {
            reading::refused(&polyptych_wire_evotor::ERRORS, refusal(refused), answer.status)
        }
        _ if body.starts_with(b"<") => reading::foreign(answer.status),
        _ if call.request.method == http::Method::DELETE => Verdict::default(),
        _ if !body.starts_with(b"{") => reading::foreign(answer.status),
        _ if reading::ends_with(&answer.body, b"}") => Verdict::default(),
        _ => reading::unclear(),
    }
}
