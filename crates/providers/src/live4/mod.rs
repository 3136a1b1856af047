//! Yandex Direct API v4 Live, method AdImage, as a library. An album is an advertiser's login; `self` is the login of
//! the token. Images are known by `AdImageHash`.
//!
//! The token travels in the body, so that the transport must be set to [`polyptych_transport::Auth::InBody`].

mod convert;
mod fault;

use async_trait::async_trait;
use polyptych_domain::{
    AlbumId, Capabilities, Capability, Error, ErrorKind, Image, ImageId, ImageLibrary, LibraryId, Page, PageRequest,
    Provider, Rules, Upload,
};
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::live4::{
    self, Action, ActionRequest, AdImageRequest, AdImageResponse, AdImageSelectionCriteria,
};

use crate::call::{BadAnswer, Call, Line, batch_of_one};
use crate::refusal::Subject;
use crate::settings::Settings;
use crate::yandex::items::matching;
use crate::yandex::{REQUEST_ID, encoding_name, offset, response, unwritable};

/// Where production answers. The sandbox is `https://api-sandbox.direct.yandex.ru`.
pub const ADDRESS: &str = "https://api.direct.yandex.ru";

const CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Native,
    replace: Capability::Absent,
    // What is served is not promised to be what was sent.
    download: Capability::Absent,
    uploads_per_call: 10,
    // One call takes 10,000 but cancels all for one that fails.
    deletes_per_call: 10_000,
    page_size: 1_000,
};

/// A library at Yandex Direct API v4 Live.
#[derive(Debug)]
pub struct YandexLive4 {
    line: Line,
    default_album: Option<AlbumId>,
    encoding: Encoding,
    locale: String,
}

impl YandexLive4 {
    /// A library of these settings. `locale` is the language of messages: `en`, `ru`, `uk`.
    pub fn new(settings: Settings, encoding: Encoding, locale: impl Into<String>) -> Self {
        let line = Line {
            library: settings.id,
            provider: Provider::YandexDirectLive4,
            transport: settings.transport,
            errors: &live4::ERRORS,
            request_id: Some(REQUEST_ID),
            status_decides: false,
        };
        Self { line, default_album: settings.default_album, encoding, locale: locale.into() }
    }

    /// Sends one action and reads its answer.
    async fn send(&self, call: &Call<'_>, params: &AdImageRequest) -> Result<(AdImageResponse, Response), Error> {
        let request = live4::request(self.encoding, &self.locale, params).map_err(|error| unwritable(call, error))?;
        let answer = call.execute(&request).await?;
        let read = live4::decode::<AdImageRequest>(self.encoding, &answer.body);
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
        let (response, answer) = self.send(&call, &params).await?;
        let images: Result<_, BadAnswer> =
            response.ad_images.into_iter().map(|item| convert::image(album, item)).collect();
        match images {
            Ok(images) => Ok((images, response.total_objects_count)),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
    }

    async fn remove(&self, album: &AlbumId, ids: &[ImageId]) -> Result<(), Error> {
        let criteria = convert::criteria(album).with_ad_image_hashes(ids.iter().map(ImageId::as_str));
        let params = AdImageRequest::new(Action::DELETE).with_selection_criteria(criteria);
        let call = self.line.call(album, Subject::Image, params.call().effect);
        let (response, answer) = self.send(&call, &params).await?;
        match response.actions_result.iter().find_map(|result| fault::refusal(&result.errors)) {
            Some(refusal) => Err(call.refused(Level::Item, refusal, &answer)),
            None => Ok(()),
        }
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

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::YANDEX_LIVE4
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        let items = uploads.iter().map(|upload| convert::item(album, upload));
        let params = AdImageRequest::new(Action::UPLOAD_RAW_DATA).with_ad_image_raw_data(items);
        let call = self.line.call(album, Subject::Upload, params.call().effect);
        let (response, answer) = self.send(&call, &params).await?;
        let results = matching(&call, &answer, response.actions_result, uploads.len())?;
        Ok(results
            .into_iter()
            .map(|result| {
                let id = fault::outcome(&call, &answer, result)?;
                Ok(Image::new(album.clone(), id))
            })
            .collect())
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

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let criteria = convert::criteria(album).with_ad_image_hashes([id.as_str()]);
        let (images, _) = self.fetch(album, criteria).await?;
        let found = images.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| self.line.error(album, ErrorKind::ImageNotFound, "the album holds no such image"))
    }

    /// All or nothing: an image that cannot be deleted fails the call, and with it every other.
    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<(), Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        match (self.remove(album, ids).await, ids) {
            (Ok(()), _) => Ok(ids.iter().map(|_| Ok(())).collect()),
            (Err(error), [_]) => batch_of_one(Err(error)),
            (Err(error), _) => Err(error),
        }
    }
}
