//! Members of a refusal. Whatever one of them holds, the rest of the refusal must stay readable: a member that is not
//! of its type is absent, never an error. Not for answers, where a member that does not read must not pass for absent.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::parse;

/// Reads a refusal from an object, or from a text, which is then its message; `null` and `false` are absent, anything
/// else is a refusal with its JSON text. As in [`super::parse`], records inside are read from objects alone.
///
/// # Errors
/// If the document is not JSON, or the object is none of `T`.
pub fn refusal_record<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + From<String>,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Null | Value::Bool(false) => None,
        object @ Value::Object(_) => Some(parse(object.to_string().as_bytes()).map_err(misplaced)?),
        Value::String(message) => Some(T::from(message)),
        other => Some(T::from(other.to_string())),
    })
}

/// Reads an integer from a number without a fraction or from decimal text; anything else is absent.
///
/// # Errors
/// If the document is not JSON.
pub fn refusal_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Reads a text; `null` is absent, anything else is its JSON text.
///
/// # Errors
/// If the document is not JSON.
pub fn refusal_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(T::from(&text)),
        other => Some(T::from(&other.to_string())),
    })
}

/// Reads a boolean, also from `0`, `1` and from text; anything else is absent.
///
/// # Errors
/// If the document is not JSON.
pub fn refusal_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = refusal_text::<D, String>(deserializer)?;
    Ok(match text.as_deref().map(str::trim) {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        _ => None,
    })
}

/// An error of a document that was written anew, whose place is not that in the answer.
fn misplaced<E: Error>(error: serde_json::Error) -> E {
    let text = error.to_string();
    E::custom(text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why))
}

/// Codes are small: beyond 2^53 a float no longer says which integer was meant.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}
