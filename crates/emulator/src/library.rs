//! The stored pictures: contents kept once with a count of the images that use them, and the albums of each provider.
//! It checks no provider rule and speaks no protocol.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::album::Album;
use crate::digest::{Sha, hex};
use crate::picture::Picture;
use crate::yandex::ads::Ads;
use crate::yandex::tasks::Tasks;

/// The bytes of one picture, as they were uploaded.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) sha: Sha,
    /// The digest in hexadecimal digits, which is the content's name in URLs.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) picture: Picture,
}

/// An image in the library of a Yandex advertiser; v5 and Live 4 see the same ones.
#[derive(Debug, Clone)]
pub(crate) struct YandexImage {
    pub(crate) hash: String,
    pub(crate) name: String,
    pub(crate) class: &'static str,
    pub(crate) subtype: String,
    pub(crate) content: Arc<Content>,
}

/// An image of a Facebook ad account.
#[derive(Debug, Clone)]
pub(crate) struct FacebookImage {
    pub(crate) hash: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) content: Arc<Content>,
}

/// The image of an Evotor product.
#[derive(Debug, Clone)]
pub(crate) struct EvotorImage {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) content: Arc<Content>,
}

/// The library refused a content: it would hold more bytes than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
struct Held {
    content: Arc<Content>,
    images: usize,
}

/// The most images of all albums: one content may stand in many of them.
const MOST_IMAGES: usize = 1_000_000;

/// All contents and albums.
#[derive(Debug, Default)]
pub(crate) struct Library {
    contents: HashMap<Sha, Held>,
    bytes: u64,
    images: usize,
    copies: u64,
    /// By login.
    pub(crate) yandex: HashMap<String, Album<Arc<YandexImage>>>,
    /// The ads of Yandex advertisers.
    pub(crate) ads: Ads,
    /// The uploads by URL of Yandex advertisers.
    pub(crate) tasks: Tasks,
    /// By numeric account id.
    pub(crate) facebook: HashMap<String, Album<FacebookImage>>,
    /// By store (upper case) and product.
    pub(crate) evotor: HashMap<(String, String), Album<EvotorImage>>,
}

impl Library {
    /// The content of this digest, if some image uses it.
    pub(crate) fn content(&self, sha: &Sha) -> Option<Arc<Content>> {
        self.contents.get(sha).map(|held| Arc::clone(&held.content))
    }

    /// Keeps a content for one more image. The bytes are kept as they are: they must be no slice of a request's body, which
    /// would stay in memory because of it.
    ///
    /// # Errors
    /// [`Full`] when the contents would exceed `cap` bytes, or there are too many images; nothing is kept then.
    pub(crate) fn keep(&mut self, sha: Sha, bytes: &Bytes, picture: Picture, cap: u64) -> Result<Arc<Content>, Full> {
        if self.images >= MOST_IMAGES {
            return Err(Full);
        }
        if let Some(held) = self.contents.get_mut(&sha) {
            held.images += 1;
            self.images += 1;
            return Ok(Arc::clone(&held.content));
        }
        let after = self.bytes.saturating_add(bytes.len() as u64);
        if after > cap {
            return Err(Full);
        }
        self.bytes = after;
        self.images += 1;
        let content = Arc::new(Content { sha, name: hex(&sha), bytes: bytes.clone(), picture });
        self.contents.insert(sha, Held { content: Arc::clone(&content), images: 1 });
        Ok(content)
    }

    /// Gives up one image's use of a content; the last use frees it.
    pub(crate) fn release(&mut self, content: &Content) {
        let Some(held) = self.contents.get_mut(&content.sha) else { return };
        held.images = held.images.saturating_sub(1);
        self.images = self.images.saturating_sub(1);
        if held.images == 0 {
            self.contents.remove(&content.sha);
            self.bytes = self.bytes.saturating_sub(content.bytes.len() as u64);
        }
    }

    /// A number that tells copies of one content apart; used only while equal contents are stored as several images.
    pub(crate) fn next_copy(&mut self) -> u64 {
        self.copies += 1;
        self.copies
    }

    /// Bytes of all contents.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of distinct contents.
    pub(crate) fn distinct(&self) -> usize {
        self.contents.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    #[test]
    fn a_content_is_counted_once_and_freed_with_its_last_image() {
        let picture = Picture { format: image::ImageFormat::Png, width: 1, height: 1 };
        let mut library = Library::default();
        let [four, five] = ["four", "five!"].map(Bytes::from);
        let sha = sha256(&four);
        let first = library.keep(sha, &four, picture, 6).unwrap();
        let second = library.keep(sha, &four, picture, 6).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(library.keep(sha256(&five), &five, picture, 6).unwrap_err(), Full);
        library.release(&first);
        assert_eq!(library.bytes(), 4);
        library.release(&second);
        assert_eq!((library.bytes(), library.distinct()), (0, 0));
    }
}
