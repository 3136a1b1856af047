//! The parameters of a Graph request, wherever they came: query, form, multipart text, JSON, all merged (reference 3.2).
//! A later one wins, the body over the query.

use std::fmt;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::GraphError;
use crate::multipart::{self, Part};

/// The most parameters of a request.
const MOST: usize = 20_000;

/// The value of a parameter: a text of its own, or a part of the request's body, so that the picture that a parameter may be
/// is not copied.
#[derive(Debug, Clone)]
pub(super) struct Text(Bytes);

impl Text {
    /// A part of a body.
    fn part(body: &Bytes, part: &str) -> Self {
        Self(body.slice_ref(part.as_bytes()))
    }

    /// The text, which is looked through each time.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(text.into().into())
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Parameters by name, in order, and file parts.
#[derive(Debug, Default, Clone)]
pub(super) struct Params {
    pub(super) pairs: Vec<(String, Text)>,
    pub(super) files: Vec<Part>,
}

impl Params {
    /// Collects what a request brings. A body of an unknown type is ignored.
    ///
    /// # Errors
    /// When a body is not of the form that its type says, or there are too many parameters.
    pub(super) fn read(query: &str, media_type: &str, content_type: &str, body: &Bytes) -> Result<Self, GraphError> {
        let mut params = Self::default();
        params.add_form(query)?;
        match media_type {
            "application/x-www-form-urlencoded" => match std::str::from_utf8(body) {
                Ok(form) => params.add_form(form.trim_end())?,
                Err(_) => return Err(GraphError::invalid("(#100) The form is not UTF-8")),
            },
            "multipart/form-data" => {
                let parts = multipart::parts(content_type, body)
                    .map_err(|_| GraphError::invalid("(#100) The multipart body is malformed"))?;
                for part in parts {
                    if part.file_name.is_some() {
                        params.files.push(part);
                    } else {
                        let text = match std::str::from_utf8(&part.content) {
                            Ok(_) => Text(part.content),
                            Err(_) => String::from_utf8_lossy(&part.content).into_owned().into(),
                        };
                        params.push(part.name, text)?;
                    }
                }
            }
            "application/json" if !body.is_empty() => {
                let text = std::str::from_utf8(body).unwrap_or_default();
                let read =
                    members(text).ok_or_else(|| GraphError::invalid("(#100) The body is not one JSON object"))?;
                for (name, value) in read {
                    let text = plain(value).map(|text| Text::part(body, text));
                    params.push(name, text.unwrap_or_else(|| written(value).into()))?;
                }
            }
            _ => {}
        }
        Ok(params)
    }

    /// Adds the pairs of a query or of a form.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn add_form(&mut self, form: &str) -> Result<(), GraphError> {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.push(decode(name), decode(value).into())?;
        }
        Ok(())
    }

    fn push(&mut self, name: String, value: Text) -> Result<(), GraphError> {
        if self.pairs.len() >= MOST {
            return Err(GraphError::invalid("(#100) Too many parameters"));
        }
        self.pairs.push((name, value));
        Ok(())
    }

    /// The last value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The last value of this name that is not empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Takes the last value of this name out.
    pub(super) fn take(&mut self, name: &str) -> Option<Text> {
        let place = self.pairs.iter().rposition(|(known, _)| known == name)?;
        Some(self.pairs.remove(place).1)
    }

    /// A list: `name=["a","b"]`, `name=['a']`, `name=a,b`, `name[]=a&name[]=b` or `name[0]=a`. `None` when absent.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let mut found = false;
        let mut items = Vec::new();
        for (known, value) in &self.pairs {
            let Some(rest) = known.strip_prefix(name) else { continue };
            if rest.is_empty() {
                found = true;
                items.extend(split_list(value.as_str()));
            } else if rest.starts_with('[') && rest.ends_with(']') {
                found = true;
                items.push(value.as_str().to_owned());
            }
        }
        found.then_some(items)
    }

    /// A member of an object parameter: `name={"member":…}` or `name[member]=…`; a number counts as its text.
    ///
    /// # Errors
    /// Error 100 when `name` is present and no JSON object.
    pub(super) fn member(&self, name: &str, member: &str) -> Result<Option<String>, GraphError> {
        if let Some(value) = self.given(&format!("{name}[{member}]")) {
            return Ok(Some(value.to_owned()));
        }
        let Some(text) = self.get(name) else { return Ok(None) };
        let read = members(text);
        let read = read.ok_or_else(|| GraphError::invalid(format!("(#100) Param {name} must be an object")))?;
        Ok(read.into_iter().rev().find(|(known, _)| known == member).map(|(_, value)| written(value)))
    }

    /// An unsigned number.
    ///
    /// # Errors
    /// Error 100 when the value is something else.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, GraphError> {
        match self.given(name) {
            None => Ok(None),
            Some(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(GraphError::invalid(format!("(#100) Param {name} must be an unsigned integer"))),
            },
        }
    }

    /// A flag: `1` and `true` set it.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true"))
    }
}

