//! The caller's deadline as gRPC puts it on the wire: the header `grpc-timeout`, 1 to 8 digits and a unit.

use std::time::Duration;

use tonic::Code;
use tonic::codegen::http::{HeaderMap, HeaderName};

use crate::progress::Progress;
use crate::status::{Reason, Refusal};

static HEADER: HeaderName = HeaderName::from_static("grpc-timeout");
const MAX_DIGITS: usize = 8;

/// The failure of a call that its deadline cut off.
pub(crate) fn passed(progress: &Progress) -> Refusal {
    let message = "the deadline of the call has passed";
    progress.cut_off(Refusal::new(Code::DeadlineExceeded, Reason::DeadlineExceeded, message))
}

/// The time that the caller gives; `None` if it gives none.
///
/// # Errors
/// If the header is malformed.
pub(crate) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Refusal> {
    let Some(value) = headers.get(&HEADER) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    parse(text).map(Some).ok_or_else(|| {
        let message = format!("the header {HEADER} `{text}` is not 1 to 8 digits and one of H, M, S, m, u, n");
        Refusal::new(Code::InvalidArgument, Reason::InvalidArgument, message)
    })
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_protocol_is_read() {
        let cases = [
            ("2H", Duration::from_secs(7200)),
            ("3M", Duration::from_secs(180)),
            ("30S", Duration::from_secs(30)),
            ("1500m", Duration::from_millis(1500)),
            ("20u", Duration::from_micros(20)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
            ("0S", Duration::ZERO),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_timeout_is_refused() {
        for text in ["", "S", "5", "5s", "-5S", "+5S", "5 S", "1.5S", "123456789S", "5SS", "5С"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
