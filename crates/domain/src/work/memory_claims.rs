//! Claims of one process, kept in memory: whoever asks gets one, since callers have settled among themselves before. What
//! was about to be sent when a claim was left is remembered, so that the next one looks first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Claim, Claimed, Claims, Intent};
use crate::{Catalogue, ContentKey, Error, Known};

/// Claims that are remembered at most; beyond them the oldest is forgotten.
const MOST: usize = 10_000;

/// Claims within this process. It reads no clock, so that its intents are as old as can be.
pub struct MemoryClaims {
    catalogue: Arc<dyn Catalogue>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    last: i64,
    entries: HashMap<ContentKey, Entry>,
}

#[derive(Debug)]
struct Entry {
    token: i64,
    intent: Option<Intent>,
}

impl std::fmt::Debug for MemoryClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryClaims").field("book", &self.book).finish_non_exhaustive()
    }
}

impl MemoryClaims {
    /// Claims whose outcomes go into `catalogue`.
    pub fn new(catalogue: Arc<dyn Catalogue>) -> Self {
        Self { catalogue, book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// The entry of a claim, if it is the latest one.
    fn of(&mut self, claim: &Claim) -> Option<&mut Entry> {
        self.entries.get_mut(&claim.key).filter(|entry| entry.token == claim.token)
    }

    fn remove(&mut self, claim: &Claim) {
        if self.of(claim).is_some() {
            self.entries.remove(&claim.key);
        }
    }

    /// Forgets a claim under which nothing was about to be sent.
    fn leave(&mut self, claim: &Claim) {
        if self.of(claim).is_some_and(|entry| entry.intent.is_none()) {
            self.entries.remove(&claim.key);
        }
    }
}

#[async_trait]
impl Claims for MemoryClaims {
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error> {
        let mut book = self.book();
        book.last += 1;
        let token = book.last;
        let earlier = book.entries.remove(key).and_then(|entry| entry.intent);
        if book.entries.len() >= MOST {
            let oldest = book.entries.iter().min_by_key(|(_, entry)| entry.token).map(|(key, _)| key.clone());
            oldest.and_then(|key| book.entries.remove(&key));
        }
        book.entries.insert(key.clone(), Entry { token, intent: earlier.clone() });
        Ok(Claimed::Ours(Claim { key: key.clone(), token, earlier }))
    }

    async fn sending(&self, claim: &Claim, name: &str, class: Option<&str>) -> Result<bool, Error> {
        let intent = Intent { name: name.to_owned(), class: class.map(str::to_owned), since: Timestamp::MIN };
        Ok(self.book().of(claim).map(|entry| entry.intent = Some(intent)).is_some())
    }

    async fn settle(&self, claim: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error> {
        if let Some((key, known)) = known {
            self.catalogue.record(key, known).await?;
        }
        self.book().remove(claim);
        Ok(())
    }

    async fn leave(&self, claim: &Claim) -> Result<(), Error> {
        self.book().leave(claim);
        Ok(())
    }

    fn abandon(&self, claim: &Claim) {
        self.book().leave(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryCatalogue, Sha256};
    use futures_executor::block_on;

    fn key(content: u8) -> ContentKey {
        ContentKey { album: "libraries/shelf/albums/a".parse().unwrap(), sha256: Sha256::new([content; 32]) }
    }

    fn claim(claims: &MemoryClaims, key: &ContentKey) -> Claim {
        match block_on(claims.claim(key)).unwrap() {
            Claimed::Ours(claim) => claim,
            Claimed::Theirs => panic!("there is one process"),
        }
    }

    #[test]
    fn what_was_about_to_be_sent_is_told_to_the_next_one_unless_it_was_settled() {
        let claims = MemoryClaims::new(Arc::new(MemoryCatalogue::default()));
        let first = claim(&claims, &key(1));
        assert_eq!(first.earlier, None);
        claims.abandon(&first);
        assert!(claims.book().entries.is_empty());
        let second = claim(&claims, &key(1));
        assert!(block_on(claims.sending(&second, "a.png", Some("WIDE"))).unwrap());
        claims.abandon(&second);
        let third = claim(&claims, &key(1));
        assert_eq!(third.earlier.as_ref().map(|intent| intent.name.as_str()), Some("a.png"));
        assert!(!block_on(claims.sending(&second, "b.png", None)).unwrap());
        block_on(claims.settle(&third, None)).unwrap();
        assert_eq!(claim(&claims, &key(1)).earlier, None);
    }

    #[test]
    fn the_oldest_claim_is_forgotten_beyond_the_bound() {
        let claims = MemoryClaims::new(Arc::new(MemoryCatalogue::default()));
        let at = |number: u32| {
            let [a, b, ..] = number.to_le_bytes();
            let mut digest = [0; 32];
            (digest[0], digest[1]) = (a, b);
            ContentKey { sha256: Sha256::new(digest), ..key(0) }
        };
        for number in 0..=MOST as u32 {
            let held = claim(&claims, &at(number));
            block_on(claims.sending(&held, "a.png", None)).unwrap();
        }
        assert_eq!(claims.book().entries.len(), MOST);
        assert_eq!(claim(&claims, &at(0)).earlier, None);
        assert!(claim(&claims, &at(MOST as u32)).earlier.is_some());
    }
}
