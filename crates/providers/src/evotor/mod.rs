//! Evotor Cloud product images as a library. An album is `{store}~{product}` and holds one image at most. Images are
//! known by their id.
//!
//! The token is sent as `X-Authorization` or as `Authorization: Bearer`; the provider takes both.
//!
//! It is not known to keep identical bytes once, so that nothing is ever sent again after a lost answer. But a product
//! holds one image, and it was empty just before the upload: what is found there and has the right bytes is the upload.

mod albums;
mod convert;
mod fault;
mod reading;
mod replace;

use async_trait::async_trait;
use jiff::Timestamp;
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Applied, Capabilities, Capability, Confirmed, Error, ErrorKind, Fetched, Found, Image,
    ImageId, ImageLibrary, LibraryId, Page, PageRequest, Prices, Provider, Quota, Rules, Unit, Upload, Uploaded,
};
use polyptych_transport::{ConfigError, Response};
use polyptych_wire::Request;
use polyptych_wire::rest::Operation;
use polyptych_wire_evotor::{DeleteProductImage, GetProductImage, ListProductImages, UploadProductImage, decode};

use crate::call::{BadAnswer, Call, Line, batch_of_one, deleted};
use crate::content::{boundary, file_part};
use crate::kept::is_kept_at;
use crate::picture;
use crate::refusal::Subject;
use crate::settings::{Settings, connect};
use reading::EvotorReading;

/// Where production answers.
pub const ADDRESS: &str = "https://api.evotor.ru";

const CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Absent,
    replace: Capability::Emulated,
    download: Capability::Native,
    copy: Capability::Emulated,
    associations: Capability::Absent,
    associate: Capability::Absent,
    albums: Capability::Native,
    room: Capability::Absent,
    import_url: Capability::Emulated,
    uploads_per_call: 1,
    upload_bytes_per_call: u64::MAX,
    deletes_per_call: 1,
    page_size: 1,
    calls_at_once: 4,
    prices: Prices::none("evotor-images 4"),
};

/// A library at Evotor Cloud.
#[derive(Debug, Clone)]
pub struct Evotor {
    line: Line,
    default_album: Option<AlbumId>,
}

/// The product whose image an album holds.
#[derive(Debug, Clone, Copy)]
struct Product<'a> {
    store: &'a str,
    id: &'a str,
}

impl Evotor {
    /// A library of these settings.
    ///
    /// # Errors
    /// If the connection's settings are unusable.
    pub fn new(settings: Settings) -> Result<Self, ConfigError> {
        let Settings { id, default_album, connection } = settings;
        let line = Line {
            transport: connect(connection, Provider::Evotor, &id, EvotorReading)?,
            library: id,
            provider: Provider::Evotor,
            errors: &polyptych_wire_evotor::ERRORS,
            request_id: None,
            status_decides: true,
        };
        Ok(Self { line, default_album })
    }

