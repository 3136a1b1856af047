//! One spool file: counted while it grows, read as often as needed, removed with its last reader.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use polyptych_domain::{ChunkStream, ContentSource};
use tokio::io::AsyncReadExt;

use super::{Spool, SpoolError};

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A file in the spool; dropping it removes the file and frees its place.
#[derive(Debug)]
pub(super) struct SpoolFile {
    spool: Spool,
    path: PathBuf,
    len: u64,
}

impl SpoolFile {
    /// Makes an empty file and opens it for writing.
    pub(super) async fn create(spool: &Spool) -> Result<(Self, tokio::fs::File), SpoolError> {
        let file = Self { spool: spool.clone(), path: spool.0.folder.fresh_path(), len: 0 };
        // If this future is dropped meanwhile, the closure's result is dropped where it ends, and the file with it.
        let made = tokio::task::spawn_blocking(move || {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let writer = options.open(&file.path)?;
            Ok((file, tokio::fs::File::from_std(writer)))
        });
        made.await.unwrap_or_else(|error| Err(SpoolError::Io(io::Error::other(error))))
    }

    /// Takes place for `bytes` more.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), SpoolError> {
        self.spool.reserve(bytes)?;
        self.len += bytes;
        Ok(())
    }

    /// The finished file as a source.
    pub(super) fn into_source(self) -> SpooledContent {
        SpooledContent(Arc::new(self))
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
        self.spool.release(self.len);
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
    open: Option<tokio::fs::File>,
    left: u64,
}

impl Reading {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => tokio::fs::File::open(&self.file.path).await?,
        };
        let most = usize::try_from(self.left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut chunk = BytesMut::with_capacity(most);
        let got = (&mut open).take(most as u64).read_buf(&mut chunk).await?;
        if got == 0 {
            return Err(shortened());
        }
        self.left -= got as u64;
        self.open = Some(open);
        Ok(Some((chunk.freeze(), self)))
    }
}

fn shortened() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the spool file has not the length that was written")
}
