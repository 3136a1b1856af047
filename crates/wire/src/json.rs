//! JSON as these providers write it: counts as numbers or strings, lists absent, `null` or empty.
//!
//! The functions that read a member are named in `#[serde(deserialize_with = …)]` of generated types, which write themselves by
//! [`WriteJson`].

mod deserialize;
mod list;
mod number;
mod reader;
mod refusal;
mod skip;
mod string;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serialize;

use crate::{Blob, BodyWriter, plain};

use reader::Reader;

pub use list::lenient_list;
pub use refusal::{refusal_bool, refusal_int, refusal_record, refusal_text};

/// Reads a whole JSON document. A byte order mark before it is skipped, as RFC 8259 (8.1) allows. Records are read from
/// objects alone, at any depth: a list is not taken for its members in their order. Apart from that the same is read as by
/// serde_json, and numbers with a fraction are the nearest that there are.
///
/// # Errors
/// If `document` is not UTF-8 or not JSON of that shape, or something follows it. Lists and objects that are read are at most
/// 127 deep. The error tells line and column, and counts as one of data whatever it is.
pub fn parse<'de, T: Deserialize<'de>>(document: &'de [u8]) -> Result<T, serde_json::Error> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    // One check of the whole is much cheaper than one of each text in it.
    let text = std::str::from_utf8(document)
        .map_err(|error| reader::refused(document, "invalid unicode code point", error.valid_up_to() + 1))?;
    let mut reader = Reader::new(text);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Writes a request value as JSON into a body; generated for every request type, member by member. An image stays a
/// reference, and what is written is what serde would write of a type that holds none.
pub trait WriteJson {
    /// Appends the JSON text of `self`.
    fn write_json(&self, body: &mut BodyWriter);
}

/// Appends `value` as JSON through serde.
///
/// # Panics
/// If `Serialize` of the value fails, which that of numbers, texts and JSON values never does.
#[expect(clippy::expect_used, reason = "these types serialise to JSON")]
fn write_serde(value: &(impl Serialize + ?Sized), body: &mut BodyWriter) {
    serde_json::to_writer(body.text(), value).expect("the value serialises to JSON");
}

impl WriteJson for str {
    #[inline]
    fn write_json(&self, body: &mut BodyWriter) {
        if !plain::in_json(self) {
            return write_serde(self, body);
        }
        body.push_str("\"");
        body.push_str(self);
        body.push_str("\"");
    }
}

impl WriteJson for String {
    #[inline]
    fn write_json(&self, body: &mut BodyWriter) {
        self.as_str().write_json(body);
    }
}

impl WriteJson for CompactString {
    #[inline]
    fn write_json(&self, body: &mut BodyWriter) {
        self.as_str().write_json(body);
    }
}

/// A JSON string of standard base64, made while sending.
impl WriteJson for Blob {
    fn write_json(&self, body: &mut BodyWriter) {
        body.push_str("\"");
        body.push_base64(self);
        body.push_str("\"");
    }
}

impl<T: WriteJson> WriteJson for Vec<T> {
    fn write_json(&self, body: &mut BodyWriter) {
        body.push_str("[");
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                body.push_str(",");
            }
            item.write_json(body);
        }
        body.push_str("]");
    }
}

impl<T: WriteJson> WriteJson for BTreeMap<String, T> {
    fn write_json(&self, body: &mut BodyWriter) {
        body.push_str("{");
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                body.push_str(",");
            }
            key.write_json(body);
            body.push_str(":");
            value.write_json(body);
        }
        body.push_str("}");
    }
}

macro_rules! through_serde {
    ($($type:ty),*) => {$(
        impl WriteJson for $type {
            fn write_json(&self, body: &mut BodyWriter) {
                write_serde(self, body);
            }
        }
    )*};
}

// The first for parameters of a method that takes none: `null`.
through_serde!((), bool, i32, i64, u32, u64, f64, serde_json::Value);

/// An object being written: keeps track of the commas.
pub struct ObjectWriter<'b> {
    body: &'b mut BodyWriter,
    first: bool,
}

impl<'b> ObjectWriter<'b> {
    /// Opens an object.
    #[inline]
    pub fn new(body: &'b mut BodyWriter) -> Self {
        body.push_str("{");
        Self { body, first: true }
    }

    /// Writes `key` (plain ASCII, taken from a schema) and hands out the body for its value.
    pub fn key(&mut self, key: &str) -> &mut BodyWriter {
        self.body.push_str(if self.first { "\"" } else { ",\"" });
        self.first = false;
        self.body.push_str(key);
        self.body.push_str("\":");
        self.body
    }

    /// Closes the object.
    pub fn end(self) {
        self.body.push_str("}");
    }
}

/// Reads an optional integer that may arrive as a number or as its decimal text; `null` and `""` are absent.
///
/// # Errors
/// If the value is neither, or is out of range for `T`.
pub fn lenient_int<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<i64> + TryFrom<u64>,
{
    deserializer.deserialize_any(IntVisitor(PhantomData))
}

struct IntVisitor<T>(PhantomData<T>);

impl<'de, T: FromStr + TryFrom<i64> + TryFrom<u64>> Visitor<'de> for IntVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, as a number or as text")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::try_from(value).map(Some).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        T::try_from(value).map(Some).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.is_empty() {
            return Ok(None);
        }
        value.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Reads an optional number that may arrive as its decimal text; `null` and `""` are absent.
///
/// # Errors
/// If the value is neither, or no finite number.
pub fn lenient_float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(FloatVisitor)
}

struct FloatVisitor;

impl<'de> Visitor<'de> for FloatVisitor {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, as it is or as text")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.is_empty() {
            return Ok(None);
        }
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads an optional text that may arrive as a string or as a number (request ids, codes); `null` is absent.
///
/// # Errors
/// If the value is something else.
pub fn lenient_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    deserializer.deserialize_any(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<'de, T: for<'a> From<&'a str>> Visitor<'de> for TextVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, or a number")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(T::from(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a map; `null` is an empty one. (An absent map is `#[serde(default)]`.)
///
/// # Errors
/// If a value does not decode.
pub fn lenient_map<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an open enum from text.
///
/// # Errors
/// If the value is not a string.
#[doc(hidden)]
pub fn open_enum<'de, D: Deserializer<'de>, T>(deserializer: D, from: fn(&str) -> T) -> Result<T, D::Error> {
    struct EnumVisitor<T>(fn(&str) -> T);
    impl<T> Visitor<'_> for EnumVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an enum value as text")
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
            Ok((self.0)(value))
        }
    }
    deserializer.deserialize_str(EnumVisitor(from))
}
