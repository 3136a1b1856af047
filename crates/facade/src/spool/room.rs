//! How much memory all small uploads together may take, and the content of one of them. What does not fit goes to a file,
//! so that nobody waits for memory that a slow caller holds.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use polyptych_domain::{ChunkStream, ContentSource};

/// The memory of all uploads that are kept in it. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<AtomicUsize>);

impl Room {
    /// Room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// A share that can grow.
    pub(super) fn nothing(&self) -> Share {
        Share { room: self.clone(), bytes: 0 }
    }
}

/// Part of the room; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share {
    room: Room,
    bytes: usize,
}

impl Share {
    /// Takes so many bytes more, if they are there.
    fn grow(&mut self, bytes: usize) -> bool {
        let taken = self.room.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes));
        if taken.is_ok() {
            self.bytes += bytes;
        }
        taken.is_ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

/// A small upload.
#[derive(Debug)]
pub(super) struct MemoryContent {
    pieces: Vec<Bytes>,
    share: Share,
}

impl MemoryContent {
    /// An upload of which nothing has come.
    pub(super) fn new(share: Share) -> Self {
        Self { pieces: Vec::new(), share }
    }

    /// Keeps a copy of the next bytes, if there is room for them: the piece itself holds on to all of a message.
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        let fits = self.share.grow(bytes.len());
        if fits {
            self.pieces.push(Bytes::copy_from_slice(bytes));
        }
        fits
    }

    /// All of it, and the room that it takes.
    pub(super) fn into_parts(self) -> (Bytes, Share) {
        (joined(&self.pieces), self.share)
    }

    /// All of it.
    pub(super) fn bytes(&self) -> Bytes {
        joined(&self.pieces)
    }
}

fn joined(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [] => Bytes::new(),
        [one] => one.clone(),
        many => many.concat().into(),
    }
}

impl ContentSource for MemoryContent {
    fn chunks(&self) -> ChunkStream {
        Box::pin(futures_util::stream::iter(self.pieces.clone().into_iter().map(Ok)))
    }

    fn read(&self) -> io::Result<Bytes> {
        Ok(self.bytes())
    }
}
