//! The bytes of an image in flight: length, digest, and a source that can be read again. It never reads by itself.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256 as Hasher};

use crate::{Error, ErrorKind};

/// The bytes of a [`ContentSource`], in order, in chunks of any size.
pub type ChunkStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Where an image's bytes are: in memory, in a spool file. Each read starts at the first byte.
pub trait ContentSource: Send + Sync {
    /// Reads without blocking, for sending on.
    fn chunks(&self) -> ChunkStream;

    /// Reads all of it at once, for inspection and fitting. May block: called on [`crate::Workers`] only.
    ///
    /// # Errors
    /// If the source cannot be read.
    fn read(&self) -> io::Result<Bytes>;
}

/// SHA-256 of an image's bytes; shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Wraps a digest computed elsewhere.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Digests bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hasher::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Sha256 {
    type Err = Error;

    /// Reads 64 hex digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::new(ErrorKind::InvalidArgument, "a SHA-256 digest has 64 hex digits");
        let mut digest = [0; 32];
        if text.len() != 64 {
            return Err(wrong());
        }
        for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// An image in flight. Cheap to clone; `Debug` prints length and digest, never bytes.
#[derive(Clone)]
pub struct Content {
    len: u64,
    sha256: Sha256,
    source: Arc<dyn ContentSource>,
}

impl Content {
    /// Describes what `source` holds: its exact length in bytes and its digest.
    pub fn new(len: u64, sha256: Sha256, source: Arc<dyn ContentSource>) -> Self {
        Self { len, sha256, source }
    }

    /// Holds bytes in memory and digests them.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { len: bytes.len() as u64, sha256: Sha256::of(&bytes), source: Arc::new(Memory(bytes)) }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Digest of the bytes.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Where the bytes are.
    pub fn source(&self) -> &Arc<dyn ContentSource> {
        &self.source
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(bytes)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("len", &self.len).field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

struct Memory(Bytes);

impl ContentSource for Memory {
    fn chunks(&self) -> ChunkStream {
        Box::pin(futures_util::stream::iter(Some(Ok(self.0.clone()))))
    }

    fn read(&self) -> io::Result<Bytes> {
        Ok(self.0.clone())
    }
}
