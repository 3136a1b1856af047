//! Images on their way through: received piece by piece, a small one kept in memory, a larger one in a file that goes
//! when the last reader has gone. It never keeps an image longer than a call or an operation needs it.

mod file;
pub(crate) mod folder;
mod port;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polyptych_domain::{Content, Sha256};
use sha2::{Digest, Sha256 as Hasher};
use tokio::io::AsyncWriteExt;

use self::file::SpoolFile;
use self::folder::Folder;
use crate::{FacadeError, Settings};

/// Why an upload cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The file is longer than one upload may be.
    #[error("the file is longer than the {max} bytes that this server takes")]
    UploadTooLong {
        /// Most bytes of one upload.
        max: u64,
    },
    /// All uploads together are as long as they may be.
    #[error("this server holds as many bytes of uploads as it may; try again later")]
    Full,
    /// The file system failed.
    #[error("the received file could not be kept")]
    Io(#[from] io::Error),
}

/// Where pictures are kept that callers send, or that come from libraries and addresses, until they have been sent on. Its
/// clones share one folder and its limits.
#[derive(Debug, Clone)]
pub struct Spool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: Folder,
    memory_bytes: usize,
    max_upload_bytes: u64,
    capacity: u64,
    used: AtomicU64,
}

impl Spool {
    /// Makes the folder of the settings ready and sweeps what other servers have left. Blocks.
    ///
    /// # Errors
    /// [`FacadeError::Spool`] where the folder cannot be made, locked or swept.
    pub fn open(settings: &Settings) -> Result<Self, FacadeError> {
        let unusable = |source| FacadeError::Spool { path: settings.spool_dir.clone(), source };
        Ok(Self(Arc::new(Shared {
            folder: Folder::open(&settings.spool_dir).map_err(unusable)?,
            memory_bytes: settings.memory_bytes,
            max_upload_bytes: settings.max_upload_bytes,
            capacity: settings.spool_bytes,
            used: AtomicU64::new(0),
        })))
    }

    /// Begins an upload. Dropping it removes what it has kept.
    pub(crate) fn upload(&self) -> Upload {
        Upload { spool: self.clone(), len: 0, kept: Kept::Memory(Vec::new()) }
    }

    /// Counts `bytes` more in files, if they may be there.
    fn reserve(&self, bytes: u64) -> Result<(), SpoolError> {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.0.capacity);
        self.0.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).map(drop).map_err(|_| SpoolError::Full)
    }

    fn release(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::AcqRel);
    }

    #[cfg(test)]
    fn used(&self) -> u64 {
        self.0.used.load(Ordering::Acquire)
    }
}

/// A file that is being received.
#[derive(Debug)]
pub(crate) struct Upload {
    spool: Spool,
    len: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Memory(Vec<u8>),
    File { writer: tokio::fs::File, file: SpoolFile, hasher: Box<Hasher> },
}

impl Upload {
    /// Whether nothing has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// Any [`SpoolError`]; the upload is of no use afterwards.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        let max = self.spool.0.max_upload_bytes;
        let len = self.len.checked_add(bytes.len() as u64).filter(|len| *len <= max);
        self.len = len.ok_or(SpoolError::UploadTooLong { max })?;
        if let Kept::Memory(memory) = &mut self.kept {
            if self.len <= self.spool.0.memory_bytes as u64 {
                memory.extend_from_slice(bytes);
                return Ok(());
            }
            let memory = std::mem::take(memory);
            let (file, writer) = SpoolFile::create(&self.spool).await?;
            self.kept = Kept::File { writer, file, hasher: Box::default() };
            self.write(&memory).await?;
        }
        self.write(bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        if let Kept::File { writer, file, hasher } = &mut self.kept {
            file.grow(bytes.len() as u64)?;
            hasher.update(bytes);
            writer.write_all(bytes).await?;
        }
        Ok(())
    }

    /// What was received, to be read as often as needed.
    ///
    /// # Errors
    /// [`SpoolError::Io`] if the last bytes cannot be written.
    pub(crate) async fn finish(self) -> Result<Content, SpoolError> {
        match self.kept {
            Kept::Memory(memory) => Ok(Content::from_bytes(memory)),
            Kept::File { mut writer, file, hasher } => {
                writer.flush().await?;
                let sha256 = Sha256::new(hasher.finalize().into());
                Ok(Content::new(self.len, sha256, Arc::new(file.into_source())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
