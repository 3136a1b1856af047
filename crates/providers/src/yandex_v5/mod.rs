//! Yandex Direct API v5 (and v501) AdImages as a library. An album is an advertiser's login; `self` is the login of
//! the token. Images are known by `AdImageHash`.
//!
//! The transport must send the token as `Authorization: Bearer`; `Accept-Language` chooses the language of messages.

mod convert;
mod fault;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Association, AssociationFilter, Capabilities, Capability, Confirmed, Error, ErrorKind,
    Fetched, Found, Image, ImageId, ImageLibrary, LibraryId, Page, PageRequest, Provider, Quota, Rules, Unit, Upload,
    Uploaded,
};
use polyptych_transport::{ConfigError, Response, Transport};
use polyptych_wire::soap::Operation;
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::v5::{
    self, AdImageFieldEnum as Field, AdImageHashesCriteria, AdImageSelectionCriteria, Add, AddRequest, Delete,
    DeleteRequest, Get, GetRequest, LimitOffset, Version, YesNoEnum,
};

use crate::call::{BadAnswer, Call, Line, deleted};
use crate::found;
use crate::groups::Groups;
use crate::lost::{self, Outcomes, Shelf};
use crate::picture;
use crate::places::Places;
use crate::refusal::Subject;
use crate::settings::{Settings, connect};
use crate::yandex::advertiser::YandexIdentity;
use crate::yandex::albums;
use crate::yandex::items::matching;
use crate::yandex::reading::YandexReading;
use crate::yandex::{
    CALL_BYTES, CALLS_AT_ONCE, LOOKED_THROUGH, PRICES, REQUEST_ID, encoding_name, login, offset, response, unwritable,
};

/// Where production answers.
pub const ADDRESS: &str = "https://api.direct.yandex.com";

/// The same API in the other zone.
pub const ADDRESS_RU: &str = "https://api.direct.yandex.ru";

/// Where the sandbox answers.
pub const SANDBOX: &str = "https://api-sandbox.direct.yandex.com";

/// The same sandbox in the other zone.
pub const SANDBOX_RU: &str = "https://api-sandbox.direct.yandex.ru";

const CLIENT_LOGIN: HeaderName = HeaderName::from_static("client-login");
const USE_OPERATOR_UNITS: HeaderName = HeaderName::from_static("use-operator-units");

/// The code of a request that is not valid. One item that lacks a field makes the whole request so, and nothing is done
/// (reference 3.5).
const NOT_VALID: &str = "8000";

/// Calls at most to find the items of a deletion that make a request invalid; each that fails costs 50 points.
const NARROWING_CALLS: usize = 32;

const FIELDS: [Field; 7] = [
    Field::AdImageHash,
    Field::OriginalUrl,
    Field::PreviewUrl,
    Field::Name,
    Field::Type,
    Field::Subtype,
    Field::Associated,
];

const CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Native,
    replace: Capability::Absent,
    download: Capability::Native,
    copy: Capability::Emulated,
    associations: Capability::Emulated,
    associate: Capability::Absent,
    albums: Capability::Emulated,
    room: Capability::Absent,
    import_url: Capability::Emulated,
    // `add` takes 100; the provider advises at most 3.
    uploads_per_call: 3,
    upload_bytes_per_call: CALL_BYTES,
    deletes_per_call: 10_000,
    page_size: 1_000,
    calls_at_once: CALLS_AT_ONCE,
    prices: PRICES,
};

/// Images that `add` takes in one call at most.
const MOST_PER_CALL: u32 = 100;

/// A library at Yandex Direct API v5.
#[derive(Debug)]
pub struct YandexV5 {
    line: Line,
    default_album: Option<AlbumId>,
    encoding: Encoding,
    version: Version,
    identity: YandexIdentity,
    operator_units: bool,
    capabilities: Capabilities,
}

impl YandexV5 {
    /// A library of these settings.
    ///
    /// # Errors
    /// If the connection's settings are unusable.
    pub fn new(settings: Settings, encoding: Encoding, version: Version) -> Result<Self, ConfigError> {
        let Settings { id, default_album, connection } = settings;
        let line = Line {
            transport: connect(connection, Provider::YandexDirectV5, &id, YandexReading::v5(encoding))?,
            library: id,
            provider: Provider::YandexDirectV5,
            errors: &v5::ERRORS,
            request_id: Some(REQUEST_ID),
            status_decides: false,
        };
        let identity = YandexIdentity { credential: line.library.to_string(), ..YandexIdentity::default() };
        Ok(Self { line, default_album, encoding, version, identity, operator_units: false, capabilities: CAPABILITIES })
    }

