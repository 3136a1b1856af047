//! Images on their way through: received piece by piece, a small one kept in memory while there is room for it, any other in
//! a file that goes when the last reader has gone. It never keeps an image longer than a call or an operation needs it, and
//! of one that goes to a file no more than the piece that is being written.

mod file;
pub(crate) mod folder;
mod port;
mod room;
mod shares;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use polyptych_domain::{ClientId, Content, Sha256};

use self::file::{SpoolFile, Writing};
use self::folder::Folder;
use self::room::{MemoryContent, Room};
use self::shares::Shares;
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
    /// All uploads of this client together are as long as they may be.
    #[error("this server holds as many bytes of this client's uploads as it may; try again later")]
    ShareFull,
    /// There is no room on the disk.
    #[error("there is no room on the disk of this server; try again later")]
    DiskFull(#[source] io::Error),
    /// The file system failed.
    #[error("the received file could not be kept")]
    Io(#[source] io::Error),
}

impl From<io::Error> for SpoolError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(error),
            _ => Self::Io(error),
        }
    }
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
    shares: Shares,
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
            shares: Shares::new(settings.spool_bytes, settings.spool_bytes_per_client),
            room: Room::new(settings.spool_memory_bytes),
        })))
    }

    /// Begins an upload of a client; absent where nobody sends it. Dropping it removes what it has kept.
    pub(crate) fn upload(&self, client: Option<ClientId>) -> Upload {
        let share = self.0.room.nothing();
        Upload { spool: self.clone(), client, len: 0, kept: Kept::Memory(MemoryContent::new(share)) }
    }

    #[cfg(test)]
    fn used(&self) -> u64 {
        self.0.shares.used()
    }
}

/// A file that is being received.
#[derive(Debug)]
pub(crate) struct Upload {
    spool: Spool,
    client: Option<ClientId>,
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
            let file = SpoolFile::create(&self.spool, self.client.clone()).await?;
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
