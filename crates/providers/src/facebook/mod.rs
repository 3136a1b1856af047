//! Facebook ad images (Graph API, edge `adimages`) as a library. An album is an ad account's number; `act_` before it
//! is dropped. Images are known by their hash, which is the same in every account.
//!
//! The transport must send the token as `Authorization: Bearer`, so that it never stands in an address.

mod convert;
mod fault;

use async_trait::async_trait;
use polyptych_domain::{
    AlbumId, Capabilities, Capability, Error, ErrorKind, Image, ImageId, ImageLibrary, LibraryId, Page, PageRequest,
    Provider, Rules, Upload,
};
use polyptych_transport::Response;
use polyptych_wire::Request;
use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{
    AdImage, AdImageStatus, CreateAdImages, CreatedAdImages, DEFAULT_VERSION, DeleteAdImage, ListAdImages,
    UploadAdImage, decode,
};

use crate::call::{BadAnswer, Call, Line, batch_of_one};
use crate::content::{blob, boundary, file_part};
use crate::refusal::{Refusal, Subject};
use crate::settings::Settings;

/// Where production answers.
pub const ADDRESS: &str = "https://graph.facebook.com";

/// Fields that make an image of the domain.
const FIELDS: [&str; 10] = [
    "hash",
    "name",
    "width",
    "height",
    "status",
    "url",
    "url_128",
    "created_time",
    "creatives",
    "is_associated_creatives_in_adgroups",
];

const CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Native,
    replace: Capability::Absent,
    // Pictures have been re-encoded.
    download: Capability::Absent,
    uploads_per_call: 1,
    deletes_per_call: 1,
    page_size: 500,
};

/// How an image is put into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// As base64 in a JSON body. The provider then names the image `bytes`.
    #[default]
    Bytes,
    /// As a file in a multipart form, which keeps the image's name. Some accounts are refused this way.
    Multipart,
}

/// What an upload answers, and the answer that it was read from.
type Created = (CreatedAdImages, Response);

/// A library at Facebook.
#[derive(Debug)]
pub struct Facebook {
    line: Line,
    default_album: Option<AlbumId>,
    form: Form,
    version: String,
}

impl Facebook {
    /// A library of these settings. `version` is that of the Graph API, `v26.0`; absent means the one that this crate
    /// is made for.
    pub fn new(settings: Settings, form: Form, version: Option<String>) -> Self {
        let line = Line {
            library: settings.id,
            provider: Provider::Facebook,
            transport: settings.transport,
            errors: &polyptych_wire_facebook::ERRORS,
            request_id: Some("x-fb-trace-id"),
            status_decides: false,
        };
        let version = version.unwrap_or_else(|| DEFAULT_VERSION.to_owned());
        Self { line, default_album: settings.default_album, form, version }
    }

    /// The album by the number of its ad account alone.
    fn account(&self, album: &AlbumId) -> Result<AlbumId, Error> {
        let number = album.as_str().strip_prefix("act_").unwrap_or(album.as_str());
        match AlbumId::new(number) {
            Ok(account) if number.bytes().all(|byte| byte.is_ascii_digit()) => Ok(account),
            _ => {
                let message = "the album must be the number of an ad account, with or without `act_`";
                Err(self.line.error(album, ErrorKind::InvalidArgument, message))
            }
        }
    }

    /// Sends an operation and reads its answer.
    async fn send<O: Operation>(&self, call: &Call<'_>, request: &Request) -> Result<(O::Answer, Response), Error> {
        let answer = call.execute(request).await?;
        let read = decode::<O>(answer.status.as_u16(), &answer.body);
        Ok((fault::answer(call, &answer, read)?, answer))
    }

    /// A page of images. Deleted ones are left out: the edge may still tell of them.
    async fn fetch(&self, account: &AlbumId, list: ListAdImages) -> Result<Page<Image>, Error> {
        let call = self.line.call(account, Subject::Album, ListAdImages::EFFECT);
        let asked = list.after.clone();
        let (page, answer) = self.send::<ListAdImages>(&call, &list.with_fields(FIELDS).request()).await?;
        let held = |item: &AdImage| item.status != Some(AdImageStatus::Deleted);
        let items = page.data.into_iter().filter(held).map(|item| convert::image(account, item));
        let read = || Ok(Page { items: items.collect::<Result<_, _>>()?, next: convert::next(page.paging)? });
        let page: Page<_> = read().map_err(|error: BadAnswer| call.unreadable(&answer, error))?;
        match &page.next {
            Some(next) if asked.as_deref() == Some(next) => {
                Err(call.unreadable(&answer, BadAnswer::from("the list does not advance")))
            }
            _ => Ok(page),
        }
    }