    /// Says who the credential belongs to, and shares what is learnt of it.
    #[must_use]
    pub fn with_identity(mut self, identity: YandexIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// Puts so many images into one upload call, 1 to 100, in place of 3. Fewer calls cost fewer points, but a call is
    /// refused as a whole for one image that is not well formed.
    #[must_use]
    pub fn with_uploads_per_call(mut self, images: u32) -> Self {
        self.capabilities.uploads_per_call = images.clamp(1, MOST_PER_CALL);
        self
    }

    /// Puts at most so many bytes of images into one upload call, before base64, in place of 24 MiB. An image that is
    /// larger goes alone.
    #[must_use]
    pub fn with_upload_bytes_per_call(mut self, bytes: u64) -> Self {
        self.capabilities.upload_bytes_per_call = bytes;
        self
    }

    /// Charges the points of the agency, whose credential it is, and not those of its clients.
    #[must_use]
    pub fn with_operator_units(mut self) -> Self {
        self.operator_units = true;
        self
    }

    /// Sends one operation for the advertiser that `album` names, and reads its answer.
    async fn send<O: Operation>(
        &self,
        call: &Call<'_>,
        album: &AlbumId,
        params: &O::Request,
    ) -> Result<(O::Response, Response), Error> {
        let request = v5::request::<O>(self.encoding, self.version, params);
        let mut request = request.map_err(|error| unwritable(call, error))?;
        if let Some(login) = login(album) {
            let visible = login.bytes().all(|byte| byte.is_ascii_graphic());
            let value = visible.then(|| HeaderValue::from_str(login).ok()).flatten();
            let refused = || call.error(ErrorKind::InvalidArgument, "the album is not the login of an advertiser");
            request.headers.insert(CLIENT_LOGIN, value.ok_or_else(refused)?);
        }
        if self.operator_units {
            request.headers.insert(USE_OPERATOR_UNITS, HeaderValue::from_static("true"));
        }
        let answer = call.execute_within(&request, self.identity.limits(album)).await?;
        if !self.operator_units {
            self.identity.learn(album, &answer);
        }
        let read = v5::decode::<O>(self.encoding, &answer.body);
        Ok((response(call, self.encoding, &answer, read)?, answer))
    }

    /// `get` with all fields.
    async fn fetch(
        &self,
        call: &Call<'_>,
        album: &AlbumId,
        criteria: AdImageSelectionCriteria,
        page: Option<LimitOffset>,
    ) -> Result<(Vec<Image>, Option<i64>, Response), Error> {
        let mut params = GetRequest::new(FIELDS).with_selection_criteria(criteria);
        params.page = page;
        let (response, answer) = YandexV5::send::<Get>(self, call, album, &params).await?;
        let images: Result<_, BadAnswer> =
            response.ad_images.into_iter().map(|item| convert::image(album, item)).collect();
        match images {
            Ok(images) => Ok((images, response.limited_by, answer)),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
    }

    /// A page of the images that meet the criteria.
    async fn part(
        &self,
        album: &AlbumId,
        criteria: AdImageSelectionCriteria,
        page: &PageRequest,
    ) -> Result<Page<Image>, Error> {
        let call = self.line.call(album, Subject::Album, Get::EFFECT).costing(PRICES.get.of(0));
        let start = offset(&self.line, album, page)?;
        let part = LimitOffset::default().with_limit(page.size.min(CAPABILITIES.page_size).into()).with_offset(start);
        let (items, limited_by, answer) = self.fetch(&call, album, criteria, Some(part)).await?;
        match limited_by {
            Some(next) if next <= start => Err(call.unreadable(&answer, BadAnswer::from("the list does not advance"))),
            next => Ok(Page { items, next: next.map(|next| next.to_string()) }),
        }
    }

    async fn add(&self, album: &AlbumId, uploads: &[Upload]) -> Outcomes {
        let price = PRICES.least_of_upload(uploads.len() as u64);
        let call = self.line.call(album, Subject::Album, Add::EFFECT).costing(price);
        let params = AddRequest::new(uploads.iter().map(convert::item));
        let (response, answer) = YandexV5::send::<Add>(self, &call, album, &params).await?;
        let results = matching(&call, &answer, response.add_results, uploads.len())?;
        let item = call.about(Subject::Upload);
        let stored = |result| {
            let image = Image::new(album.clone(), fault::outcome(&item, &answer, result)?);
            Ok(item.uploaded(image, &answer))
        };
        Ok(results.into_iter().map(stored).collect())
    }

    async fn remove(&self, album: &AlbumId, ids: &[&ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        let price = PRICES.delete.of(ids.len() as u64);
        let call = self.line.call(album, Subject::Album, Delete::EFFECT).costing(price);
        let criteria = AdImageHashesCriteria::new(ids.iter().map(|id| id.as_str()));
        let (response, answer) = YandexV5::send::<Delete>(self, &call, album, &DeleteRequest::new(criteria)).await?;
        let results = matching(&call, &answer, response.delete_results, ids.len())?;
        let item = call.about(Subject::Image);
        let gone = |result| deleted(fault::outcome(&item, &answer, result).map(|_| item.confirmed(&answer)));
        Ok(results.into_iter().map(gone).collect())
    }
}

/// Whether a request was refused as a whole for what may be the fault of one of its items.
fn is_not_valid(error: &Error) -> bool {
    error.provider_error().is_some_and(|words| words.code.as_deref() == Some(NOT_VALID))
}

#[async_trait]
impl Shelf for YandexV5 {
    async fn send(&self, album: &AlbumId, uploads: &[Upload]) -> Outcomes {
        self.add(album, uploads).await
    }

    /// A new image is bound to no ad. Each image that is told costs a point, so that only one page is looked through.
    async fn recent(&self, album: &AlbumId, _: Timestamp) -> Result<Vec<Image>, Error> {
        let call = self.line.call(album, Subject::Album, Get::EFFECT).costing(PRICES.get.of(0));
        let criteria = AdImageSelectionCriteria::default().with_associated(YesNoEnum::No);
        let part = LimitOffset::default().with_limit(LOOKED_THROUGH.into());
        let (images, ..) = self.fetch(&call, album, criteria, Some(part)).await?;
        Ok(images)
    }

    fn kept_name<'u>(&self, upload: &'u Upload) -> &'u str {
        &upload.name
    }

    fn transport(&self) -> &Transport {
        &self.line.transport
    }
}

#[async_trait]
impl ImageLibrary for YandexV5 {
    fn id(&self) -> &LibraryId {
        &self.line.library
    }

