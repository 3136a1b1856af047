//! Yandex Direct API v4 Live, methods AdImage and AdImageAssociation, as a library. An album is an advertiser's login; `self` is the login of
//! the token. Images are known by `AdImageHash`.
//!
//! The token travels in the body, so that the transport must be set to [`polyptych_transport::Auth::InBody`].
//!
//! A deletion is all or nothing there. So the images are looked up first, those that cannot be deleted are left out, and
//! where the rest is refused all the same, it is halved until the bad ones are found or a number of calls is spent.

mod associations;
mod convert;
mod fault;
mod import;

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Applied, Association, AssociationChange, AssociationFilter, Capabilities, Capability,
    Confirmed, Error, ErrorKind, Evidence, Fetched, Found, Gauge, Image, ImageId, ImageLibrary, ImportStatus,
    ImportTicket, LibraryId, Page, PageRequest, PictureUrl, Prices, Provider, Quota, QuotaSource, Rules, Unit, Upload,
    Uploaded,
};
use polyptych_transport::{ConfigError, Response, Transport};
use polyptych_wire::fault::Level;
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::live4::{self, Action, ActionRequest, AdImageRequest, AdImageSelectionCriteria};

use crate::call::{BadAnswer, Call, Line, batch_of_one, deleted};
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
    CALL_BYTES, CALLS_AT_ONCE, LOOKED_THROUGH, PRICES, REQUEST_ID, encoding_name, offset, response, unwritable,
};

/// Where production answers.
pub const ADDRESS: &str = "https://api.direct.yandex.ru";

/// Where the sandbox answers.
pub const SANDBOX: &str = "https://api-sandbox.direct.yandex.ru";

/// The name of the gauge of images.
const LIMITS: &str = "AdImageLimits";

/// Calls of one deletion at most, those that look included. One image among 10,000 that cannot be deleted is found
/// within 30.
const DELETION_CALLS: usize = 64;

const CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Native,
    replace: Capability::Absent,
    download: Capability::Native,
    copy: Capability::Emulated,
    associations: Capability::Native,
    associate: Capability::Native,
    albums: Capability::Emulated,
    room: Capability::Native,
    import_url: Capability::Native,
    uploads_per_call: 10,
    upload_bytes_per_call: CALL_BYTES,
    // One call takes 10,000 but cancels all for one that fails.
    deletes_per_call: 10_000,
    page_size: 1_000,
    calls_at_once: CALLS_AT_ONCE,
    // The price list of this API is not known; that of v5 stands for it.
    prices: Prices { evidence: Evidence::Assumed, source: "yandex-direct-live4 11.10", ..PRICES },
};

/// A library at Yandex Direct API v4 Live.
#[derive(Debug)]
pub struct YandexLive4 {
    line: Line,
    default_album: Option<AlbumId>,
    encoding: Encoding,
    locale: String,
    identity: YandexIdentity,
}

impl YandexLive4 {
    /// A library of these settings. `locale` is the language of messages: `en`, `ru`, `uk`.
    ///
    /// # Errors
    /// If the connection's settings are unusable.
    pub fn new(settings: Settings, encoding: Encoding, locale: impl Into<String>) -> Result<Self, ConfigError> {
        let Settings { id, default_album, connection } = settings;
        let line = Line {
            transport: connect(connection, Provider::YandexDirectLive4, &id, YandexReading::live4(encoding))?,
            library: id,
            provider: Provider::YandexDirectLive4,
            errors: &live4::ERRORS,
            request_id: Some(REQUEST_ID),
            status_decides: false,
        };
        let identity = YandexIdentity { credential: line.library.to_string(), ..YandexIdentity::default() };
        Ok(Self { line, default_album, encoding, locale: locale.into(), identity })
    }

