//! What is known to be in albums: the content that was sent, and the image that the provider made of it. It answers
//! without a call; whoever sees an album tells it what is no longer so.

mod memory;

use async_trait::async_trait;

pub use memory::MemoryCatalogue;

use crate::{AlbumName, Error, ImageId, Sha256};

/// One content in one album.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentKey {
    /// The album, as [`ImageLibrary::canonical`](crate::ImageLibrary::canonical) spells it.
    pub album: AlbumName,
    /// Digest of the bytes as they are sent, after any fitting.
    pub sha256: Sha256,
}

impl ContentKey {
    /// Stands for anything that an album may get: what a claim on an album of one image is for. No file has its digest.
    pub fn anything(album: AlbumName) -> Self {
        Self { album, sha256: Sha256::new([0; 32]) }
    }

    /// Whether it stands for anything that the album may get.
    pub fn is_anything(&self) -> bool {
        self.sha256 == Sha256::new([0; 32])
    }
}

/// The image that holds a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The provider's hash or id.
    pub image: ImageId,
    /// The name that the provider keeps; absent where it has not told. Where it deduplicates, that is the first name.
    pub name: Option<String>,
    /// The class that was asked for; absent where the provider chose.
    pub class: Option<String>,
}

/// Remembers which image of an album holds which content. What it forgets costs one more upload, and nothing else.
///
/// Every method fails with [`ErrorKind::Internal`](crate::ErrorKind::Internal) where the catalogue cannot be read or
/// written; then it may have been changed or not.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// The image that holds this content, if one is known.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    async fn find(&self, key: &ContentKey) -> Result<Option<Known>, Error>;

    /// Remembers an image, in place of what was known of this content.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    async fn record(&self, key: &ContentKey, known: &Known) -> Result<(), Error>;

    /// The images of an album that are known, each once, in any order.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    async fn images(&self, album: &AlbumName) -> Result<Vec<ImageId>, Error>;

    /// The contents that images of an album are known to hold, in any order. An image may hold several; an unknown one
    /// holds none.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    async fn contents(&self, album: &AlbumName, images: &[ImageId]) -> Result<Vec<(Sha256, Known)>, Error>;

    /// Forgets images that an album no longer holds, with every content that led to them. Unknown ones are none.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    async fn forget(&self, album: &AlbumName, images: &[ImageId]) -> Result<(), Error>;
}
