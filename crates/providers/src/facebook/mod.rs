//! Facebook ad images (Graph API, edge `adimages`) as a library. An album is an ad account's number; `act_` before it
//! is dropped. Images are known by their hash, which is the same in every account.
//!
//! The transport must send the token as `Authorization: Bearer`, so that it never stands in an address.

mod albums;
mod associations;
mod convert;
mod copy;
mod deletion;
mod fault;
mod proof;
mod reading;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Association, AssociationFilter, Capabilities, Capability, Confirmed, Error, ErrorKind,
    Fetched, Found, Image, ImageId, ImageLibrary, LibraryId, Page, PageRequest, Prices, Provider, Quota, Rules, Unit,
    Upload, Uploaded,
};
use polyptych_transport::{ConfigError, Response, Transport};
use polyptych_wire::Request;
use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{
    AdImage, AdImageStatus, CreateAdImages, CreatedAdImages, DEFAULT_VERSION, ListAdImages, MAX_BATCH, UploadAdImage,
    decode,
};

pub use proof::AppSecretProof;

use crate::call::{BadAnswer, Call, Line, batch_of_one};
use crate::content::{blob, boundary, file_part};
use crate::found;
use crate::lost::{self, Outcomes, Shelf};
use crate::picture;
use crate::refusal::Subject;
use crate::settings::{Settings, connect};
use reading::FacebookReading;

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
    download: Capability::Native,
    copy: Capability::Native,
    associations: Capability::Emulated,
    associate: Capability::Absent,
    albums: Capability::Native,
    room: Capability::Absent,
    import_url: Capability::Emulated,
    uploads_per_call: 1,
    upload_bytes_per_call: u64::MAX,
    deletes_per_call: MAX_BATCH as u32,
    page_size: 500,
    calls_at_once: 4,
    prices: Prices::none("facebook-adimages 9"),
};

/// Images that are looked through at most for an upload whose answer was lost; lists are taken to begin with the newest
/// (reference 16.13).
const LOOKED_THROUGH: u64 = 100;

/// Hashes that are asked for in one call at most: they travel in the address.
const HASHES_PER_CALL: u32 = 50;

/// How far the provider's clock may be behind ours.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// The name that the provider gives to an image that comes as base64.
const NAME_OF_BYTES: &str = "bytes";

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