    /// Says who the credential belongs to, and shares what is learnt of it.
    #[must_use]
    pub fn with_identity(mut self, identity: YandexIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// Sends one action and reads its answer.
    async fn send<R: ActionRequest>(
        &self,
        call: &Call<'_>,
        album: &AlbumId,
        params: &R,
    ) -> Result<(R::Response, Response), Error> {
        let request = live4::request(self.encoding, &self.locale, params).map_err(|error| unwritable(call, error))?;
        let answer = call.execute_within(&request, self.identity.limits(album)).await?;
        let read = live4::decode::<R>(self.encoding, &answer.body);
        Ok((response(call, self.encoding, &answer, read)?, answer))
    }

    /// A page of `Get`; a hash narrows it down.
    async fn fetch(
        &self,
        album: &AlbumId,
        criteria: AdImageSelectionCriteria,
    ) -> Result<(Vec<Image>, Option<i32>), Error> {
        let params = AdImageRequest::new(Action::GET).with_selection_criteria(criteria);
        let call = self.line.call(album, Subject::Album, params.call().effect);
        let (response, answer) = YandexLive4::send(self, &call, album, &params).await?;
        let images: Result<_, BadAnswer> =
            response.ad_images.into_iter().map(|item| convert::image(album, item)).collect();
        match images {
            Ok(images) => Ok((images, response.total_objects_count)),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
    }

    async fn remove(&self, album: &AlbumId, ids: &[&ImageId]) -> Result<Confirmed, Error> {
        let criteria = convert::criteria(album).with_ad_image_hashes(ids.iter().map(|id| id.as_str()));
        let params = AdImageRequest::new(Action::DELETE).with_selection_criteria(criteria);
        let call = self.line.call(album, Subject::Image, params.call().effect);
        let (response, answer) = YandexLive4::send(self, &call, album, &params).await?;
        match response.actions_result.iter().find_map(|result| fault::refusal(&result.errors)) {
            Some(refusal) => Err(call.refused(Level::Item, refusal, &answer)),
            None => Ok(call.confirmed(&answer)),
        }
    }

    /// Leaves out of a deletion what is not there, or is bound. `gone` is the outcome of what is not there.
    async fn look(
        &self,
        album: &AlbumId,
        places: &mut Places<'_>,
        group: &[usize],
        gone: &Result<Confirmed, Error>,
    ) -> Result<Vec<usize>, Error> {
        let criteria = convert::criteria(album).with_ad_image_hashes(places.ids(group).iter().map(|id| id.as_str()));
        let (images, _) = self.fetch(album, criteria).await?;
        let held: HashMap<_, _> = images.iter().map(|image| (&image.id, image.in_use)).collect();
        let bound = self.line.error(album, ErrorKind::ImageInUse, "the image is associated and cannot be deleted");
        let (bound, mut rest) = (Err(bound), Vec::with_capacity(group.len()));
        for (place, id) in group.iter().zip(places.ids(group)) {
            match held.get(id) {
                None => places.set_all(&[*place], gone),
                Some(Some(true)) => places.set_all(&[*place], &bound),
                Some(_) => rest.push(*place),
            }
        }
        Ok(rest)
    }

    /// Deletes several images; where a call fails as a whole, finds out for which of them.
    async fn remove_many(&self, album: &AlbumId, places: &mut Places<'_>) -> Result<(), Error> {
        let not_there = || found::missing(&self.line, album);
        let rest = self.look(album, places, &places.all(), &Err(not_there())).await?;
        let mut groups = Groups::new(rest, DELETION_CALLS - 1);
        // Whether an answer was lost on the way: what is gone from then on may have been deleted by that call.
        let mut unsure = false;
        while let Some(group) = groups.next() {
            let error = match self.remove(album, &places.ids(&group)).await {
                Ok(confirmed) => {
                    places.set_all(&group, &Ok(confirmed));
                    continue;
                }
                Err(error) => error,
            };
            unsure |= error.applied() != Applied::No;
            let gone = if unsure { Ok(Confirmed::default()) } else { Err(not_there()) };
            match error.kind() {
                ErrorKind::ImageNotFound if group.len() > 1 && groups.spend() => {
                    match self.look(album, places, &group, &gone).await {
                        Ok(rest) if rest.len() == group.len() => groups.split(rest),
                        Ok(rest) => groups.push(rest),
                        // A look changes nothing; what it was to explain may have.
                        Err(unseen) => give_up(places, &group, unseen.with_applied(error.applied()))?,
                    }
                }
                ErrorKind::ImageNotFound | ErrorKind::ImageInUse | ErrorKind::ProviderRefused if group.len() > 1 => {
                    groups.split(group);
                }
                _ => give_up(places, &group, error)?,
            }
        }
        let message = "other images of the batch cannot be deleted, and looking for them takes too many calls";
        let applied = if unsure { Applied::Unknown } else { Applied::No };
        let untried = self.line.error(album, ErrorKind::ProviderRefused, message).with_applied(applied);
        places.set_all(&groups.left().collect::<Vec<_>>(), &Err(untried));
        Ok(())
    }
}

/// Notes what ended a group. It ends the whole deletion only where nothing else of it is known.
fn give_up(places: &mut Places<'_>, group: &[usize], error: Error) -> Result<(), Error> {
    if places.is_untouched() && group.len() == places.len() {
        return Err(error);
    }
    places.set_all(group, &deleted(Err(error)));
    Ok(())
}

#[async_trait]
impl Shelf for YandexLive4 {
    async fn send(&self, album: &AlbumId, uploads: &[Upload]) -> Outcomes {
        let items = uploads.iter().map(|upload| convert::item(album, upload));
        let params = AdImageRequest::new(Action::UPLOAD_RAW_DATA).with_ad_image_raw_data(items);
        let call = self.line.call(album, Subject::Upload, params.call().effect);
        let (response, answer) = YandexLive4::send(self, &call, album, &params).await?;
        let results = matching(&call, &answer, response.actions_result, uploads.len())?;
        let stored = |result| {
            let image = Image::new(album.clone(), fault::outcome(&call, &answer, result)?);
            Ok(call.uploaded(image, &answer))
        };
        Ok(results.into_iter().map(stored).collect())
    }

    /// A new image is bound to no ad.
    async fn recent(&self, album: &AlbumId, _: Timestamp) -> Result<Vec<Image>, Error> {
        let criteria = convert::criteria(album).with_assigned(["No"]).with_limit(LOOKED_THROUGH as i32);
        Ok(self.fetch(album, criteria).await?.0)
    }

    fn kept_name<'u>(&self, upload: &'u Upload) -> &'u str {
        &upload.name
    }

