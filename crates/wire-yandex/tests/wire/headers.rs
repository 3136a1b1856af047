//! Headers of answers.

use http::{HeaderMap, HeaderValue};
use polyptych_wire_yandex::headers::{Units, request_id, units, units_used_login};

#[test]
fn points_are_spent_left_and_limit() {
    assert_eq!(Units::parse("15/159574/160000"), Some(Units { spent: 15, left: 159_574, limit: 160_000 }));
    for malformed in ["", "15", "15/1", "15/1/2/3", "a/b/c", "-1/2/3", "1//3"] {
        assert_eq!(Units::parse(malformed), None, "{malformed}");
    }
}

#[test]
fn headers_are_found_in_any_case_and_may_be_missing() {
    let mut headers = HeaderMap::new();
    assert_eq!((units(&headers), request_id(&headers), units_used_login(&headers)), (None, None, None));
    headers.insert("Units", HeaderValue::from_static("10/20828/64000"));
    headers.insert("RequestId", HeaderValue::from_static("8320890534637152659"));
    headers.insert("Units-Used-Login", HeaderValue::from_static("example-agency"));
    assert_eq!(units(&headers).map(|units| units.left), Some(20_828));
    assert_eq!(request_id(&headers), Some("8320890534637152659"));
    assert_eq!(units_used_login(&headers), Some("example-agency"));
}
