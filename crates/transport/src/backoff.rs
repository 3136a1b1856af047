//! How long to wait before the next try: growing with full jitter, or what the provider asks for.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use crate::{Jitter, Retry};

/// Hints are not longer than a month: a larger number is not one.
const LONGEST_HINT: Duration = Duration::from_secs(31 * 24 * 3600);

/// The wait before the try after the `done`-th one. A hint is a lower bound, and some of our own wait comes on top of
/// it, so that callers who got the same hint do not come back at the same moment.
pub(crate) fn wait(retry: &Retry, done: u32, hint: Option<Duration>, jitter: &dyn Jitter) -> Duration {
    let growth = 2_u32.saturating_pow(done.saturating_sub(1));
    let upper = match hint {
        Some(_) => retry.first_wait.min(retry.longest_wait),
        None => retry.first_wait.saturating_mul(growth).min(retry.longest_wait),
    };
    hint.unwrap_or_default().saturating_add(upper.mul_f64(jitter.fraction().clamp(0.0, 1.0)))
}

/// What `Retry-After` asks for, as seconds or as a date (RFC 9110, 10.2.3); `None` where it is absent or neither.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let hint = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(hint.min(LONGEST_HINT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    struct Always(f64);

    impl Jitter for Always {
        fn fraction(&self) -> f64 {
            self.0
        }
    }

    fn seconds(number: f64) -> Duration {
        Duration::from_secs_f64(number)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_spread_from_zero() {
        let retry = Retry { first_wait: seconds(1.0), longest_wait: seconds(10.0), ..Retry::default() };
        let upper: Vec<_> = (1..=6).map(|done| wait(&retry, done, None, &Always(1.0)).as_secs()).collect();
        assert_eq!(upper, [1, 2, 4, 8, 10, 10]);
        assert_eq!(wait(&retry, u32::MAX, None, &Always(1.0)), seconds(10.0));
        assert_eq!(wait(&retry, 5, None, &Always(0.0)), Duration::ZERO);
        assert_eq!(wait(&retry, 2, None, &Always(0.5)), seconds(1.0));
    }

    #[test]
    fn a_hint_is_waited_out_and_a_little_longer() {
        let retry = Retry { first_wait: seconds(1.0), ..Retry::default() };
        assert_eq!(wait(&retry, 3, Some(seconds(30.0)), &Always(0.0)), seconds(30.0));
        assert_eq!(wait(&retry, 3, Some(seconds(30.0)), &Always(0.5)), seconds(30.5));
        assert_eq!(wait(&retry, 3, Some(Duration::MAX), &Always(0.5)), Duration::MAX);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Some(0)),
            ("18446744073709551615", Some(31 * 24 * 3600)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
