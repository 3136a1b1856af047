//! A catalogue in memory, bounded: it forgets what was recorded longest ago, and everything when the process ends.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Catalogue, ContentKey, Known};
use crate::{AlbumName, Error, ImageId, Sha256};

/// Contents that are remembered unless told otherwise: about 30 MB.
const MOST: usize = 100_000;

/// Remembers in memory. See [`Catalogue`].
#[derive(Debug)]
pub struct MemoryCatalogue {
    most: usize,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    entries: BTreeMap<ContentKey, Entry>,
    /// Keys by the order in which they were recorded.
    ages: BTreeMap<u64, ContentKey>,
    /// Contents by the image that holds them.
    holders: BTreeMap<(AlbumName, ImageId), BTreeSet<Sha256>>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    age: u64,
}

impl Default for MemoryCatalogue {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl MemoryCatalogue {
    /// Remembers at most so many contents; 0 remembers nothing.
    pub fn new(most: usize) -> Self {
        Self { most, book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn remove(&mut self, key: &ContentKey) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.ages.remove(&entry.age);
        let holder = (key.album.clone(), entry.known.image);
        if let Some(contents) = self.holders.get_mut(&holder) {
            contents.remove(&key.sha256);
            if contents.is_empty() {
                self.holders.remove(&holder);
            }
        }
    }

    fn insert(&mut self, key: &ContentKey, known: &Known) {
        self.remove(key);
        let age = self.next;
        self.next += 1;
        self.ages.insert(age, key.clone());
        self.holders.entry((key.album.clone(), known.image.clone())).or_default().insert(key.sha256);
        self.entries.insert(key.clone(), Entry { known: known.clone(), age });
    }
}

#[async_trait]
impl Catalogue for MemoryCatalogue {
    async fn find(&self, key: &ContentKey) -> Result<Option<Known>, Error> {
        Ok(self.book().entries.get(key).map(|entry| entry.known.clone()))
    }

    async fn record(&self, key: &ContentKey, known: &Known) -> Result<(), Error> {
        let mut book = self.book();
        book.insert(key, known);
        while book.entries.len() > self.most {
            let Some(oldest) = book.ages.values().next().cloned() else { break };
            book.remove(&oldest);
        }
        Ok(())
    }

    async fn images(&self, album: &AlbumName) -> Result<Vec<ImageId>, Error> {
        let book = self.book();
        // The range begins at the album's first content; one past its last is not an album that can be named.
        let first = ContentKey { album: album.clone(), sha256: Sha256::new([0; 32]) };
        let of_the_album = book
            .entries
            .range((Bound::Included(first), Bound::Unbounded))
            .take_while(|(key, _)| key.album == *album)
            .map(|(_, entry)| entry.known.image.clone());
        Ok(of_the_album.collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn contents(&self, album: &AlbumName, images: &[ImageId]) -> Result<Vec<(Sha256, Known)>, Error> {
        let book = self.book();
        let mut held = Vec::new();
        for image in images {
            for sha256 in book.holders.get(&(album.clone(), image.clone())).into_iter().flatten() {
                let entry = book.entries.get(&ContentKey { album: album.clone(), sha256: *sha256 });
                held.extend(entry.map(|entry| (*sha256, entry.known.clone())));
            }
        }
        Ok(held)
    }

    async fn forget(&self, album: &AlbumName, images: &[ImageId]) -> Result<(), Error> {
        let mut book = self.book();
        for image in images {
            let contents = book.holders.get(&(album.clone(), image.clone())).cloned().unwrap_or_default();
            for sha256 in contents {
                book.remove(&ContentKey { album: album.clone(), sha256 });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;
    use proptest::prelude::*;

    fn key(album: u8, content: u8) -> ContentKey {
        let album = format!("libraries/shelf/albums/{album}").parse().unwrap();
        ContentKey { album, sha256: Sha256::new([content; 32]) }
    }

    fn known(image: u8) -> Known {
        Known { image: ImageId::new(image.to_string()).unwrap(), name: None, class: None }
    }

    fn find(catalogue: &MemoryCatalogue, key: &ContentKey) -> Option<String> {
        block_on(catalogue.find(key)).unwrap().map(|known| known.image.to_string())
    }

    #[test]
    fn the_oldest_content_is_forgotten_beyond_the_bound() {
        let catalogue = MemoryCatalogue::new(2);
        for content in [1, 2, 1, 3] {
            block_on(catalogue.record(&key(0, content), &known(content))).unwrap();
        }
        let left: Vec<_> = [1, 2, 3].iter().map(|content| find(&catalogue, &key(0, *content)).is_some()).collect();
        assert_eq!(left, [true, false, true]);
    }

    #[test]
    fn an_image_is_forgotten_with_all_its_contents_and_in_its_album_only() {
        let catalogue = MemoryCatalogue::default();
        for (album, content) in [(0, 1), (0, 2), (1, 1)] {
            block_on(catalogue.record(&key(album, content), &known(7))).unwrap();
        }
        assert_eq!(block_on(catalogue.images(&key(0, 0).album)).unwrap(), [known(7).image]);
        block_on(catalogue.forget(&key(0, 0).album, &[known(7).image, known(8).image])).unwrap();
        assert_eq!(find(&catalogue, &key(0, 1)).or(find(&catalogue, &key(0, 2))), None);
        assert_eq!(find(&catalogue, &key(1, 1)).as_deref(), Some("7"));
        assert!(block_on(catalogue.images(&key(0, 0).album)).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn it_answers_like_a_plain_map(steps in prop::collection::vec((0u8..3, 0u8..4, 0u8..4, any::<bool>()), 0..60)) {
            let (catalogue, mut plain) = (MemoryCatalogue::default(), BTreeMap::new());
            for (album, content, image, forget) in steps {
                if forget {
                    block_on(catalogue.forget(&key(album, 0).album, &[known(image).image])).unwrap();
                    plain.retain(|key: &(u8, u8), held: &mut u8| key.0 != album || *held != image);
                } else {
                    block_on(catalogue.record(&key(album, content), &known(image))).unwrap();
                    plain.insert((album, content), image);
                }
            }
            for album in 0..3 {
                for content in 0..4 {
                    let expected = plain.get(&(album, content)).map(u8::to_string);
                    prop_assert_eq!(find(&catalogue, &key(album, content)), expected);
                }
                let expected: BTreeSet<_> =
                    plain.iter().filter(|(key, _)| key.0 == album).map(|(_, image)| known(*image).image).collect();
                let images = block_on(catalogue.images(&key(album, 0).album)).unwrap();
                prop_assert_eq!(images.into_iter().collect::<BTreeSet<_>>(), expected);
                for image in 0..4 {
                    let held = block_on(catalogue.contents(&key(album, 0).album, &[known(image).image])).unwrap();
                    let held: BTreeSet<_> = held.into_iter().map(|(sha256, known)| (sha256, known.image)).collect();
                    let expected = plain.iter().filter(|(key, held)| key.0 == album && **held == image);
                    let expected: BTreeSet<_> =
                        expected.map(|(at, _)| (key(album, at.1).sha256, known(image).image)).collect();
                    prop_assert_eq!(held, expected);
                }
            }
            let book = catalogue.book();
            prop_assert_eq!(book.entries.len(), book.ages.len());
        }
    }
}