    fn provider(&self) -> Provider {
        self.line.provider
    }

    fn encoding(&self) -> &'static str {
        encoding_name(self.encoding)
    }

    fn default_album(&self) -> Option<&AlbumId> {
        self.default_album.as_ref()
    }

    fn canonical(&self, album: &AlbumId) -> AlbumId {
        self.identity.canonical(album)
    }

    fn known_as(&self, album: &AlbumId) -> Option<AlbumId> {
        self.identity.known_as(album)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::YANDEX_V5
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), self.capabilities.uploads_per_call)?;
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        lost::upload(self, album, uploads, self.line.now()).await
    }

    async fn look_for(&self, album: &AlbumId, upload: &Upload, since: Timestamp) -> Result<Found, Error> {
        lost::look_for(self, album, upload, since).await
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        self.part(album, AdImageSelectionCriteria::default(), page).await
    }

    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        albums::configured(&self.line, &self.identity, self.default_album.as_ref(), query, page)
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let call = self.line.call(album, Subject::Album, Get::EFFECT).costing(PRICES.get.of(0));
        let criteria = AdImageSelectionCriteria::default().with_ad_image_hashes([id.as_str()]);
        let (images, ..) = self.fetch(&call, album, criteria, None).await?;
        let found = images.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| found::missing(&self.line, album))
    }

    async fn get_many(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.page_size)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.line.call(album, Subject::Album, Get::EFFECT).costing(PRICES.get.of(0));
        let criteria = AdImageSelectionCriteria::default().with_ad_image_hashes(ids.iter().map(ImageId::as_str));
        let (images, ..) = self.fetch(&call, album, criteria, None).await?;
        Ok(found::each(&self.line, album, ids, images))
    }

    async fn download(&self, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
        picture::open(&self.line, album, image, most).await
    }

    /// The provider tells only that an ad shows an image, not which one does.
    async fn associations(
        &self,
        album: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        if !filter.ads.is_empty() {
            let message = "the provider does not tell which ad shows an image; v4 Live does";
            return Err(self.line.error(album, ErrorKind::Unsupported, message));
        }
        self.line.check_batch(album, filter.images.len(), CAPABILITIES.deletes_per_call)?;
        let criteria = AdImageSelectionCriteria::default()
            .with_associated(YesNoEnum::Yes)
            .with_ad_image_hashes(filter.images.iter().map(ImageId::as_str));
        let Page { items, next } = self.part(album, criteria, page).await?;
        Ok(Page { items: items.into_iter().map(|image| Association::new(image.id)).collect(), next })
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        // A hash that is named twice fails in all its places.
        let mut places = Places::new(ids);
        let mut groups = Groups::new(places.all(), NARROWING_CALLS);
        while let Some(group) = groups.next() {
            match self.remove(album, &places.ids(&group)).await {
                Ok(outcomes) => places.set(&group, outcomes),
                Err(error) if group.len() > 1 && is_not_valid(&error) => groups.split(group),
                Err(error) if places.is_untouched() && group.len() == places.len() => return Err(error),
                Err(error) => places.set_all(&group, &Err(error)),
            }
        }
        let message =
            "other images of the batch make the provider refuse it, and looking for them takes too many calls";
        let untried = self.line.error(album, ErrorKind::ProviderRefused, message);
        places.set_all(&groups.left().collect::<Vec<_>>(), &Err(untried));
        Ok(places.outcomes())
    }

    async fn quota(&self, album: &AlbumId) -> Result<Quota, Error> {
        Ok(self.line.quota(album.as_str(), Unit::Points))
    }
}
