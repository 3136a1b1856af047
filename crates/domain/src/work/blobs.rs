//! The port behind which pictures are kept for operations, by their digest. Never for longer than operations need them.

use std::collections::{HashMap, HashSet};
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
    /// `SourceUnavailable` where it is not kept, or not any more; `Internal` where the store cannot be read.
    async fn open(&self, sha256: &Sha256) -> Result<Content, Error>;

    /// Which of these a client has put, in their order: the length in bytes of each that it has, and that is kept. Those are
    /// kept for an hour from now on at least, as if they were put again.
    ///
    /// # Errors
    /// `Internal` where the store cannot be read or written.
    async fn held(&self, client: &ClientId, wanted: &[Sha256]) -> Result<Vec<Option<u64>>, Error>;
}

/// Keeps contents where they are, for programs that live as long as their operations.
#[derive(Debug, Default)]
pub struct MemoryBlobs(Mutex<HashMap<Sha256, Kept>>);

#[derive(Debug)]
struct Kept {
    content: Content,
    owners: HashSet<ClientId>,
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
    async fn put(&self, client: &ClientId, content: &Content) -> Result<(), Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Kept { content: content.clone(), owners: HashSet::new(), fresh: true };
        let kept = kept.entry(content.sha256()).or_insert_with(new);
        kept.fresh = true;
        kept.owners.insert(client.clone());
        Ok(())
    }

    async fn open(&self, sha256: &Sha256) -> Result<Content, Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = || Error::new(ErrorKind::SourceUnavailable, format!("the picture {sha256} is not kept any more"));
        kept.get(sha256).map(|kept| kept.content.clone()).ok_or_else(missing)
    }

    async fn held(&self, client: &ClientId, wanted: &[Sha256]) -> Result<Vec<Option<u64>>, Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = wanted.iter().map(|sha256| {
            let kept = all.get_mut(sha256).filter(|kept| kept.owners.contains(client))?;
            kept.fresh = true;
            Some(kept.content.len())
        });
        Ok(lengths.collect())
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

    #[test]
    fn a_client_holds_what_it_has_put_and_keeps_it_by_asking() {
        let blobs = MemoryBlobs::default();
        let [one, two] = ["one", "two!"].map(Content::from_bytes);
        let other = ClientId::new("other").unwrap();
        block_on(blobs.put(&ClientId::local(), &one)).unwrap();
        block_on(blobs.put(&other, &two)).unwrap();
        let wanted = [one.sha256(), two.sha256()];
        blobs.collect(&[]);
        assert_eq!(block_on(blobs.held(&ClientId::local(), &wanted)).unwrap(), [Some(3), None]);
        blobs.collect(&[]);
        assert_eq!(block_on(blobs.held(&other, &wanted)).unwrap(), [None, None]);
        assert!(block_on(blobs.open(&one.sha256())).is_ok());
    }
}
