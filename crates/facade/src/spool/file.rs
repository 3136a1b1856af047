//! One spool file: counted while it grows, read as often as needed, removed with its last reader. Writing, and reading what the
//! system does not hold in its memory, is done on threads that may block, one piece at a time and without buffers of its own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use polyptych_domain::{ChunkStream, ClientId, ContentSource, Sha256};
use sha2::{Digest, Sha256 as Hasher};

use super::{Spool, SpoolError};

/// How much is read at a time: three of the steps in which base64 is made. Many uploads are read at once, and each holds as much.
const CHUNK_BYTES: usize = 144 << 10;

/// Runs what may block; a panic there is an error here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A file in the spool; dropping it removes the file and frees its place.
#[derive(Debug)]
pub(super) struct SpoolFile {
    spool: Spool,
    client: Option<ClientId>,
    path: PathBuf,
    len: u64,
}

impl SpoolFile {
    /// Makes an empty file and opens it for writing. It counts among those of `client`.
    pub(super) async fn create(spool: &Spool, client: Option<ClientId>) -> Result<Writing, SpoolError> {
        let file = Self { spool: spool.clone(), client, path: spool.0.folder.fresh_path(), len: 0 };
        // If this future is dropped meanwhile, the closure's result is dropped where it ends, and the file with it.
        let made = blocking(move || {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let writer = options.open(&file.path)?;
            Ok(Writing { writer, file, hasher: Hasher::new() })
        });
        Ok(made.await?)
    }

    /// Takes place for `bytes` more.
    fn grow(&mut self, bytes: u64) -> Result<(), SpoolError> {
        self.spool.0.shares.take(self.client.as_ref(), bytes)?;
        self.len += bytes;
        Ok(())
    }
}

/// A file that is being written, and the digest of what it holds.
#[derive(Debug)]
pub(super) struct Writing {
    writer: File,
    file: SpoolFile,
    hasher: Hasher,
}

impl Writing {
    /// Adds bytes; there is no file any more where that fails or is given up.
    pub(super) async fn write(mut self: Box<Self>, bytes: Bytes) -> Result<Box<Self>, SpoolError> {
        self.file.grow(bytes.len() as u64)?;
        let written = blocking(move || {
            self.hasher.update(&bytes);
            self.writer.write_all(&bytes)?;
            Ok(self)
        });
        Ok(written.await?)
    }

    /// The digest, and the finished file as a source.
    pub(super) fn finish(self) -> (Sha256, SpooledContent) {
        (Sha256::new(self.hasher.finalize().into()), SpooledContent(Arc::new(self.file)))
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.path) {
            Ok(()) => {}
            // The file was never made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "a spool file could not be removed; the next start sweeps it"),
        }
        self.spool.0.shares.give_back(self.client.as_ref(), self.len);
    }
}

/// A finished spool file, to be read any number of times, also at once.
pub(super) struct SpooledContent(Arc<SpoolFile>);

impl ContentSource for SpooledContent {
    fn chunks(&self) -> ChunkStream {
        let state = Reading { file: Arc::clone(&self.0), open: None, left: self.0.len };
        Box::pin(futures_util::stream::try_unfold(state, Reading::next))
    }

    fn read(&self) -> io::Result<Bytes> {
        let bytes = std::fs::read(&self.0.path)?;
        if bytes.len() as u64 != self.0.len {
            return Err(shortened());
        }
        Ok(bytes.into())
    }
}

/// A read in progress; it keeps the file alive.
struct Reading {
    file: Arc<SpoolFile>,
    open: Option<File>,
    left: u64,
}

impl Reading {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(self.left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        // Taken here and not where it is read: allocators keep freed memory by thread, and there are few threads like this one.
        let mut chunk = vec![0; most];
        let had = self.open.as_ref().map_or(0, |open| at_once(open, &mut chunk));
        if had == most {
            self.left -= most as u64;
            return Ok(Some((chunk.into(), self)));
        }
        let read = blocking(move || {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => File::open(&self.file.path)?,
            };
            open.read_exact(chunk.get_mut(had..).unwrap_or_default()).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => shortened(),
                _ => error,
            })?;
            self.left -= most as u64;
            self.open = Some(open);
            Ok((Bytes::from(chunk), self))
        });
        read.await.map(Some)
    }
}

/// Reads what the system holds in its memory, as it mostly does of a file that was just written, and no more: how many bytes that
/// were. It does not wait for a disk, so that no thread that may block has to be woken for it.
#[cfg(target_os = "linux")]
fn at_once(file: &File, into: &mut [u8]) -> usize {
    use rustix::io::ReadWriteFlags;

    // From where the file is read on, which moves along.
    const ONWARDS: u64 = u64::MAX;
    rustix::io::preadv2(file, &mut [io::IoSliceMut::new(into)], ONWARDS, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn at_once(_: &File, _: &mut [u8]) -> usize {
    0
}

fn shortened() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the spool file has not the length that was written")
}