    fn list_of(&self, account: &AlbumId) -> ListAdImages {
        ListAdImages::new(self.version.as_str(), account.as_str())
    }

    /// Asks the account for the hash, not the image's node: the node's id would have to be guessed from account and
    /// hash, and an unknown one cannot be told from a forbidden one.
    async fn find(&self, account: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let page = self.fetch(account, self.list_of(account).with_hashes([id.as_str()])).await?;
        let found = page.items.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| self.line.error(account, ErrorKind::ImageNotFound, "the album holds no such image"))
    }

    async fn create(&self, call: &Call<'_>, account: &AlbumId, upload: &Upload) -> Result<Created, Error> {
        let (version, account) = (self.version.as_str(), account.as_str());
        match self.form {
            Form::Bytes => {
                let create = CreateAdImages::new(version, account).with_bytes(blob(&upload.content));
                self.send::<CreateAdImages>(call, &create.request()).await
            }
            Form::Multipart => {
                let create = UploadAdImage::new(version, account, file_part(upload));
                let request = create.request(&boundary(&upload.content));
                self.send::<UploadAdImage>(call, &request.map_err(|error| call.unmade(error))?).await
            }
        }
    }

    async fn add(&self, account: &AlbumId, upload: &Upload) -> Result<Image, Error> {
        let call = self.line.call(account, Subject::Upload, CreateAdImages::EFFECT);
        let (created, answer) = self.create(&call, account, upload).await?;
        let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
        let image = created.into_single().ok_or_else(|| unreadable("not one image with a hash".into()))?;
        convert::created(account, image).map_err(unreadable)
    }

    async fn remove(&self, account: &AlbumId, id: &ImageId) -> Result<(), Error> {
        let delete = DeleteAdImage::new(self.version.as_str(), account.as_str(), id.as_str());
        let call = self.line.call(account, Subject::Image, DeleteAdImage::EFFECT);
        let (deleted, answer) = self.send::<DeleteAdImage>(&call, &delete.request()).await?;
        match deleted.success {
            Some(true) => Ok(()),
            Some(false) => {
                let message = "success: false".to_owned();
                Err(call.refused(fault::LEVEL, Refusal { message, ..Refusal::default() }, &answer))
            }
            None => Err(call.unclear(&answer, BadAnswer::from("no `success` in the answer"))),
        }
    }

    /// Why a deletion was refused. Neither the error for an unknown hash nor the one for an image in use is documented,
    /// so that the image itself is asked; if that tells nothing, the provider's error stands.
    async fn explained(&self, account: &AlbumId, id: &ImageId, refused: Error) -> Error {
        let (kind, message) = match self.find(account, id).await {
            Err(error) if error.kind() == ErrorKind::ImageNotFound => (error.kind(), "the album holds no such image"),
            Ok(image) if image.in_use == Some(true) => (ErrorKind::ImageInUse, "a creative uses the image"),
            _ => return refused,
        };
        let words = refused.provider_error().cloned().unwrap_or_default();
        self.line.error(account, kind, message).with_provider_error(words).with_source(refused)
    }
}

#[async_trait]
impl ImageLibrary for Facebook {
    fn id(&self) -> &LibraryId {
        &self.line.library
    }

    fn provider(&self) -> Provider {
        self.line.provider
    }

    fn encoding(&self) -> &'static str {
        match self.form {
            Form::Bytes => "bytes",
            Form::Multipart => "multipart",
        }
    }

    fn default_album(&self) -> Option<&AlbumId> {
        self.default_album.as_ref()
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::FACEBOOK
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        let Some(upload) = uploads.first() else { return Ok(Vec::new()) };
        batch_of_one(self.add(&self.account(album)?, upload).await)
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        let account = self.account(album)?;
        let mut list = self.list_of(&account).with_limit(page.size.min(CAPABILITIES.page_size).into());
        list.after = page.after.clone();
        self.fetch(&account, list).await
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        self.find(&self.account(album)?, id).await
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<(), Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        let Some(id) = ids.first() else { return Ok(Vec::new()) };
        let account = self.account(album)?;
        batch_of_one(match self.remove(&account, id).await {
            Err(error) if error.kind() == ErrorKind::ProviderRefused => Err(self.explained(&account, id, error).await),
            outcome => outcome,
        })
    }
}
