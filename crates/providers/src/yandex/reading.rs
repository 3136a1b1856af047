//! What answers of both Yandex APIs mean to the transport. Faults come under HTTP 200; v5 tells its points with every
//! answer.

use std::borrow::Cow;
use std::time::Duration;

use polyptych_transport::{Call, Gauge, Pace, Reading, Response, Scope, Verdict};
use polyptych_wire::fault::{Class, ErrorTable};
use polyptych_wire_yandex::{Answer, ApiFault, DecodeError, Encoding, headers, live4, v5};

use crate::opening::Opening;
use crate::reading;
use crate::yandex::{opening, refusal};

/// The name of the gauge of points.
pub(crate) const UNITS: &str = "Units";

/// v4 Live answers a method that was called too often once in so long (Live 4 reference 4).
const ONCE_IN: Duration = Duration::from_secs(600);
const TOO_OFTEN_TODAY: &str = "56";

/// Reads answers of one API in one encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct YandexReading {
    encoding: Encoding,
    errors: &'static ErrorTable,
    fault: fn(Encoding, &[u8]) -> Result<Option<ApiFault>, DecodeError>,
}

impl YandexReading {
    /// For v5 and v501.
    pub(crate) fn v5(encoding: Encoding) -> Self {
        // Faults are written alike for all operations.
        let fault = |encoding, body: &[u8]| v5::decode::<v5::Delete>(encoding, body).map(fault_of);
        Self { encoding, errors: &v5::ERRORS, fault }
    }

    /// For v4 Live.
    pub(crate) fn live4(encoding: Encoding) -> Self {
        let fault = |encoding, body: &[u8]| live4::decode::<live4::AdImageRequest>(encoding, body).map(fault_of);
        Self { encoding, errors: &live4::ERRORS, fault }
    }

    fn judge(&self, answer: &Response) -> Verdict {
        let last: &[u8] = if self.encoding == Encoding::Soap { b"Envelope>" } else { b"}" };
        match opening(self.encoding, &answer.body) {
            Opening::Foreign => reading::foreign(answer.status),
            Opening::Result if !answer.status.is_success() => reading::foreign(answer.status),
            Opening::Result if reading::ends_with(&answer.body, last) => Verdict::default(),
            Opening::Result => reading::unclear(),
            Opening::Unclear => match (self.fault)(self.encoding, &answer.body) {
                Ok(Some(fault)) => reading::refused(self.errors, refusal(fault), answer.status),
                _ if answer.status.is_success() => reading::unclear(),
                _ => reading::foreign(answer.status),
            },
        }
    }
}

impl Reading for YandexReading {
    fn read(&self, _: &Call<'_>, answer: &Response) -> Verdict {
        let mut verdict = self.judge(answer);
        verdict.request_id = verdict.request_id.or(headers::request_id(&answer.headers).map(str::to_owned));
        verdict.usage = units(answer).into_iter().collect();
        if verdict.class == Some(Class::Quota) {
            let once_in = (verdict.code.as_deref() == Some(TOO_OFTEN_TODAY)).then_some(ONCE_IN);
            verdict.wait = Some(once_in.unwrap_or_else(|| reading::to_the_next_hour(answer)));
        }
        verdict
    }
}

fn fault_of<T>(answer: Answer<T>) -> Option<ApiFault> {
    match answer {
        Answer::Fault(fault) => Some(fault),
        Answer::Response(_) => None,
    }
}

/// More points are added with each full hour (v5 reference 8.2). Until then a call that costs more than is left is not sent.
fn units(answer: &Response) -> Option<Gauge> {
    let units = headers::units(&answer.headers)?;
    Some(Gauge {
        holder: headers::units_used_login(&answer.headers).map(str::to_owned),
        spent: Some(units.spent as f64),
        left: Some(units.left as f64),
        limit: Some(units.limit as f64),
        pace: Pace::Covered(reading::to_the_next_hour(answer)),
        ..Gauge::new(Cow::Borrowed(UNITS), Scope::Account)
    })
}
