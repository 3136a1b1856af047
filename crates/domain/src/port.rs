//! The port that every provider implements. Small and object-safe; what a provider lacks it refuses with
//! [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), never with a silent no-op.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Album, AlbumId, AlbumQuery, Association, AssociationChange, AssociationFilter, Confirmed, Content, Error,
    ErrorKind, Fetched, Format, Image, ImageId, LibraryId, Page, PageRequest, PictureUrl, Prices, Quota, Rules,
    Uploaded,
};

/// A provider and the API of it that a library speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Yandex Direct API v5, AdImages.
    YandexDirectV5,
    /// Yandex Direct API v4 Live, AdImage.
    YandexDirectLive4,
    /// Facebook Graph adimages.
    Facebook,
    /// Evotor Cloud product images.
    Evotor,
}

impl Provider {
    /// Stable name for configuration, errors and metrics: `yandex-direct-v5`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::YandexDirectV5 => "yandex-direct-v5",
            Self::YandexDirectLive4 => "yandex-direct-live4",
            Self::Facebook => "facebook",
            Self::Evotor => "evotor",
        }
    }
}

impl Provider {
    /// The one that stands for all that show the same albums: both APIs of Yandex Direct have the same images.
    pub(crate) fn family(self) -> Self {
        match self {
            Self::YandexDirectV5 | Self::YandexDirectLive4 => Self::YandexDirectV5,
            Self::Facebook | Self::Evotor => self,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a library does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// The provider does it.
    Native,
    /// Polyptych does it with other calls of the provider.
    Emulated,
    /// It cannot be done.
    Absent,
}

/// What a library can do, and its limits per call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Keep identical bytes once, under the first name.
    pub deduplicates: Capability,
    /// Put an image in the place of another.
    pub replace: Capability,
    /// Serve the stored picture. No provider promises that its bytes are those that were sent.
    pub download: Capability,
    /// Copy an image from one album of the library to another.
    pub copy: Capability,
    /// Tell what shows an image. Emulated where it is read off the images themselves.
    pub associations: Capability,
    /// Choose what an advertisement shows.
    pub associate: Capability,
    /// Tell which albums there are: emulated where configuration tells it, and not the provider.
    pub albums: Capability,
    /// Tell, when asked, how many images an album may hold.
    pub room: Capability,
    /// Take a picture from its address: native where the provider fetches it by itself ([`ImageLibrary::import`]), emulated
    /// where we fetch and upload it.
    pub import_url: Capability,
    /// Images per upload call of the provider.
    pub uploads_per_call: u32,
    /// Bytes of images per upload call, before any encoding; an image that is larger goes alone.
    pub upload_bytes_per_call: u64,
    /// Images per delete call of the provider.
    pub deletes_per_call: u32,
    /// Images per page of a list.
    pub page_size: u32,
    /// Calls at once in a batch.
    pub calls_at_once: u32,
    /// What the provider charges.
    pub prices: Prices,
}

/// One image to be uploaded; it already satisfies the library's rules.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Name to keep, with an extension.
    pub name: String,
    /// Format of the content.
    pub format: Format,
    /// Class asked for, in the provider's words; absent lets the provider choose.
    pub class: Option<String>,
    /// The bytes.
    pub content: Content,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
}

/// A picture that a provider is fetching, in its own words; opaque to everyone but the library that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportTicket(pub String);

/// How far a provider is with a picture that it fetches by itself.
#[derive(Debug, Clone)]
pub enum ImportStatus {
    /// It is at it.
    Pending,
    /// The album holds it.
    Stored(Image),
    /// It could not fetch it, or does not accept it. Nothing was stored.
    Failed(Error),
    /// It does not know the ticket: it forgets them after some time. Nobody knows what became of it.
    Forgotten,
}

/// What a look for an upload found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The image that has its bytes.
    Image(Box<Image>),
    /// It is not there.
    Absent,
    /// The album does not tell.
    Unclear,
}

