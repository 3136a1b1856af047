//! The port behind which pictures are kept for operations, by their digest. Never for longer than operations need them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::ClientId;
use crate::{Content, Error, ErrorKind, Sha256};

/// Keeps contents by digest. One that no operation names ([`Task::blobs`](crate::Task::blobs)) is kept for an hour at
/// least, so that it can be put before its operation is submitted.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps a content for a client; one that is kept already stays, and counts as every client's who has put it.
    ///
    /// # Errors
    /// `QuotaExhausted` where there is no room for it, or no more for this client; `Internal` where the store cannot be
    /// written or the content not be read.
    async fn put(&self, client: &ClientId, content: &Content) -> Result<(), Error>;

    /// A content that was put. Its bytes are read when they are needed.
    ///
    /// # Errors
    /// `Internal` where the store cannot be read or has no such content; that is said in its message.
    async fn open(&self, sha256: &Sha256) -> Result<Content, Error>;
}

/// Keeps contents where they are, for programs that live as long as their operations.
#[derive(Debug, Default)]
pub struct MemoryBlobs(Mutex<HashMap<Sha256, Kept>>);

#[derive(Debug)]
struct Kept {
    content: Content,
    /// Whether it was put after the latest collection.
    fresh: bool,
}

impl MemoryBlobs {
    /// Forgets all contents but these and those that were put since the last call. To be called once an hour.
    pub fn collect(&self, needed: &[Sha256]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|sha256, kept| std::mem::take(&mut kept.fresh) || needed.contains(sha256));
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, _client: &ClientId, content: &Content) -> Result<(), Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(content.sha256()).or_insert_with(|| Kept { content: content.clone(), fresh: true }).fresh = true;
        Ok(())
    }

    async fn open(&self, sha256: &Sha256) -> Result<Content, Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = || Error::new(ErrorKind::Internal, format!("the picture {sha256} is not kept any more"));
        kept.get(sha256).map(|kept| kept.content.clone()).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    #[test]
    fn a_content_stays_while_it_is_needed_and_from_one_collection_to_the_next() {
        let blobs = MemoryBlobs::default();
        let [one, two] = ["one", "two"].map(Content::from_bytes);
        let put = |content: &Content| block_on(blobs.put(&ClientId::local(), content)).unwrap();
        let held = || [&one, &two].map(|content| block_on(blobs.open(&content.sha256())).is_ok());
        put(&one);
        put(&two);
        blobs.collect(&[]);
        assert_eq!(held(), [true, true]);
        put(&two);
        blobs.collect(&[one.sha256()]);
        assert_eq!(held(), [true, true]);
        blobs.collect(&[one.sha256()]);
        assert_eq!(held(), [true, false]);
    }
}
