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
        };
        let version = version.unwrap_or_else(|| DEFAULT_VERSION.to_owned());
        Self { line, default_album: settings.default_album, form, version }
    }

    /// The number of the ad account that an album names.
    fn account<'a>(&self, album: &'a AlbumId) -> Result<&'a str, Error> {
        let number = album.as_str().strip_prefix("act_").unwrap_or(album.as_str());
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = "the album must be the number of an ad account, with or without `act_`";
            return Err(self.line.error(album, ErrorKind::InvalidArgument, message));
        }
        Ok(number)
    }

    /// Sends an operation and reads its answer.
    async fn send<O: Operation>(&self, call: &Call<'_>, request: &Request) -> Result<(O::Answer, Response), Error> {
        let answer = call.execute(request).await?;
        let read = decode::<O>(answer.status.as_u16(), &answer.body);
        Ok((fault::answer(call, &answer, read)?, answer))
    }

    /// A page of images. Deleted ones are left out: the edge may still tell of them.
    async fn fetch(&self, call: &Call<'_>, album: &AlbumId, list: &ListAdImages) -> Result<Page<Image>, Error> {
        let (page, answer) = self.send::<ListAdImages>(call, &list.request()).await?;
        let next = page.paging.and_then(|paging| {
            // Only `next` says that there is more; its address holds the token and is not followed.
            paging.next.and(paging.cursors).and_then(|cursors| cursors.after)
        });
        let held = |item: &AdImage| item.status != Some(AdImageStatus::Deleted);
        let items: Result<Vec<_>, BadAnswer> =
            page.data.into_iter().filter(held).map(|item| convert::image(album, item)).collect();
        match items {
            Ok(items) => Ok(Page { items, next }),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
    }

    async fn create(
        &self,
        call: &Call<'_>,
        account: &str,
        upload: &Upload,
    ) -> Result<(CreatedAdImages, Response), Error> {
        match self.form {
            Form::Bytes => {
                let create = CreateAdImages::new(self.version.as_str(), account).with_bytes(blob(&upload.content));
                self.send::<CreateAdImages>(call, &create.request()).await
            }
            Form::Multipart => {
                let create = UploadAdImage::new(self.version.as_str(), account, file_part(upload));
                let request = create.request(&boundary(&upload.content));
                let request = request.map_err(|error| call.unmade(error))?;
                self.send::<UploadAdImage>(call, &request).await
            }
        }
    }
}

impl Facebook {
    async fn add(&self, album: &AlbumId, upload: &Upload) -> Result<Image, Error> {
        let call = self.line.call(album, Subject::Upload, CreateAdImages::EFFECT);
        let (created, answer) = self.create(&call, self.account(album)?, upload).await?;
        let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
        let image = created.into_single().ok_or_else(|| unreadable("not one image with a hash".into()))?;
        convert::created(album, image).map_err(unreadable)
    }

    async fn remove(&self, album: &AlbumId, id: &ImageId) -> Result<(), Error> {
        let delete = DeleteAdImage::new(self.version.as_str(), self.account(album)?, id.as_str());
        let call = self.line.call(album, Subject::Image, DeleteAdImage::EFFECT);
        let (deleted, answer) = self.send::<DeleteAdImage>(&call, &delete.request()).await?;
        match deleted.success {
            Some(true) => Ok(()),
            Some(false) => {
                let message = "the provider says that it did not delete the image".to_owned();
                Err(call.refused(fault::LEVEL, Refusal { message, ..Refusal::default() }, &answer))
            }
            None => Err(call.unclear(&answer, BadAnswer::from("no `success` in the answer"))),
        }
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
        batch_of_one(self.add(album, upload).await)
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        let mut list = ListAdImages::new(self.version.as_str(), self.account(album)?)
            .with_fields(FIELDS)
            .with_limit(page.size.min(CAPABILITIES.page_size).into());
        list.after = page.after.clone();
        let call = self.line.call(album, Subject::Album, ListAdImages::EFFECT);
        self.fetch(&call, album, &list).await
    }

    /// Asks the account for the hash, not the image's node: the node's id would have to be guessed from account and
    /// hash, and an unknown one cannot be told from a forbidden one.
    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let list = ListAdImages::new(self.version.as_str(), self.account(album)?)
            .with_fields(FIELDS)
            .with_hashes([id.as_str()]);
        let call = self.line.call(album, Subject::Album, ListAdImages::EFFECT);
        let found = self.fetch(&call, album, &list).await?.items.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| call.error(ErrorKind::ImageNotFound, "the album holds no such image"))
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<(), Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        let Some(id) = ids.first() else { return Ok(Vec::new()) };
        batch_of_one(self.remove(album, id).await)
    }
}
