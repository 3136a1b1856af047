//! A picture that is kept, as a source of bytes. Its last chunk is given only once all of it is known to be what was put, so
//! that nobody gets the whole of something else.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use polyptych_domain::{ChunkStream, ContentSource, Sha256};
use sha2::{Digest, Sha256 as Hasher};
use tokio::runtime::Handle;

/// Where the bytes of a picture are, and what they have to be.
#[derive(Clone)]
pub(super) struct BlobSource {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    pub(super) len: u64,
    pub(super) sha256: Sha256,
    pub(super) runtime: Handle,
}

impl ContentSource for BlobSource {
    fn chunks(&self) -> ChunkStream {
        Box::pin(try_unfold(Reading::Unopened(self.clone()), Reading::next))
    }

    fn read(&self) -> io::Result<Bytes> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let (mut chunks, len) = (self.chunks(), self.len);
        self.runtime.spawn(async move {
            let all = async {
                let mut all = BytesMut::with_capacity(usize::try_from(len).map_err(io::Error::other)?);
                while let Some(chunk) = chunks.next().await {
                    all.extend_from_slice(&chunk?);
                }
                Ok(all.freeze())
            };
            // The receiver is gone only if its thread is.
            let _ = sender.send(all.await);
        });
        receiver.recv().map_err(|_| io::Error::other("the store is closed"))?
    }
}

/// A read in progress.
enum Reading {
    Unopened(BlobSource),
    Open(Open),
}

struct Open {
    chunks: BoxStream<'static, object_store::Result<Bytes>>,
    hasher: Hasher,
    left: u64,
    /// Digested and not given yet.
    held: Bytes,
    sha256: Sha256,
}

impl Reading {
    async fn next(self) -> io::Result<Option<(Bytes, Self)>> {
        let mut open = match self {
            Self::Open(open) => open,
            Self::Unopened(source) => Open::new(source).await?,
        };
        loop {
            match open.chunks.next().await.transpose().map_err(unread)? {
                Some(chunk) if chunk.is_empty() => {}
                Some(chunk) => {
                    open.left = open.left.checked_sub(chunk.len() as u64).ok_or_else(damaged)?;
                    open.hasher.update(&chunk);
                    let before = std::mem::replace(&mut open.held, chunk);
                    if !before.is_empty() {
                        return Ok(Some((before, Self::Open(open))));
                    }
                }
                None => {
                    let digest: [u8; 32] = open.hasher.clone().finalize().into();
                    if open.left > 0 || digest != *open.sha256.as_bytes() {
                        return Err(damaged());
                    }
                    let last = std::mem::take(&mut open.held);
                    return Ok((!last.is_empty()).then_some((last, Self::Open(open))));
                }
            }
        }
    }
}

impl Open {
    async fn new(source: BlobSource) -> io::Result<Self> {
        let got = source.objects.get(&source.path).await.map_err(unread)?;
        if got.meta.size != source.len {
            return Err(damaged());
        }
        let chunks = got.into_stream();
        Ok(Self { chunks, hasher: Hasher::new(), left: source.len, held: Bytes::new(), sha256: source.sha256 })
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the picture is not what was put into the store")
}

/// An object that cannot be read. Callers are told no path of this machine, which is for the log.
fn unread(error: object_store::Error) -> io::Error {
    tracing::warn!(%error, "a picture of an operation cannot be read");
    match error {
        object_store::Error::NotFound { .. } => {
            io::Error::new(io::ErrorKind::NotFound, "the picture is not kept any more")
        }
        _ => io::Error::other("the place for pictures cannot be read"),
    }
}