/// The members of a JSON object as they are written. Values are not built, so that a body costs no more than its own size.
/// `None` for any other text.
fn members(text: &str) -> Option<Vec<(String, &RawValue)>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members).ok()?;
    reader.end().ok().map(|()| members)
}

/// A member that is a text, as itself, anything else as its JSON.
fn written(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// What stands between the quotes of a text that holds no escapes.
fn plain(value: &RawValue) -> Option<&str> {
    let text = value.get().strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', text.as_bytes()).is_none().then_some(text)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            // One more than is allowed, so that the excess is seen and the rest costs nothing.
            if members.len() <= MOST {
                members.push((name, value));
            }
        }
        Ok(members)
    }
}

fn split_list(value: &str) -> Vec<String> {
    if let Ok(items) = serde_json::from_str::<Vec<String>>(value) {
        return items;
    }
    let inner = value.trim().trim_start_matches('[').trim_end_matches(']');
    let items = inner.split(',').map(|item| item.trim().trim_matches(['\'', '"']));
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn decode(text: &str) -> String {
    if text.contains('+') {
        return percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Params {
        let mut params = Params::default();
        params.add_form(text).unwrap();
        params
    }

    #[test]
    fn lists_are_read_in_every_form_that_clients_send() {
        for text in [
            "hashes=%5B%22a%22%2C%22b%22%5D",
            "hashes[]=a&hashes%5B%5D=b",
            "hashes=['a','b']",
            "hashes=a,b",
            "hashes[0]=a&hashes[1]=b",
        ] {
            assert_eq!(form(text).list("hashes"), Some(vec!["a".to_owned(), "b".to_owned()]), "{text}");
        }
        assert_eq!(Params::default().list("hashes"), None);
    }

    #[test]
    fn a_json_body_is_read_with_and_without_escapes_and_its_plain_texts_are_not_copied() {
        let body = Bytes::from(r#"{"a":"plain","b":"q\"\u0430\\","c":[1, "x"],"d":"","a":"last"}"#);
        let params = Params::read("", "application/json", "application/json", &body).unwrap();
        assert_eq!(params.get("a"), Some("last"));
        assert_eq!(
            (params.get("b"), params.get("c"), params.get("d")),
            (Some("q\"а\\"), Some(r#"[1, "x"]"#), Some(""))
        );
        let plain = &params.pairs[0].1;
        assert!(body.as_ptr_range().contains(&plain.as_ref().as_ptr()));
    }

    #[test]
    fn objects_are_read_from_json_and_from_bracketed_names() {
        for text in ["c=%7B%22hash%22%3A%22h%22%2C%22id%22%3A2%7D", "c[hash]=h&c[id]=2"] {
            let params = form(text);
            assert_eq!(params.member("c", "hash").unwrap().as_deref(), Some("h"));
            assert_eq!(params.member("c", "id").unwrap().as_deref(), Some("2"));
        }
        assert!(form("c=text").member("c", "hash").is_err() && form("c={}x").member("c", "hash").is_err());
        assert_eq!(form("").member("c", "hash"), Ok(None));
    }
}
