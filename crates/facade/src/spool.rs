//! Images on their way through: received piece by piece, a small one kept in memory while there is room for it, any other in
//! a file that goes when the last reader has gone. It never keeps an image longer than a call or an operation needs it, and
//! of one that goes to a file no more than the piece that is being written.

mod file;
pub(crate) mod folder;
mod port;
mod room;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use polyptych_domain::{Content, Sha256};

use self::file::{SpoolFile, Writing};
use self::folder::Folder;
use self::room::{MemoryContent, Room};
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
    room: Room,
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
            room: Room::new(settings.spool_memory_bytes),
        })))
    }

    /// Begins an upload. Dropping it removes what it has kept.
    pub(crate) fn upload(&self) -> Upload {
        let share = self.0.room.nothing();
        Upload { spool: self.clone(), len: 0, kept: Kept::Memory(MemoryContent::new(share)) }
    }

    /// Counts `bytes` more in files, if they may be there.
    fn reserve(&self, bytes: u64) -> Result<(), SpoolError> {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.0.capacity);
        let used = self.0.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).map_err(|_| SpoolError::Full)?;
        metrics::gauge!("polyptych_spool_bytes").set(used.saturating_add(bytes) as f64);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let used = self.0.used.fetch_sub(bytes, Ordering::AcqRel);
        metrics::gauge!("polyptych_spool_bytes").set(used.saturating_sub(bytes) as f64);
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
    Memory(MemoryContent),
    File(Box<Writing>),
    /// A write to its file was given up or failed.
    Lost,
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
    pub(crate) async fn push(&mut self, bytes: Bytes) -> Result<(), SpoolError> {
        let max = self.spool.0.max_upload_bytes;
        let len = self.len.checked_add(bytes.len() as u64).filter(|len| *len <= max);
        self.len = len.ok_or(SpoolError::UploadTooLong { max })?;
        if let Kept::Memory(memory) = &mut self.kept {
            if self.len <= self.spool.0.memory_bytes as u64 && memory.push(&bytes) {
                return Ok(());
            }
            let kept = std::mem::replace(&mut self.kept, Kept::Lost);
            let file = SpoolFile::create(&self.spool).await?;
            self.kept = Kept::File(Box::new(file));
            if let Kept::Memory(memory) = kept {
                // What was kept gives its room back once it is written.
                let (bytes, share) = memory.into_parts();
                self.write(bytes).await?;
                drop(share);
            }
        }
        self.write(bytes).await
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), SpoolError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let Kept::File(writing) = std::mem::replace(&mut self.kept, Kept::Lost) else {
            return Err(SpoolError::Io(io::Error::other("an earlier write failed")));
        };
        self.kept = Kept::File(writing.write(bytes).await?);
        Ok(())
    }

    /// What was received, to be read as often as needed.
    ///
    /// # Errors
    /// [`SpoolError::Io`] if a write had failed.
    pub(crate) fn finish(self) -> Result<Content, SpoolError> {
        match self.kept {
            Kept::Memory(memory) => {
                let sha256 = Sha256::of(&memory.bytes());
                Ok(Content::new(self.len, sha256, Arc::new(memory)))
            }
            Kept::File(writing) => {
                let (sha256, file) = writing.finish();
                Ok(Content::new(self.len, sha256, Arc::new(file)))
            }
            Kept::Lost => Err(SpoolError::Io(io::Error::other("an earlier write failed"))),
        }
    }
}

#[cfg(test)]
mod tests;
