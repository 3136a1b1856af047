//! What a library says about an image that it holds.

use serde::{Deserialize, Serialize};

use crate::{AlbumId, AlbumName, ImageId, ImageName, LibraryId, Pixels};

/// An image in an album. A field is absent where the provider does not tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The album that holds it.
    pub album: AlbumId,
    /// The provider's hash or id.
    pub id: ImageId,
    /// The name that the library keeps: the first one under which this content arrived, where the provider deduplicates.
    pub name: Option<String>,
    /// The provider's class of the image, in its own words: `REGULAR`, `WIDE`, `FIXED_IMAGE`.
    pub class: Option<String>,
    /// Size as stored.
    pub pixels: Option<Pixels>,
    /// Size of the file.
    pub bytes: Option<u64>,
    /// Where the stored picture can be fetched. May be short-lived and may be secret; not an identity.
    pub url: Option<String>,
    /// Where a smaller picture can be fetched.
    pub preview_url: Option<String>,
    /// Whether an advertisement or a creative uses it, so that it cannot be deleted.
    pub in_use: Option<bool>,
    /// When the library got it.
    pub created: Option<jiff::Timestamp>,
}

impl Image {
    /// An image of which only album and id are known.
    pub fn new(album: AlbumId, id: ImageId) -> Self {
        Self {
            album,
            id,
            name: None,
            class: None,
            pixels: None,
            bytes: None,
            url: None,
            preview_url: None,
            in_use: None,
            created: None,
        }
    }

    /// By what name it is read, copied and deleted, as an image of this library.
    pub fn name_in(&self, library: &LibraryId) -> ImageName {
        let album = AlbumName { library: library.clone(), album: self.album.clone() };
        ImageName { album, image: self.id.clone() }
    }
}

/// What an upload put into an album.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The image; it tells at least its id.
    pub image: Image,
    /// Whether the provider's own answer was lost, and the image was found by looking for it.
    pub found: bool,
    /// How often the image was sent once more after an answer was lost. More than 0 only where the provider keeps
    /// identical bytes once.
    pub resent: u32,
    /// Of the answer that says so, as in [`Confirmed::request_id`].
    pub request_id: Option<String>,
}

impl From<Image> for Uploaded {
    /// An upload of which only its image is known.
    fn from(image: Image) -> Self {
        Self { image, found: false, resent: 0, request_id: None }
    }
}

/// What a provider leaves of a change that it has confirmed: an image deleted, an advertisement changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confirmed {
    /// The provider's id of the answer that confirmed it, which its support asks for; all items of one call share it.
    /// Absent where the provider gives none, where nothing was sent, and where the answer was lost and something else told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items, 1 to 1,000. A provider may return fewer, also before the last page.
    pub size: u32,
    /// [`Page::next`] of the page before; absent for the first page. Opaque to everyone but the provider that made it.
    pub after: Option<String>,
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, possibly none.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last page.
    pub next: Option<String>,
}
