//! Yandex Direct API v5 (and v501) AdImages as a library. An album is an advertiser's login; `self` is the login of
//! the token. Images are known by `AdImageHash`.
//!
//! The transport must send the token as `Authorization: Bearer`; `Accept-Language` chooses the language of messages.

mod convert;
mod fault;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use polyptych_domain::{
    AlbumId, Capabilities, Capability, Error, ErrorKind, Image, ImageId, ImageLibrary, LibraryId, Page, PageRequest,
    Provider, Rules, Upload,
};
use polyptych_transport::Response;
use polyptych_wire::soap::Operation;
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::v5::{
    self, AdImageFieldEnum as Field, AdImageHashesCriteria, AdImageSelectionCriteria, Add, AddRequest, Delete,
    DeleteRequest, Get, GetRequest, LimitOffset, Version,
};

use crate::call::{BadAnswer, Call, Line};
use crate::refusal::Subject;
use crate::settings::Settings;
use crate::yandex::items::matching;
use crate::yandex::{REQUEST_ID, encoding_name, login, offset, response, unwritable};

/// Where production answers. The sandbox is `https://api-sandbox.direct.yandex.com`.
pub const ADDRESS: &str = "https://api.direct.yandex.com";

const CLIENT_LOGIN: HeaderName = HeaderName::from_static("client-login");

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
    // What is served is not promised to be what was sent.
    download: Capability::Absent,
    // `add` takes 100; the provider advises at most 3.
    uploads_per_call: 3,
    deletes_per_call: 10_000,
    page_size: 1_000,
};

/// A library at Yandex Direct API v5.
#[derive(Debug)]
pub struct YandexV5 {
    line: Line,
    default_album: Option<AlbumId>,
    encoding: Encoding,
    version: Version,
}

impl YandexV5 {
    /// A library of these settings.
    pub fn new(settings: Settings, encoding: Encoding, version: Version) -> Self {
        let line = Line {
            library: settings.id,
            provider: Provider::YandexDirectV5,
            transport: settings.transport,
            errors: &v5::ERRORS,
            request_id: Some(REQUEST_ID),
            status_decides: false,
        };
        Self { line, default_album: settings.default_album, encoding, version }
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
        let answer = call.execute(&request).await?;
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
        let (response, answer) = self.send::<Get>(call, album, &params).await?;
        let images: Result<_, BadAnswer> =
            response.ad_images.into_iter().map(|item| convert::image(album, item)).collect();
        match images {
            Ok(images) => Ok((images, response.limited_by, answer)),
            Err(error) => Err(call.unreadable(&answer, error)),
        }
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

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn rules(&self) -> &'static Rules {
        &crate::rules::YANDEX_V5
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Image, Error>>, Error> {
        self.line.check_batch(album, uploads.len(), CAPABILITIES.uploads_per_call)?;
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.line.call(album, Subject::Album, Add::EFFECT);
        let params = AddRequest::new(uploads.iter().map(convert::item));
        let (response, answer) = self.send::<Add>(&call, album, &params).await?;
        let results = matching(&call, &answer, response.add_results, uploads.len())?;
        let item = call.about(Subject::Upload);
        Ok(results
            .into_iter()
            .map(|result| {
                let id = fault::outcome(&item, &answer, result)?;
                Ok(Image::new(album.clone(), id))
            })
            .collect())
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        let call = self.line.call(album, Subject::Album, Get::EFFECT);
        let start = offset(&self.line, album, page)?;
        let part = LimitOffset::default().with_limit(page.size.min(CAPABILITIES.page_size).into()).with_offset(start);
        let (items, limited_by, answer) =
            self.fetch(&call, album, AdImageSelectionCriteria::default(), Some(part)).await?;
        match limited_by {
            Some(next) if next <= start => Err(call.unreadable(&answer, BadAnswer::from("the list does not advance"))),
            next => Ok(Page { items, next: next.map(|next| next.to_string()) }),
        }
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let call = self.line.call(album, Subject::Album, Get::EFFECT);
        let criteria = AdImageSelectionCriteria::default().with_ad_image_hashes([id.as_str()]);
        let (images, ..) = self.fetch(&call, album, criteria, None).await?;
        let found = images.into_iter().find(|image| image.id == *id);
        found.ok_or_else(|| call.error(ErrorKind::ImageNotFound, "the album holds no such image"))
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<(), Error>>, Error> {
        self.line.check_batch(album, ids.len(), CAPABILITIES.deletes_per_call)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.line.call(album, Subject::Album, Delete::EFFECT);
        let criteria = AdImageHashesCriteria::new(ids.iter().map(ImageId::as_str));
        let (response, answer) = self.send::<Delete>(&call, album, &DeleteRequest::new(criteria)).await?;
        let results = matching(&call, &answer, response.delete_results, ids.len())?;
        let item = call.about(Subject::Image);
        Ok(results.into_iter().map(|result| fault::outcome(&item, &answer, result).map(drop)).collect())
    }
}
