//! Headers of answers: points, ids and logins of Yandex Direct, usage of the Graph API, rate limits of Evotor Cloud.

use http::{HeaderMap, HeaderName, HeaderValue};
use polyptych_wire_evotor::{Moment, RateLimit};
use polyptych_wire_facebook::Usage;
use polyptych_wire_yandex::headers::{Units, request_id, units, units_used_login};

const NAMES: &[&str] = &[
    "retry-after",
    "requestid",
    "units",
    "units-used-login",
    "x-ad-account-usage",
    "x-app-usage",
    "x-business-use-case-usage",
    "x-fb-ads-insights-throttle",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Any value, in every header that is read.
pub fn headers(input: &[u8]) {
    if let Some(units) = std::str::from_utf8(input).ok().and_then(Units::parse) {
        let text = format!("{}/{}/{}", units.spent, units.left, units.limit);
        assert_eq!(Units::parse(&text), Some(units));
    }
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let all: HeaderMap = NAMES.iter().map(|name| (HeaderName::from_static(name), value.clone())).collect();
    // Text that is not ASCII is no text of a header, even where it would only be white space.
    let ascii = std::str::from_utf8(input).ok().filter(|text| text.is_ascii());
    let plain = ascii.map(str::trim).filter(|text| !text.is_empty());
    assert_eq!(units(&all), plain.and_then(Units::parse));
    for text in [request_id(&all), units_used_login(&all)].into_iter().flatten() {
        assert_eq!(Some(text), plain, "a header is kept as it stands");
    }
    let _ = Usage::from_headers(&all);
    let limit = RateLimit::from_headers(&all);
    for moment in [limit.reset, limit.retry_after].into_iter().flatten() {
        if let Moment::At(_) = moment {
            assert_eq!(moment.seconds_from(u64::MAX), 0, "a moment that is over is not waited for");
        }
    }
}