/// One configured connection to a provider.
///
/// Every method can fail with [`ErrorKind::CredentialRefused`](crate::ErrorKind::CredentialRefused),
/// `PermissionDenied`, `RateLimited`, `QuotaExhausted`, `ProviderUnavailable`, `ProviderTimeout`, `ProviderRefused` and
/// `AnswerUnreadable`; errors name library, album, provider, its code and request id. Dropping a returned future
/// closes the connection to the provider.
#[async_trait]
pub trait ImageLibrary: Send + Sync {
    /// Its configured id.
    fn id(&self) -> &LibraryId;

    /// Which provider it is.
    fn provider(&self) -> Provider;

    /// `json`, `soap`, `bytes` or `multipart`: how it talks to the provider.
    fn encoding(&self) -> &'static str;

    /// The album that is meant where none is named.
    fn default_album(&self) -> Option<&AlbumId>;

    /// The one spelling of an album that has several (`act_1` and `1`); an id that is no album stays as it is. The login
    /// behind `self` is not looked up.
    fn canonical(&self, album: &AlbumId) -> AlbumId {
        album.clone()
    }

    /// The name by which the provider knows an album, whichever library it is reached through: the login behind `self`, as far
    /// as it is known by now. `None` where it is not; nothing is sent for it.
    fn known_as(&self, album: &AlbumId) -> Option<AlbumId> {
        Some(self.canonical(album))
    }

    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// What an image must be to be accepted.
    fn rules(&self) -> &'static Rules;

    /// Uploads images into `album`: one outcome per item, in order. An upload whose answer is lost is looked for, and
    /// sent once more only where the provider keeps identical bytes once; the outcome tells both.
    ///
    /// # Errors
    /// The call as a whole failed; [`Error::applied`] tells whether some images may have been stored.
    /// Per item: `RulesViolated`, `CorruptImage`, `AlbumOccupied`, `QuotaExhausted` and others.
    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error>;

    /// Looks for an upload that may have been sent at `since` or later, by the bytes that it has, in a bounded number of
    /// calls. A library that cannot look cannot tell.
    ///
    /// # Errors
    /// The look failed; nothing was changed.
    async fn look_for(&self, album: &AlbumId, upload: &Upload, since: Timestamp) -> Result<Found, Error> {
        let _ = (album, upload, since);
        Ok(Found::Unclear)
    }

    /// Lists the images of `album`, in an order that the provider keeps between pages.
    ///
    /// # Errors
    /// `InvalidArgument` if `page.after` is not a cursor of this library; `AlbumNotFound`.
    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error>;

