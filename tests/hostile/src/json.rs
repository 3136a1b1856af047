//! JSON as such: the reader of the decoders takes and refuses what serde_json does, with the same values.

use std::fmt::Debug;

use polyptych_wire::json::parse;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Number, Value};

/// Reads any JSON both ways, and over it. Only what is not UTF-8 is refused even where nobody asks for it.
pub(crate) fn read_alike(input: &[u8]) {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let Ok(text) = std::str::from_utf8(input) else {
        assert!(parse::<IgnoredAny>(input).is_err(), "what is not UTF-8 was taken");
        return;
    };
    match (parse::<Value>(input), serde_json::from_str::<Value>(text)) {
        (Ok(this), Ok(other)) => assert!(same(&this, &other), "{this} is {other}"),
        (Err(this), Err(other)) => assert_eq!(words(&this), words(&other)),
        (this, other) => panic!("{this:?}, not {other:?}"),
    }
    let (this, other) = (parse::<IgnoredAny>(input), serde_json::from_str::<IgnoredAny>(text));
    assert_eq!(this.is_ok(), other.is_ok(), "{this:?}, not {other:?}");
}

/// What an error says. That a number is too large is seen here at its end, and there while it is read.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some(("number out of range", _)) => "number out of range".to_owned(),
        _ => text,
    }
}

/// Reads an answer of that shape both ways, alone or as the member of a document that answers come in.
pub(crate) fn read_alike_as<T: DeserializeOwned + PartialEq + Debug>(input: &[u8]) {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Envelope<T> {
        #[serde(alias = "data")]
        result: Option<T>,
    }
    alike::<T>(input);
    alike::<Envelope<T>>(input);
}

fn alike<T: DeserializeOwned + PartialEq + Debug>(input: &[u8]) {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    match (parse::<T>(input), serde_json::from_str::<T>(text)) {
        (Ok(this), Ok(other)) => assert_eq!(this, other),
        (Err(this), Err(other)) => drop((this.to_string(), other.to_string())),
        // A record is not read from a list by position.
        (Err(this), Ok(_)) if this.to_string().starts_with("invalid type: sequence, expected struct ") => {}
        (this, other) => panic!("{this:?}, not {other:?}"),
    }
}

/// Equal, but for what serde_json loses where it multiplies digits by powers of ten one by one.
fn same(this: &Value, other: &Value) -> bool {
    match (this, other) {
        (Value::Number(this), Value::Number(other)) if this.is_f64() && other.is_f64() => {
            let bits = |number: &Number| number.as_f64().map(f64::to_bits);
            bits(this).zip(bits(other)).is_some_and(|(this, other)| this.abs_diff(other) <= 4)
        }
        (Value::Array(this), Value::Array(other)) => {
            this.len() == other.len() && this.iter().zip(other).all(|(this, other)| same(this, other))
        }
        (Value::Object(this), Value::Object(other)) => {
            let members = this.iter().zip(other);
            this.len() == other.len() && { members }.all(|(this, other)| this.0 == other.0 && same(this.1, other.1))
        }
        _ => this == other,
    }
}
