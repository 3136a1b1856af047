//! Uploads whose answer was lost, where the provider keeps identical bytes once. They are looked for among the images
//! that have their name; bytes that are equal prove that the image is there, bytes that differ prove nothing, since a
//! provider may store another file than it was sent. What is not found is sent once more, which adds no second image
//! there, and counted. It never sends again without having looked, and never twice.

use async_trait::async_trait;
use jiff::Timestamp;
use polyptych_domain::{AlbumId, Applied, Error, ErrorKind, Found, Image, Upload, Uploaded};
use polyptych_transport::{DownloadError, Error as TransportError, Transport};

use crate::call::is_of_an_item;
use crate::kept::is_kept_at;

/// Pictures that are fetched at most to find one upload.
const MOST_FETCHED: usize = 10;

/// Outcomes of a batch of uploads, in order.
pub(crate) type Outcomes = Result<Vec<Result<Uploaded, Error>>, Error>;

/// What a library does about lost uploads in its own way.
#[async_trait]
pub(crate) trait Shelf: Sync {
    /// Sends the uploads in one call, and does not look after them.
    async fn send(&self, album: &AlbumId, uploads: &[Upload]) -> Outcomes;

    /// Images that may have been stored at `since` or later, in a bounded number of calls: it need not tell all.
    async fn recent(&self, album: &AlbumId, since: Timestamp) -> Result<Vec<Image>, Error>;

    /// The name under which the provider keeps an upload.
    fn kept_name<'u>(&self, upload: &'u Upload) -> &'u str;

    /// Fetches what the provider's answers point at.
    fn transport(&self) -> &Transport;
}

/// Uploads, and finds out what became of uploads whose answer was lost. `since` is when the intent to upload came up.
pub(crate) async fn upload(
    shelf: &dyn Shelf,
    album: &AlbumId,
    uploads: &[Upload],
    since: Timestamp,
) -> Result<Vec<Result<Uploaded, Error>>, Error> {
    let (mut outcomes, whole) = match shelf.send(album, uploads).await {
        Ok(outcomes) => (outcomes, false),
        Err(error) if is_lost(&error) => (vec![Err(error); uploads.len()], true),
        Err(error) => return Err(error),
    };
    settle(shelf, album, uploads, since, &mut outcomes).await;
    // A call that failed as a whole and of which nothing turned up is told as one failure.
    let whole = whole && outcomes.iter().all(|outcome| matches!(outcome, Err(error) if !is_of_an_item(error)));
    match outcomes.first() {
        Some(Err(error)) if whole => Err(error.clone()),
        _ => Ok(outcomes),
    }
}

/// Looks for an upload whose process died. What is not found may be there all the same: under the name of identical bytes
/// that came first, bound by now, or in another file than was sent.
pub(crate) async fn look_for(
    shelf: &dyn Shelf,
    album: &AlbumId,
    upload: &Upload,
    since: Timestamp,
) -> Result<Found, Error> {
    let recent = shelf.recent(album, since).await?;
    let found = find(shelf, upload, &recent, &mut true).await;
    Ok(found.map_or(Found::Unclear, |image| Found::Image(Box::new(image.clone()))))
}

/// Whether nobody knows if, or as what, the image is there.
fn is_lost(error: &Error) -> bool {
    error.applied() != Applied::No
}

/// Looks for lost uploads, and sends once more what may not be there. Where looking fails, they stay lost.
async fn settle(
    shelf: &dyn Shelf,
    album: &AlbumId,
    uploads: &[Upload],
    since: Timestamp,
    outcomes: &mut [Result<Uploaded, Error>],
) {
    let lost = |outcome: &Result<Uploaded, Error>| matches!(outcome, Err(error) if is_lost(error));
    if !outcomes.iter().any(lost) {
        return;
    }
    let Ok(recent) = shelf.recent(album, since).await else { return };
    let (mut missing, mut in_time) = (Vec::new(), true);
    for (place, (upload, outcome)) in uploads.iter().zip(outcomes.iter_mut()).enumerate() {
        let Err(error) = outcome else { continue };
        if !is_lost(error) {
            continue;
        }
        match find(shelf, upload, &recent, &mut in_time).await {
            Some(image) => *outcome = Ok(Uploaded { found: true, ..image.clone().into() }),
            // What was applied and cannot be found will not be found by applying it again.
            None if error.applied() == Applied::Yes => {}
            None => missing.push(place),
        }
    }
    if !missing.is_empty() {
        send_again(shelf, album, uploads, &missing, outcomes).await;
    }
}

/// The image of `recent` that is the upload. Once a picture does not come `in_time` no other one is fetched, so that the
/// search for all uploads of a call takes hardly longer than one that stalls.
async fn find<'i>(shelf: &dyn Shelf, upload: &Upload, recent: &'i [Image], in_time: &mut bool) -> Option<&'i Image> {
    let name = shelf.kept_name(upload);
    let candidates = recent.iter().filter(|image| image.name.as_deref() == Some(name));
    for (image, url) in candidates.take(MOST_FETCHED).filter_map(|image| Some((image, image.url.as_ref()?))) {
        if !*in_time {
            return None;
        }
        match is_kept_at(shelf.transport(), url, &upload.content).await {
            Ok(true) => return Some(image),
            Err(DownloadError::Timeout) => *in_time = false,
            Ok(false) | Err(_) => {}
        }
    }
    None
}

async fn send_again(
    shelf: &dyn Shelf,
    album: &AlbumId,
    uploads: &[Upload],
    missing: &[usize],
    outcomes: &mut [Result<Uploaded, Error>],
) {
    let again: Vec<Upload> = missing.iter().filter_map(|place| uploads.get(*place).cloned()).collect();
    let second = match shelf.send(album, &again).await {
        Ok(second) => second,
        Err(error) => again.iter().map(|_| Err(error.clone())).collect(),
    };
    for (place, second) in missing.iter().zip(second) {
        if let Some(outcome) = outcomes.get_mut(*place) {
            *outcome = match second {
                Ok(uploaded) => Ok(Uploaded { resent: 1, ..uploaded }),
                Err(error) if never_left(&error) => Err(still_lost(error)),
                Err(error) => Err(still_lost(error).with_resent(1)),
            };
        }
    }
}

/// Whether no try was made, because the transport held the call back.
fn never_left(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<TransportError>());
    source.is_some_and(|error| error.tries() == 0)
}

/// The second failure of an upload. One that is about the image itself would have met the first try as well; any other
/// leaves open what became of that.
fn still_lost(error: Error) -> Error {
    let of_the_image = matches!(error.kind(), ErrorKind::RulesViolated | ErrorKind::CorruptImage);
    let applied = match error.applied() {
        Applied::No if of_the_image => Applied::No,
        Applied::Yes => Applied::Yes,
        _ => Applied::Unknown,
    };
    error.with_applied(applied)
}
