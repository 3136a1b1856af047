//! Operations over plain HTTP: parameters in path, query, JSON body or form. Generated types implement [`Operation`].

use http::HeaderValue;
use serde::de::{DeserializeOwned, Error, Unexpected};

use crate::multipart::MultipartError;
use crate::{Effect, json};

/// One operation whose parameters are the value itself; generated, together with a method `request`.
pub trait Operation {
    /// The operation in the provider's words, for spans and errors: `adimages.create`.
    const NAME: &'static str;
    /// What a repetition would do.
    const EFFECT: Effect;
    /// What a success answers; `()` where it has no body.
    type Answer;

    /// Reads the body of a success.
    ///
    /// # Errors
    /// If it is not JSON of the answer's shape. The operation has been carried out all the same.
    fn read_answer(body: &[u8]) -> Result<Self::Answer, serde_json::Error>;
}

/// Reads a JSON answer that is a record. A list is refused: the readers that serde derives would take its items for the
/// members in their order, and an empty one for a record without any.
///
/// # Errors
/// If `body` is not a JSON object of that shape.
pub fn read_record<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match text.trim_ascii_start().first() {
        Some(b'[') => Err(serde_json::Error::invalid_type(Unexpected::Seq, &"an object")),
        _ => json::parse(body),
    }
}

/// Reads a JSON answer of any shape.
///
/// # Errors
/// If `body` is not JSON of that shape.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    json::parse(body)
}

/// Reads an answer that may have no body: `read` of the body, or nothing of an empty one.
///
/// # Errors
/// Those of `read`.
pub fn read_optional<T>(
    body: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<Option<T>, serde_json::Error> {
    if body.trim_ascii().is_empty() { Ok(None) } else { read(body).map(Some) }
}

/// Why a request cannot be written. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The text for this header holds a character that could end the header.
    #[error("the text for the header `{0}` cannot stand in a header")]
    Header(&'static str),
    /// The form cannot be written.
    #[error(transparent)]
    Form(#[from] MultipartError),
}

/// The value of the header `name`.
///
/// # Errors
/// [`RequestError::Header`] if `text` holds a control character.
pub fn header_value(name: &'static str, text: &str) -> Result<HeaderValue, RequestError> {
    HeaderValue::from_str(text).map_err(|_| RequestError::Header(name))
}

/// Adds `name=value` to the text of a `Cookie` header, the value percent-encoded so that it is one token.
pub fn push_cookie(cookies: &mut String, name: &str, value: &str) {
    if !cookies.is_empty() {
        cookies.push_str("; ");
    }
    cookies.push_str(name);
    cookies.push('=');
    cookies.push_str(&crate::query::encode(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_is_none_and_another_is_read() {
        assert_eq!(read_optional(b" \r\n", read_json::<u8>).unwrap(), None);
        assert_eq!(read_optional(b"7", read_json::<u8>).unwrap(), Some(7));
        assert!(read_optional(b"{", read_json::<u8>).is_err());
    }

    #[test]
    fn a_header_cannot_be_ended_by_its_text() {
        assert_eq!(header_value("x-a", "a\r\nB: c"), Err(RequestError::Header("x-a")));
        assert_eq!(header_value("x-a", "b, c").unwrap(), "b, c");
    }

    #[test]
    fn cookies_stand_side_by_side_and_encoded() {
        let mut cookies = String::new();
        push_cookie(&mut cookies, "a", "1; b=2");
        push_cookie(&mut cookies, "c", "x");
        assert_eq!(cookies, "a=1%3B%20b%3D2; c=x");
    }
}
