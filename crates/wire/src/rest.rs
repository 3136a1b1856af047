//! Operations over plain HTTP: parameters in path, query, JSON body or form. Generated types implement [`Operation`].

use http::HeaderValue;
use serde::de::DeserializeOwned;

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

/// Reads a JSON answer that may have no body.
///
/// # Errors
/// If there is a body, and it is not JSON of that shape.
pub fn read_optional<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, serde_json::Error> {
    if body.trim_ascii().is_empty() { Ok(None) } else { json::parse(body).map(Some) }
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
        assert_eq!(read_optional::<u8>(b" \r\n").unwrap(), None);
        assert_eq!(read_optional(b"7").unwrap(), Some(7));
        assert!(read_optional::<u8>(b"{").is_err());
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