/// Images of a page, the cursor of the next one, and the call and the answer that they come from.
type Rows<'a> = (Vec<AdImage>, Option<String>, Call<'a>, Response);

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
    ///
    /// # Errors
    /// If the connection's settings are unusable.
    pub fn new(settings: Settings, form: Form, version: Option<String>) -> Result<Self, ConfigError> {
        let Settings { id, default_album, connection } = settings;
        let line = Line {
            transport: connect(connection, Provider::Facebook, &id, FacebookReading)?,
            library: id,
            provider: Provider::Facebook,
            errors: &polyptych_wire_facebook::ERRORS,
            request_id: Some("x-fb-trace-id"),
            status_decides: false,
        };
        let version = version.unwrap_or_else(|| DEFAULT_VERSION.to_owned());
        Ok(Self { line, default_album, form, version })
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
        let (rows, next, call, answer) = self.rows(account, list).await?;
        let items: Result<_, BadAnswer> = rows.into_iter().map(|item| convert::image(account, item)).collect();
        match items {
            Ok(items) => Ok(Page { items, next }),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
    }

    /// A page of images as the provider states them, and where the next one begins.
    async fn rows<'a>(&'a self, account: &'a AlbumId, list: ListAdImages) -> Result<Rows<'a>, Error> {
        let call = self.line.call(account, Subject::Album, ListAdImages::EFFECT);
        let asked = list.after.clone();
        let (page, answer) = self.send::<ListAdImages>(&call, &list.with_fields(FIELDS).request()).await?;
        let held = |item: &AdImage| item.status != Some(AdImageStatus::Deleted);
        let rows = page.data.into_iter().filter(held).collect();
        match convert::next(page.paging) {
            Ok(Some(next)) if asked.as_ref() == Some(&next) => {
                Err(call.unreadable(&answer, BadAnswer::from("the list does not advance")))
            }
            Ok(next) => Ok((rows, next, call, answer)),
            Err(error) => Err(call.unreadable(&answer, error)),
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
        found.ok_or_else(|| found::missing(&self.line, account))
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

    async fn add(&self, account: &AlbumId, upload: &Upload) -> Result<Uploaded, Error> {
        let call = self.line.call(account, Subject::Upload, CreateAdImages::EFFECT);
        let (created, answer) = self.create(&call, account, upload).await?;
        let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
        let image = created.into_single().ok_or_else(|| unreadable("not one image with a hash".into()))?;
        Ok(call.uploaded(convert::created(account, image).map_err(unreadable)?, &answer))
    }
}

#[async_trait]
impl Shelf for Facebook {
    async fn send(&self, album: &AlbumId, uploads: &[Upload]) -> Outcomes {
        let mut outcomes = Vec::with_capacity(uploads.len());
        for upload in uploads {
            outcomes.extend(batch_of_one(self.add(album, upload).await)?);
        }
        Ok(outcomes)
    }

    async fn recent(&self, album: &AlbumId, since: Timestamp) -> Result<Vec<Image>, Error> {
        let since = since.checked_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN);
        let page = self.fetch(album, self.list_of(album).with_limit(LOOKED_THROUGH)).await?;
        let recent = |image: &Image| image.created.is_none_or(|created| created >= since);
        Ok(page.items.into_iter().filter(recent).collect())
    }

    fn kept_name<'u>(&self, upload: &'u Upload) -> &'u str {
        match self.form {
            Form::Bytes => NAME_OF_BYTES,
            Form::Multipart => &upload.name,
        }
    }

    fn transport(&self) -> &Transport {
        &self.line.transport
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

    fn canonical(&self, album: &AlbumId) -> AlbumId {
        self.account(album).unwrap_or_else(|_| album.clone())
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::FACEBOOK
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        lost::upload(self, &self.account(album)?, uploads, self.line.now()).await
    }

    async fn look_for(&self, album: &AlbumId, upload: &Upload, since: Timestamp) -> Result<Found, Error> {
        lost::look_for(self, &self.account(album)?, upload, since).await
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        let account = self.account(album)?;
        let mut list = self.list_of(&account).with_limit(page.size.min(CAPABILITIES.page_size).into());
        list.after = page.after.clone();
        self.fetch(&account, list).await
    }

    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        self.list_accounts(query, page).await
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        self.find(&self.account(album)?, id).await
    }

    async fn get_many(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.page_size)?;
        let account = self.account(album)?;
        let mut outcomes = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(HASHES_PER_CALL as usize) {
            let list = self.list_of(&account).with_hashes(chunk.iter().map(ImageId::as_str));
            let page = self.fetch(&account, list.with_limit(HASHES_PER_CALL.into())).await?;
            outcomes.extend(found::each(&self.line, &account, chunk, page.items));
        }
        Ok(outcomes)
    }

    async fn download(&self, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
        picture::open(&self.line, album, image, most).await
    }

    async fn copy(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        self.copy_to(&self.account(from)?, &self.account(to)?, id).await
    }

    async fn associations(
        &self,
        album: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        self.list_creatives(&self.account(album)?, filter, page).await
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        let account = self.account(album)?;
        match ids {
            [] => Ok(Vec::new()),
            [id] => batch_of_one(self.remove(&account, id).await),
            _ => self.remove_many(&account, ids).await,
        }
    }

    async fn quota(&self, album: &AlbumId) -> Result<Quota, Error> {
        Ok(self.line.quota(self.account(album)?.as_str(), Unit::Percent))
    }
}
