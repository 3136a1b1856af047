//! Moments of the API as people and programs read them.

use prost_types::Timestamp;

/// RFC 3339 in UTC; empty where there is none, or none that a calendar knows.
pub(crate) fn told(time: Option<Timestamp>) -> String {
    let known = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    known.map(|time| time.to_string()).unwrap_or_default()
}

/// A moment of [`told`] for people: to the second.
pub(crate) fn brief(told: &str) -> String {
    let moment = told.split_once('.').map_or(told.trim_end_matches('Z'), |(seconds, _)| seconds);
    moment.replace('T', " ")
}

/// A moment as users write it: RFC 3339.
pub(crate) fn read(text: &str) -> Result<Timestamp, String> {
    let time: jiff::Timestamp = text.parse().map_err(|_| "a moment like 2026-01-31T12:00:00Z".to_owned())?;
    Ok(Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() })
}
