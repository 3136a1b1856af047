//! `multipart/form-data` (RFC 7578) with the image as a reference, so that the length is known and nothing is copied.

use http::HeaderValue;

use crate::json::WriteJson;
use crate::{Blob, Body, BodyWriter};

/// Why a multipart body cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The boundary is empty, longer than 70 characters, or holds a character outside `A-Z a-z 0-9 - _`.
    #[error("the multipart boundary must be 1 to 70 letters, digits, '-' or '_'")]
    Boundary,
    /// The media type holds a character that could start another header.
    #[error("the media type of part `{0}` is not a plain media type")]
    MediaType(String),
    /// A line of a text begins as the boundary does, and would end the part: whoever knows the boundary could add parts.
    #[error("the text of part `{0}` holds the multipart boundary")]
    Text(String),
}

/// A file as a part of a form.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// File name for the part's header; characters that would end the header are replaced.
    pub file_name: String,
    /// Media type: `image/png`.
    pub media_type: String,
    /// The bytes.
    pub content: Blob,
}

/// A form in the making.
///
/// The boundary must not occur in a file: derive it from a digest of the content, which the content cannot hold.
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    body: BodyWriter,
}

impl Multipart {
    /// Starts a form.
    ///
    /// # Errors
    /// [`MultipartError::Boundary`].
    pub fn new(boundary: impl Into<String>) -> Result<Self, MultipartError> {
        let boundary = boundary.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if boundary.is_empty() || boundary.len() > 70 || !boundary.bytes().all(plain) {
            return Err(MultipartError::Boundary);
        }
        Ok(Self { boundary, body: BodyWriter::new() })
    }

    /// Adds a text field.
    ///
    /// # Errors
    /// [`MultipartError::Text`].
    pub fn text(&mut self, name: &str, value: &str) -> Result<(), MultipartError> {
        let ends = |line: &str| line.strip_prefix("--").is_some_and(|rest| rest.starts_with(&self.boundary));
        if value.split(['\r', '\n']).any(ends) {
            return Err(MultipartError::Text(name.to_owned()));
        }
        self.open(name);
        self.body.push_str("\r\n\r\n");
        self.body.push_str(value);
        self.body.push_str("\r\n");
        Ok(())
    }

    /// Adds a field that is a record or another structure, as a part of JSON.
    pub fn json(&mut self, name: &str, value: &(impl WriteJson + ?Sized)) {
        self.open(name);
        self.body.push_str("\r\nContent-Type: application/json\r\n\r\n");
        value.write_json(&mut self.body);
        self.body.push_str("\r\n");
    }

    /// Adds a file part. `media_type` is `image/png` and the like.
    ///
    /// # Errors
    /// [`MultipartError::MediaType`].
    pub fn file(
        &mut self,
        name: &str,
        file_name: &str,
        media_type: &str,
        content: &Blob,
    ) -> Result<(), MultipartError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte);
        if media_type.is_empty() || !media_type.bytes().all(plain) {
            return Err(MultipartError::MediaType(name.to_owned()));
        }
        self.open(name);
        self.body.push_str("; filename=\"");
        self.body.push_str(&quoted(file_name));
        self.body.push_str("\"\r\nContent-Type: ");
        self.body.push_str(media_type);
        self.body.push_str("\r\n\r\n");
        self.body.push_content(content);
        self.body.push_str("\r\n");
        Ok(())
    }

    /// The value of `Content-Type` and the body.
    #[expect(clippy::expect_used, reason = "the boundary was checked to be plain ASCII")]
    pub fn finish(mut self) -> (HeaderValue, Body) {
        self.body.push_str("--");
        self.body.push_str(&self.boundary);
        self.body.push_str("--\r\n");
        let media_type = format!("multipart/form-data; boundary={}", self.boundary);
        (HeaderValue::from_str(&media_type).expect("a plain boundary makes a header value"), self.body.finish())
    }

    fn open(&mut self, name: &str) {
        self.body.push_str("--");
        self.body.push_str(&self.boundary);
        self.body.push_str("\r\nContent-Disposition: form-data; name=\"");
        self.body.push_str(&quoted(name));
        self.body.push_str("\"");
    }
}

/// Quotes, line breaks and other control characters would end the header; browsers percent-encode them (HTML, "multipart
/// form data"). A backslash, which they leave, hides the quote behind it from parsers that know quoted pairs (RFC 9110).
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("%22"),
            '\\' => out.push_str("%5C"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            other if other.is_control() => out.push('_'),
            other => out.push(other),
        }
    }
    out
}