    fn transport(&self) -> &Transport {
        &self.line.transport
    }
}

#[async_trait]
impl ImageLibrary for YandexLive4 {
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
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::YANDEX_LIVE4
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        lost::upload(self, album, uploads, self.line.now()).await
    }

    async fn look_for(&self, album: &AlbumId, upload: &Upload, since: Timestamp) -> Result<Found, Error> {
        lost::look_for(self, album, upload, since).await
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        let too_far =
            || self.line.error(album, ErrorKind::InvalidArgument, "the page token is not one of this library");
        let start = offset(&self.line, album, page)?;
        let (limit, start) = (page.size.min(CAPABILITIES.page_size), i32::try_from(start).map_err(|_| too_far())?);
        let criteria = convert::criteria(album).with_limit(limit as i32).with_offset(start);
        let (items, total) = self.fetch(album, criteria).await?;
        let end = i64::from(start) + items.len() as i64;
        // Without a count, a full page may have a successor.
        let more = total.map_or(items.len() >= limit as usize, |total| end < i64::from(total));
        let next = (more && !items.is_empty()).then(|| end.to_string());
        Ok(Page { items, next })
    }

    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        albums::configured(&self.line, &self.identity, self.default_album.as_ref(), query, page)
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let criteria = convert::criteria(album).with_ad_image_hashes([id.as_str()]);
        let (images, _) = self.fetch(album, criteria).await?;
        let found = images.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| found::missing(&self.line, album))
    }

    async fn get_many(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.page_size)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let criteria = convert::criteria(album).with_ad_image_hashes(ids.iter().map(ImageId::as_str));
        let (images, _) = self.fetch(album, criteria).await?;
        Ok(found::each(&self.line, album, ids, images))
    }

    async fn download(&self, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
        picture::open(&self.line, album, image, most).await
    }

    async fn associations(
        &self,
        album: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        self.list_associations(album, filter, page).await
    }

    async fn set_associations(
        &self,
        album: &AlbumId,
        changes: &[AssociationChange],
    ) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.change_associations(album, changes).await
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        let mut places = Places::new(ids);
        match places.ids(&places.all()).as_slice() {
            [] => return Ok(Vec::new()),
            [id] => {
                let outcome = batch_of_one(deleted(self.remove(album, &[id]).await))?;
                places.set(&[0], outcome);
            }
            _ => self.remove_many(album, &mut places).await?,
        }
        Ok(places.outcomes())
    }

    async fn import(&self, album: &AlbumId, url: &PictureUrl, name: &str) -> Result<(ImportTicket, Confirmed), Error> {
        self.begin_import(album, url, name).await
    }

    async fn import_status(&self, album: &AlbumId, ticket: &ImportTicket) -> Result<ImportStatus, Error> {
        self.status_of(album, ticket).await
    }

    async fn find_import(&self, album: &AlbumId, url: &PictureUrl, name: &str) -> Result<Option<ImportTicket>, Error> {
        self.find_task(album, url, name).await
    }

    /// Asks for the room that the advertiser has. It is said that the provider answers this no longer; points are not told
    /// by this API at all.
    async fn quota(&self, album: &AlbumId) -> Result<Quota, Error> {
        let params = AdImageRequest::new(Action::GET_LIMITS).with_selection_criteria(convert::criteria(album));
        let call = self.line.call(album, Subject::Album, params.call().effect);
        let (response, _) = YandexLive4::send(self, &call, album, &params).await?;
        let read = self.line.now();
        let gauge = |limit: live4::AdImageLimit| {
            let (capacity, used) = (limit.capacity.map(f64::from), limit.utilized.map(f64::from));
            Gauge {
                name: LIMITS.to_owned(),
                unit: Unit::Images,
                used,
                left: capacity.zip(used).map(|(capacity, used)| (capacity - used).max(0.0)),
                limit: capacity,
                resets: None,
                read,
                source: QuotaSource::Asked,
            }
        };
        let mut quota = self.line.quota(album.as_str(), Unit::Points);
        quota.gauges.extend(response.ad_image_limits.into_iter().take(1).map(gauge));
        Ok(quota)
    }
}