    /// Lists the albums that the credential reaches and that the query finds, in an order that the provider keeps between
    /// pages and in a bounded number of its calls. A page may be empty and have a next one.
    ///
    /// # Errors
    /// `Unsupported` where the provider does not tell; `InvalidArgument` if `page.after` is not a cursor of this list.
    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        let _ = (query, page);
        Err(unsupported("this library does not tell which albums there are"))
    }

    /// Reads one image.
    ///
    /// # Errors
    /// `ImageNotFound`, `AlbumNotFound`.
    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error>;

    /// Reads several images, as many as a page has at most: one outcome per id, in order.
    ///
    /// # Errors
    /// The call as a whole failed. Per item: `ImageNotFound`.
    async fn get_many(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Image, Error>>, Error> {
        let mut images = Vec::with_capacity(ids.len());
        for id in ids {
            match self.get(album, id).await {
                Err(error) if error.kind() != ErrorKind::ImageNotFound => return Err(error),
                outcome => images.push(outcome),
            }
        }
        Ok(images)
    }

    /// Opens the stored picture of an image, as this library has just told of it: its address may not live long. It is
    /// fetched without the credential, from the library's own address or from a named host over TLS only, and ends with
    /// an error beyond `most` bytes.
    ///
    /// # Errors
    /// `Unsupported` where the image has no address that is fetched from; `TooLarge`; otherwise what the host answers.
    async fn download(&self, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
        let _ = (album, image, most);
        Err(unsupported("this library does not serve its pictures"))
    }

    /// Copies an image of the album `from` to the album `to` at the provider, without its bytes coming here. Only where
    /// [`Capabilities::copy`] is native.
    ///
    /// # Errors
    /// `ImageNotFound` if `from` does not hold it, or hides it; [`Error::applied`] tells whether it may have been copied.
    async fn copy(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        let _ = (from, to, id);
        Err(unsupported("this library's provider copies no images"))
    }

    /// Lists what shows images of `album`, in an order that the provider keeps between pages. A page may be empty and have
    /// a next one.
    ///
    /// # Errors
    /// `Unsupported` where the provider does not tell, or not for this filter; `InvalidArgument` if `page.after` is not a
    /// cursor of this list.
    async fn associations(
        &self,
        album: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        let _ = (album, filter, page);
        Err(unsupported("this library's provider does not tell what shows an image"))
    }

    /// Lets advertisements show images of `album`, or none: one outcome per change, in order. A repetition changes nothing
    /// more.
    ///
    /// # Errors
    /// The call as a whole failed; [`Error::applied`] tells whether something may have been changed.
    /// Per item: `InvalidArgument` for an advertisement that is named twice, `ImageNotFound`, `PermissionDenied`,
    /// `ProviderRefused`.
    async fn set_associations(
        &self,
        album: &AlbumId,
        changes: &[AssociationChange],
    ) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        let _ = (album, changes);
        Err(unsupported("this library's provider does not let advertisements be changed here"))
    }

    /// Deletes images from `album`: one outcome per id, in order. An image that is gone after an answer was lost counts as
    /// deleted.
    ///
    /// # Errors
    /// The call as a whole failed; [`Error::applied`] tells whether some images may be gone.
    /// Per item: `ImageNotFound`, `ImageInUse`.
    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error>;

    /// Asks the provider to fetch a picture by itself and to keep it under `name`; it answers at once and works on. Only where
    /// [`Capabilities::import_url`] is native.
    ///
    /// # Errors
    /// `Unsupported` where it is not. [`Error::applied`] tells whether the provider may be at work all the same; then
    /// [`ImageLibrary::find_import`] tells.
    async fn import(&self, album: &AlbumId, url: &PictureUrl, name: &str) -> Result<(ImportTicket, Confirmed), Error> {
        let _ = (album, url, name);
        Err(fetches_nothing(self.id(), self.provider()))
    }

    /// How far the provider is with a ticket.
    ///
    /// # Errors
    /// `Unsupported`; those of every call. What became of the picture is data.
    async fn import_status(&self, album: &AlbumId, ticket: &ImportTicket) -> Result<ImportStatus, Error> {
        let _ = (album, ticket);
        Err(fetches_nothing(self.id(), self.provider()))
    }

    /// The newest ticket of this address and name that the provider still knows, for a call whose answer was lost.
    ///
    /// # Errors
    /// `Unsupported`; those of every call.
    async fn find_import(&self, album: &AlbumId, url: &PictureUrl, name: &str) -> Result<Option<ImportTicket>, Error> {
        let _ = (album, url, name);
        Err(fetches_nothing(self.id(), self.provider()))
    }

    /// What is known of the limits of the account that `album` belongs to: asked for where the provider has a call for it,
    /// else as the last answers told it. Empty until an answer has told something; nothing is sent just to learn it.
    ///
    /// # Errors
    /// Those of every call, where there is a call.
    async fn quota(&self, album: &AlbumId) -> Result<Quota, Error>;
}

fn fetches_nothing(library: &LibraryId, provider: Provider) -> Error {
    Error::new(ErrorKind::Unsupported, "the provider fetches no pictures by itself").with_library(library, provider)
}

/// What a provider lacks, nothing is sent for.
fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
