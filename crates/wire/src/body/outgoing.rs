//! A body on its way out: chunk after chunk, with the length that was announced or an error.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64_simd::STANDARD;
use bytes::Bytes;
use futures_core::Stream;

use super::{Escape, Segment};
#[cfg(feature = "xml")]
use crate::xml;
use crate::{Blob, ChunkStream};

/// Base64 is made from pieces of this size, a multiple of 3.
const BASE64_STEP: usize = 48 * 1024;

/// The bytes of one try. A stream of chunks whose lengths add up to [`Outgoing::len`]; if a source yields more or
/// fewer bytes than it announced, the stream ends with an error of kind `InvalidData` instead of a wrong body.
pub struct Outgoing {
    len: u64,
    pending: VecDeque<Piece>,
    current: Option<Reading>,
}

enum Piece {
    Bytes(Bytes),
    Content(Blob),
    Base64(Blob),
}

struct Reading {
    chunks: ChunkStream,
    left: u64,
    base64: bool,
    chunk: Bytes,
    carry: Vec<u8>,
}

impl Outgoing {
    pub(super) fn new(segments: &[Segment], credential: &str) -> Self {
        let mut len = 0;
        let pending = segments
            .iter()
            .map(|segment| {
                let (piece, size) = match segment {
                    Segment::Bytes(bytes) => (Piece::Bytes(bytes.clone()), bytes.len() as u64),
                    Segment::Content(blob) => (Piece::Content(blob.clone()), blob.len()),
                    Segment::Base64(blob) => (Piece::Base64(blob.clone()), blob.len().div_ceil(3) * 4),
                    Segment::Credential(escape) => {
                        let text = escaped(credential, *escape);
                        let size = text.len() as u64;
                        (Piece::Bytes(text), size)
                    }
                };
                len += size;
                piece
            })
            .collect();
        Self { len, pending, current: None }
    }

    /// Exact length in bytes: the `Content-Length`.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

fn escaped(credential: &str, escape: Escape) -> Bytes {
    match escape {
        #[cfg(feature = "xml")]
        Escape::Xml => xml::escape(credential).into_owned().into(),
        Escape::Json => {
            let mut quoted = Bytes::from(serde_json::Value::from(credential).to_string());
            quoted.truncate(quoted.len() - 1);
            quoted.slice(1..)
        }
    }
}

impl Stream for Outgoing {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(reading) = &mut self.current {
                match ready!(reading.poll(cx)) {
                    Some(Ok(chunk)) => return Poll::Ready(Some(Ok(chunk))),
                    Some(Err(error)) => {
                        self.current = None;
                        self.pending.clear();
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => self.current = None,
                }
            }
            match self.pending.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Piece::Content(blob)) => self.current = Some(Reading::new(&blob, false)),
                Some(Piece::Base64(blob)) => self.current = Some(Reading::new(&blob, true)),
            }
        }
    }
}

impl Reading {
    fn new(blob: &Blob, base64: bool) -> Self {
        Self { chunks: blob.chunks(), left: blob.len(), base64, chunk: Bytes::new(), carry: Vec::new() }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if !self.chunk.is_empty() {
                if !self.base64 {
                    return Poll::Ready(Some(Ok(std::mem::take(&mut self.chunk))));
                }
                if let Some(encoded) = self.encode_step() {
                    return Poll::Ready(Some(Ok(encoded)));
                }
            }
            match ready!(self.chunks.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.left = match self.left.checked_sub(chunk.len() as u64) {
                        Some(left) => left,
                        None => return Poll::Ready(Some(Err(wrong_length("more")))),
                    };
                    self.chunk = chunk;
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if self.left > 0 => return Poll::Ready(Some(Err(wrong_length("fewer")))),
                None if self.carry.is_empty() => return Poll::Ready(None),
                None => {
                    let last = STANDARD.encode_to_string(std::mem::take(&mut self.carry));
                    return Poll::Ready(Some(Ok(last.into())));
                }
            }
        }
    }

    /// Encodes whole triples of the current chunk; up to two bytes wait in `carry` for the next one.
    fn encode_step(&mut self) -> Option<Bytes> {
        if !self.carry.is_empty() {
            let missing = 3 - self.carry.len();
            let taken = self.chunk.split_to(missing.min(self.chunk.len()));
            self.carry.extend_from_slice(&taken);
            if self.carry.len() < 3 {
                return None;
            }
            return Some(STANDARD.encode_to_string(std::mem::take(&mut self.carry)).into());
        }
        let whole = (self.chunk.len() / 3 * 3).min(BASE64_STEP);
        if whole == 0 {
            self.carry.extend_from_slice(&std::mem::take(&mut self.chunk));
            return None;
        }
        Some(STANDARD.encode_to_string(self.chunk.split_to(whole)).into())
    }
}

fn wrong_length(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the image yielded {how} bytes than its announced length"))
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} bytes)", self.len)
    }
}