    fn product<'a>(&self, album: &'a AlbumId) -> Result<Product<'a>, Error> {
        // A dot segment would name another resource.
        let usable = |part: &str| !["", ".", ".."].contains(&part);
        match album.as_str().split_once('~') {
            Some((store, id)) if usable(store) && usable(id) => Ok(Product { store, id }),
            _ => {
                let message = "the album must name a store and a product: `{store}~{product}`";
                Err(self.line.error(album, ErrorKind::InvalidArgument, message))
            }
        }
    }

    /// The id as a segment of a path.
    fn image<'a>(&self, album: &AlbumId, id: &'a ImageId) -> Result<&'a str, Error> {
        match id.as_str() {
            "." | ".." => Err(self.line.error(album, ErrorKind::ImageNotFound, "the album holds no such image")),
            id => Ok(id),
        }
    }

    async fn send<O: Operation>(&self, call: &Call<'_>, request: &Request) -> Result<(O::Answer, Response), Error> {
        let answer = call.execute(request).await?;
        let read = decode::<O>(answer.status.as_u16(), &answer.body);
        Ok((fault::answer(call, &answer, read)?, answer))
    }

    /// The images of a product: none or one.
    async fn fetch(&self, album: &AlbumId, product: Product<'_>) -> Result<Vec<Image>, Error> {
        let call = self.line.call(album, Subject::Album, ListProductImages::EFFECT).at_cost_of(product.store);
        let list = ListProductImages::new(product.store, product.id);
        let (list, answer) = self.send::<ListProductImages>(&call, &list.request()).await?;
        let images: Result<_, BadAnswer> = list.items.into_iter().map(|item| convert::image(album, item)).collect();
        images.map_err(|error| call.unreadable(&answer, error))
    }

    async fn remove(&self, album: &AlbumId, product: Product<'_>, id: &ImageId) -> Result<Confirmed, Error> {
        let call = self.line.call(album, Subject::Image, DeleteProductImage::EFFECT).at_cost_of(product.store);
        let delete = DeleteProductImage::new(product.store, product.id, self.image(album, id)?);
        let told = self.send::<DeleteProductImage>(&call, &delete.request()).await;
        deleted(told.map(|(_, answer)| call.confirmed(&answer)))
    }

    async fn add(&self, album: &AlbumId, product: Product<'_>, upload: &Upload) -> Result<Uploaded, Error> {
        let call = self.line.call(album, Subject::Upload, UploadProductImage::EFFECT).at_cost_of(product.store);
        let add = UploadProductImage::new(product.store, product.id, file_part(upload));
        let request = add.request(&boundary(&upload.content)).map_err(|error| call.unmade(error))?;
        let (image, answer) = self.send::<UploadProductImage>(&call, &request).await?;
        let image = convert::image(album, image).map_err(|error| call.unreadable(&answer, error))?;
        Ok(call.uploaded(image, &answer))
    }

    /// Looks first: the provider's own answer to a second image is not documented.
    async fn put(&self, album: &AlbumId, upload: &Upload) -> Result<Uploaded, Error> {
        let product = self.product(album)?;
        let old = self.fetch(album, product).await?;
        if old.is_empty() {
            return self.settled(album, product, upload).await;
        }
        if upload.replace {
            return self.replace(album, old, upload).await;
        }
        let message = "the product has an image; delete it first, or ask to replace it";
        Err(self.line.error(album, ErrorKind::AlbumOccupied, message))
    }

    /// Uploads to a product that was empty a moment ago, and looks there if the answer is lost.
    async fn settled(&self, album: &AlbumId, product: Product<'_>, upload: &Upload) -> Result<Uploaded, Error> {
        let error = match self.add(album, product, upload).await {
            Ok(uploaded) => return Ok(uploaded),
            Err(error) if error.applied() == Applied::No => return Err(error),
            Err(error) => error,
        };
        // A product that is still empty proves nothing: the upload may be on its way.
        let images = self.fetch(album, product).await.unwrap_or_default();
        match images.as_slice() {
            [image] if self.is_the_upload(image, upload).await == Some(true) => {
                Ok(Uploaded { found: true, ..image.clone().into() })
            }
            _ => Err(error),
        }
    }

    /// Whether an image has the bytes of an upload. The file as served decides: another file may have the same length, and
    /// somebody else may have been faster. `None` where it cannot be had.
    async fn is_the_upload(&self, image: &Image, upload: &Upload) -> Option<bool> {
        if image.bytes.is_some_and(|bytes| bytes != upload.content.len()) {
            return Some(false);
        }
        is_kept_at(&self.line.transport, image.url.as_ref()?, &upload.content).await.ok()
    }
}

#[async_trait]
impl ImageLibrary for Evotor {
    fn id(&self) -> &LibraryId {
        &self.line.library
    }

    fn provider(&self) -> Provider {
        self.line.provider
    }

    fn encoding(&self) -> &'static str {
        "multipart"
    }

    fn default_album(&self) -> Option<&AlbumId> {
        self.default_album.as_ref()
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::EVOTOR
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        let Some(upload) = uploads.first() else { return Ok(Vec::new()) };
        batch_of_one(self.put(album, upload).await)
    }

    /// A product holds one image. One with other bytes is what stood in the way, since an upload goes where nothing is.
    async fn look_for(&self, album: &AlbumId, upload: &Upload, _: Timestamp) -> Result<Found, Error> {
        let images = self.fetch(album, self.product(album)?).await?;
        let Some(image) = images.into_iter().next() else { return Ok(Found::Absent) };
        Ok(match self.is_the_upload(&image, upload).await {
            Some(true) => Found::Image(Box::new(image)),
            Some(false) => Found::Absent,
            None => Found::Unclear,
        })
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        if page.after.is_some() {
            let message = "the page token is not one of this library";
            return Err(self.line.error(album, ErrorKind::InvalidArgument, message));
        }
        Ok(Page { items: self.fetch(album, self.product(album)?).await?, next: None })
    }

    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        self.list_products(query, page).await
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let product = self.product(album)?;
        let call = self.line.call(album, Subject::Image, GetProductImage::EFFECT).at_cost_of(product.store);
        let get = GetProductImage::new(product.store, product.id, self.image(album, id)?);
        let (image, answer) = self.send::<GetProductImage>(&call, &get.request()).await?;
        convert::image(album, image).map_err(|error| call.unreadable(&answer, error))
    }

    async fn download(&self, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
        picture::open(&self.line, album, image, most).await
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        let Some(id) = ids.first() else { return Ok(Vec::new()) };
        batch_of_one(self.remove(album, self.product(album)?, id).await)
    }

    async fn quota(&self, album: &AlbumId) -> Result<Quota, Error> {
        Ok(self.line.quota(self.product(album)?.store, Unit::Calls))
    }
}
