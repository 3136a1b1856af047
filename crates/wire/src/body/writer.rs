//! Builds a [`Body`]: text is gathered into as few segments as possible, images are referred to.

use std::fmt;

use bytes::Bytes;

use super::{Body, Escape, Segment};
use crate::Blob;

/// Collects the pieces of a body in order. `Debug` prints lengths, never bytes.
#[derive(Default)]
pub struct BodyWriter {
    text: Vec<u8>,
    segments: Vec<Segment>,
}

impl BodyWriter {
    /// Starts an empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an empty body whose text will take about `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), segments: Vec::new() }
    }

    /// Appends text as it is; the caller has escaped it.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Appends bytes that are already shared, without copying them.
    pub fn push_bytes(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.push(Segment::Bytes(bytes));
        }
    }

    /// Appends the image itself.
    pub fn push_content(&mut self, blob: &Blob) {
        self.push(Segment::Content(blob.clone()));
    }

    /// Appends the image as standard base64 with padding, made while sending.
    pub fn push_base64(&mut self, blob: &Blob) {
        self.push(Segment::Base64(blob.clone()));
    }

    /// Marks the place where the transport writes the credential of the try.
    pub fn push_credential(&mut self, escape: Escape) {
        self.push(Segment::Credential(escape));
    }

    /// The text buffer, for encoders that append to a vector.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// The finished body.
    pub fn finish(mut self) -> Body {
        self.flush();
        Body { segments: self.segments }
    }

    fn push(&mut self, segment: Segment) {
        self.flush();
        self.segments.push(segment);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.segments.push(Segment::Bytes(std::mem::take(&mut self.text).into()));
        }
    }
}

impl fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyWriter({:?}, {} bytes of text)", self.segments, self.text.len())
    }
}
