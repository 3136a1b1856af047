//! Times as Facebook and Evotor write them: RFC 3339, or with an offset that lacks its colon.

use jiff::Timestamp;

/// Reads `2018-09-04T13:31:01.104+0000`, `2016-01-01T00:00:00+0000` and RFC 3339; `None` for anything else, since a
/// date that cannot be read is no reason to hide an image.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_both_providers_are_read() {
        let cases = [
            ("2018-09-04T13:31:01.104+0000", "2018-09-04T13:31:01.104Z"),
            ("2018-09-04T13:31:01.104Z", "2018-09-04T13:31:01.104Z"),
            ("2016-01-01T03:00:00+0300", "2016-01-01T00:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time(text).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn other_texts_are_no_time() {
        for text in ["", "yesterday", "2018-09-04", "1536067861"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
