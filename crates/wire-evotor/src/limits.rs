//! How many calls are left, as the headers of answers tell. A header that does not read is absent: it never makes an
//! answer fail. It decides nothing: waiting is the caller's.

use std::time::UNIX_EPOCH;

use http::HeaderMap;

/// What the headers of one answer say about the calls that are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// `X-RateLimit-Limit`: calls in the current interval, at most.
    pub limit: Option<u64>,
    /// `X-RateLimit-Remaining`: calls left in the current interval.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`: when the next interval begins.
    pub reset: Option<Moment>,
    /// `Retry-After`: when to call again. Not documented by the provider; standard with 429 and 503.
    pub retry_after: Option<Moment>,
}

/// A moment, in the way in which it was given. The documentation of `X-RateLimit-Reset` speaks of the seconds that are
/// left in one place and of seconds "in UTC" in another, so that the size of the number decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So many seconds after the answer.
    After(u64),
    /// So many seconds after the beginning of 1970, in UTC.
    At(u64),
}

/// The least number that stands for a date: 2001-09-09. As a number of seconds left it would be 31 years.
const LEAST_DATE: u64 = 1_000_000_000;
/// The least number that stands for a date in milliseconds, again 2001-09-09.
const LEAST_DATE_MS: u64 = LEAST_DATE * 1_000;

impl RateLimit {
    /// Reads the headers of an answer.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let number = |name: &str| text(name)?.parse().ok();
        Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: text("x-ratelimit-reset").and_then(Moment::parse),
            retry_after: text("retry-after").and_then(Moment::parse),
        }
    }
}

impl Moment {
    /// Seconds to wait, for an answer that came so many seconds after the beginning of 1970; 0 if the moment is over.
    pub fn seconds_from(self, answered: u64) -> u64 {
        match self {
            Self::After(seconds) => seconds,
            Self::At(moment) => moment.saturating_sub(answered),
        }
    }

    /// A number of seconds, or a date as HTTP writes it. A part of a second counts as a whole one.
    fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Self::of(number));
        }
        if let Some((whole, fraction)) = text.split_once('.') {
            let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            let more = u64::from(fraction.bytes().any(|byte| byte != b'0'));
            return whole.parse().ok().filter(|_| digits).map(|whole: u64| Self::of(whole.saturating_add(more)));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(Self::At(date.duration_since(UNIX_EPOCH).ok()?.as_secs()))
    }

    fn of(number: u64) -> Self {
        match number {
            LEAST_DATE_MS.. => Self::At(number.div_ceil(1_000)),
            LEAST_DATE.. => Self::At(number),
            _ => Self::After(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Moment, RateLimit};

    fn read(pairs: &[(&'static str, &str)]) -> RateLimit {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        RateLimit::from_headers(&pairs.iter().map(pair).collect::<HeaderMap>())
    }

    #[test]
    fn the_documented_headers_are_read() {
        let told = read(&[
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", " 0 "),
            ("x-ratelimit-reset", "1800"),
            ("retry-after", "7"),
        ]);
        let expected = RateLimit {
            limit: Some(5000),
            remaining: Some(0),
            reset: Some(Moment::After(1800)),
            retry_after: Some(Moment::After(7)),
        };
        assert_eq!(told, expected);
        assert_eq!(read(&[]), RateLimit::default());
    }

    #[test]
    fn the_size_of_a_number_tells_seconds_left_from_a_date() {
        let cases = [
            ("0", Moment::After(0)),
            ("999999999", Moment::After(999_999_999)),
            ("1000000000", Moment::At(1_000_000_000)),
            ("1536067861", Moment::At(1_536_067_861)),
            ("999999999999", Moment::At(999_999_999_999)),
            ("1536067861104", Moment::At(1_536_067_862)),
            ("1.5", Moment::After(2)),
            ("1.0", Moment::After(1)),
            ("Tue, 04 Sep 2018 13:31:01 GMT", Moment::At(1_536_067_861)),
        ];
        for (text, moment) in cases {
            assert_eq!(read(&[("x-ratelimit-reset", text)]).reset, Some(moment), "{text}");
        }
    }

    #[test]
    fn what_does_not_read_is_absent() {
        for text in
            ["", "soon", "-1", "1.", "1.x", ".5", "99999999999999999999", "1e3", "Tue, 04 Sep 1918 13:31:01 GMT", "ü"]
        {
            let headers = [("x-ratelimit-limit", text), ("x-ratelimit-reset", text), ("retry-after", text)];
            assert_eq!(read(&headers), RateLimit::default(), "{text}");
        }
    }

    #[test]
    fn the_wait_ends_at_the_moment() {
        assert_eq!(Moment::After(30).seconds_from(1_536_067_861), 30);
        assert_eq!(Moment::At(1_536_067_891).seconds_from(1_536_067_861), 30);
        assert_eq!(Moment::At(1_536_067_861).seconds_from(1_536_067_891), 0);
    }
}
