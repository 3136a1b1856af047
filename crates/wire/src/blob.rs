//! The image that a binary field refers to: a source with a length and chunks. It never reads anything by itself.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;

/// The bytes of a [`Source`], in order, in chunks of any size.
pub type ChunkStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Bytes that can be read as often as needed: in memory, in a file, in an object store.
pub trait Source: Send + Sync {
    /// The exact number of bytes that [`Source::chunks`] yields.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts reading from the first byte. Each call is independent, so that a request can be replayed.
    fn chunks(&self) -> ChunkStream;
}

/// A shared, replayable reference to the bytes of an image; the type of every binary field.
///
/// `Debug` prints the length only.
#[derive(Clone)]
pub struct Blob(Arc<dyn Source>);

impl Blob {
    /// Refers to `source`.
    pub fn new(source: impl Source + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Refers to bytes in memory, without copying them.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Memory(bytes.into()))
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether the length is 0.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Starts reading from the first byte.
    pub fn chunks(&self) -> ChunkStream {
        self.0.chunks()
    }
}

impl From<Arc<dyn Source>> for Blob {
    fn from(source: Arc<dyn Source>) -> Self {
        Self(source)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.len())
    }
}

/// In JSON a blob is a text of standard base64.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Blob {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Blob".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

struct Memory(Bytes);

impl Source for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn chunks(&self) -> ChunkStream {
        Box::pin(Once(Some(self.0.clone())))
    }
}

struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(Ok))
    }
}
