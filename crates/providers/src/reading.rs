//! What an answer means to the transport, as far as all providers have it in common: the verdict on a refusal, on a
//! status without one, and on a body that breaks off. Each provider's own reading builds on these.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use polyptych_transport::{Response, Verdict};
use polyptych_wire::fault::{Class, ErrorTable, Level};

use crate::refusal::{Refusal, Subject, judge, of_status, refuses};

/// The verdict on an error that the provider stated about a whole request.
pub(crate) fn refused(table: &ErrorTable, refusal: Refusal, status: StatusCode) -> Verdict {
    let judged = judge(table, Level::Request, &refusal, Subject::Album, status);
    let subcode = refusal.subcode.map(|subcode| format!("/{subcode}")).unwrap_or_default();
    Verdict {
        class: Some(judged.class),
        refused: !judged.unsure,
        code: refusal.name.or(refusal.code.map(|code| format!("{code}{subcode}"))),
        request_id: refusal.request_id.filter(|id| !id.is_empty()),
        ..Verdict::default()
    }
}

/// The verdict on an answer that is not of the API: a gateway's page, an empty body. Under a success nobody knows what
/// became of the request; a read may be repeated.
pub(crate) fn foreign(status: StatusCode) -> Verdict {
    let class = of_status(status).map_or(Class::Backoff, |(.., class)| class);
    Verdict { class: Some(class), refused: refuses(status), ..Verdict::default() }
}

/// The verdict on an answer of the API that breaks off, or says neither success nor refusal.
pub(crate) fn unclear() -> Verdict {
    Verdict { class: Some(Class::UnknownOutcome), ..Verdict::default() }
}

/// Whether a document ends as one: a cheap look that finds what was cut off.
pub(crate) fn ends_with(body: &[u8], last: &[u8]) -> bool {
    body.trim_ascii_end().ends_with(last)
}

/// The value of a header as text.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// When the provider answered, by its own clock; `None` where it does not say.
pub(crate) fn answered_at(answer: &Response) -> Option<Timestamp> {
    let date = text(&answer.headers, header::DATE.as_str())?;
    Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp())
}

/// The time from an answer to the next full hour; an hour where the provider does not say what time it is.
pub(crate) fn to_the_next_hour(answer: &Response) -> Duration {
    const HOUR: i64 = 3_600;
    let into = answered_at(answer).map_or(0, |at| at.as_second().rem_euclid(HOUR));
    Duration::from_secs((HOUR - into).unsigned_abs())
}
