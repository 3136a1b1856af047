//! Pictures that the provider fetches by itself: `Upload` starts a task, `CheckUploadStatus` tells how it stands. Tasks are
//! kept for about a day; by their address and name a task is found whose id was lost. Nothing here waits.

use polyptych_domain::{AlbumId, Applied, Confirmed, Error, ErrorKind, Image, ImportStatus, ImportTicket, PictureUrl};
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_yandex::live4::{Action, ActionRequest, AdImageRequest, AdImageUpload, AdImageUrl};

use super::{YandexLive4, convert, fault};
use crate::call::{BadAnswer, Call};
use crate::refusal::Subject;
use crate::yandex::items::{id, matching};
use crate::yandex::{login, picture_url};

/// Tasks that are asked for at once to find one; the most that one answer holds.
const MOST_TASKS: i32 = 10_000;

impl YandexLive4 {
    pub(super) async fn begin_import(
        &self,
        album: &AlbumId,
        url: &PictureUrl,
        name: &str,
    ) -> Result<(ImportTicket, Confirmed), Error> {
        let item = AdImageUrl::new(url.as_str(), name);
        let item = match login(album) {
            Some(login) => item.with_login(login),
            None => item,
        };
        let params = AdImageRequest::new(Action::UPLOAD).with_ad_image_url_data([item]);
        let call = self.line.call(album, Subject::Upload, params.call().effect);
        let (response, answer) = YandexLive4::send(self, &call, album, &params).await?;
        let results = matching(&call, &answer, response.actions_result, 1)?;
        let result = results.into_iter().next().unwrap_or_default();
        match (fault::refusal(&result.errors), result.ad_image_upload_task_id) {
            (None, Some(task)) => Ok((ImportTicket(task.to_string()), call.confirmed(&answer))),
            (None, None) => Err(call.unclear(&answer, BadAnswer::from("a task without an id"))),
            (Some(refusal), None) => Err(call.refused(Level::Item, refusal, &answer)),
            (Some(refusal), Some(_)) => Err(call.refused(Level::Item, refusal, &answer).with_applied(Applied::Unknown)),
        }
    }

    pub(super) async fn status_of(&self, album: &AlbumId, ticket: &ImportTicket) -> Result<ImportStatus, Error> {
        let task: i32 = ticket
            .0
            .parse()
            .map_err(|_| self.line.error(album, ErrorKind::InvalidArgument, "the ticket is not one of this library"))?;
        let (uploads, call, answer) = self.tasks(album, Some(task)).await?;
        match uploads.into_iter().find(|upload| upload.ad_image_upload_task_id == Some(task)) {
            None => Ok(ImportStatus::Forgotten),
            Some(upload) => status(album, &call, &answer, upload),
        }
    }

    pub(super) async fn find_task(
        &self,
        album: &AlbumId,
        url: &PictureUrl,
        name: &str,
    ) -> Result<Option<ImportTicket>, Error> {
        let (uploads, ..) = self.tasks(album, None).await?;
        let same = |upload: &AdImageUpload| {
            upload.source_url.as_deref() == Some(url.as_str()) && upload.name.as_deref() == Some(name)
        };
        let newest =
            uploads.iter().filter(|upload| same(upload)).filter_map(|upload| upload.ad_image_upload_task_id).max();
        Ok(newest.map(|task| ImportTicket(task.to_string())))
    }

    /// One task, or all that are still known.
    async fn tasks<'a>(
        &'a self,
        album: &'a AlbumId,
        task: Option<i32>,
    ) -> Result<(Vec<AdImageUpload>, Call<'a>, Response), Error> {
        let criteria = convert::criteria(album).with_ad_image_upload_task_ids(task).with_limit(MOST_TASKS);
        let params = AdImageRequest::new(Action::CHECK_UPLOAD_STATUS).with_selection_criteria(criteria);
        let call = self.line.call(album, Subject::Upload, params.call().effect);
        let (response, answer) = YandexLive4::send(self, &call, album, &params).await?;
        Ok((response.ad_image_uploads, call, answer))
    }
}

/// How a task stands. The word for success is not documented: what has a hash and no error is done.
fn status(album: &AlbumId, call: &Call<'_>, answer: &Response, upload: AdImageUpload) -> Result<ImportStatus, Error> {
    let status = upload.status.as_deref().unwrap_or_default();
    if status == "Pending" {
        return Ok(ImportStatus::Pending);
    }
    if upload.error.is_some() || status == "Error" {
        let told = upload.error.unwrap_or_default();
        let refusal = fault::refusal(std::slice::from_ref(&told)).unwrap_or_default();
        // A look changes nothing, and a task that has failed has stored nothing.
        return Ok(ImportStatus::Failed(call.refused(Level::Item, refusal, answer).with_applied(Applied::No)));
    }
    let hash = upload.ad_image_hash.as_deref().filter(|hash| !hash.is_empty());
    let mut image = Image::new(album.clone(), id(hash).map_err(|error| call.unclear(answer, error))?);
    image.name = upload.name;
    image.url = upload.ad_image_url.map(picture_url);
    Ok(ImportStatus::Stored(image))
}
