//! One call for several images of an album. Where the provider refuses it as a whole for what may be the fault of one of
//! them, the images are halved until that one is found, within a bounded number of calls.

use futures_util::future::join_all;

use super::claimed::Held;
use super::meter::Meter;
use super::put::points;
use super::wrong_number;
use crate::{AlbumId, Applied, Cost, Error, ErrorKind, ImageLibrary, Prices, Upload, Uploaded};

/// Calls at most for one group, the first included: among 100 images, one that is bad is found within 15, two within 27.
const MOST_CALLS: usize = 32;

/// An upload and the claim under which it is sent.
pub(super) struct Outgoing<'s> {
    pub(super) upload: Upload,
    pub(super) held: Held<'s>,
}

/// What became of an upload.
pub(super) struct Told {
    /// Absent where its claim is another's by now; then it was not sent.
    pub(super) outcome: Option<Result<Uploaded, Error>>,
    /// What it has cost. What the call cost besides its images is told with the first of them.
    pub(super) points: u64,
}

/// A call that failed as a whole, and what it has cost.
struct Refused {
    error: Error,
    points: u64,
}

/// Uploads the images: one outcome each, in order.
pub(super) async fn send(
    library: &dyn ImageLibrary,
    album: &AlbumId,
    uploads: &[Outgoing<'_>],
    meter: &Meter,
) -> Vec<Told> {
    let untried = || {
        let message = "other images of the call make the provider refuse it, and looking for them takes too many calls";
        Error::new(ErrorKind::ProviderRefused, message)
    };
    let mut outcomes: Vec<Option<Told>> = std::iter::repeat_with(|| None).take(uploads.len()).collect();
    let mut waiting: Vec<Vec<(usize, &Outgoing<'_>)>> = vec![uploads.iter().enumerate().collect()];
    let (mut calls, mut carried) = (0, 0u64);
    while let Some(mut group) = waiting.pop() {
        if group.is_empty() {
            continue;
        }
        let told = match calls {
            MOST_CALLS => Err(Refused { error: untried(), points: 0 }),
            _ => call(library, album, &group, meter).await,
        };
        calls = MOST_CALLS.min(calls + 1);
        let mut told = match told {
            Err(Refused { error, points }) if group.len() > 1 && may_be_of_one(&error) => {
                // Where no call is left for the halves, neither is blamed.
                carried = carried.saturating_add(points);
                let second = group.split_off(group.len() / 2);
                waiting.extend([second, group]);
                continue;
            }
            Err(Refused { error, points }) => {
                carried = carried.saturating_add(points);
                group.iter().map(|_| Told { outcome: Some(Err(error.clone())), points: 0 }).collect()
            }
            Ok(told) => told,
        };
        if let Some(first) = told.first_mut() {
            first.points = first.points.saturating_add(std::mem::take(&mut carried));
        }
        for ((place, _), told) in group.into_iter().zip(told) {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Some(told);
            }
        }
    }
    let forgotten = || Told { outcome: Some(Err(untried())), points: 0 };
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(forgotten)).collect()
}

/// Whether a call was refused as a whole for what may be the fault of one of its images.
fn may_be_of_one(error: &Error) -> bool {
    let refused = matches!(error.kind(), ErrorKind::ProviderRefused | ErrorKind::RulesViolated | ErrorKind::TooLarge);
    refused && error.applied() == Applied::No && error.provider_error().is_some()
}

/// Whether a call that failed as a whole has, or may have, come as far as the provider.
pub(super) fn has_arrived(error: &Error) -> bool {
    error.applied() != Applied::No || error.provider_error().is_some()
}

/// Sends those whose claims hold, in one call. It fails as a whole only if all of them were sent, or none could be.
async fn call(
    library: &dyn ImageLibrary,
    album: &AlbumId,
    group: &[(usize, &Outgoing<'_>)],
    meter: &Meter,
) -> Result<Vec<Told>, Refused> {
    let prices = &library.capabilities().prices;
    let bytes = |uploads: &[Upload]| uploads.iter().map(|upload| upload.content.len()).fold(0, u64::saturating_add);
    let all: Vec<Upload> = group.iter().map(|(_, outgoing)| outgoing.upload.clone()).collect();
    let most = Cost { calls: 1, points: prices.most_of_upload(all.len() as u64), bytes: bytes(&all) };
    let reserved = meter.reserve(album, most).await.map_err(|error| Refused { error, points: 0 })?;
    let held = join_all(group.iter().map(|(_, outgoing)| outgoing.held.sending(&outgoing.upload))).await;
    let going: Vec<Upload> =
        all.into_iter().zip(&held).filter(|(_, held)| matches!(held, Ok(true))).map(|(upload, _)| upload).collect();
    if going.is_empty() {
        reserved.spend(Cost::default());
        return Ok(in_their_places(held, Vec::new(), prices));
    }
    let told = library.upload(album, &going).await;
    let told = match told {
        Ok(outcomes) if outcomes.len() != going.len() => Err(wrong_number("upload")),
        told => told,
    };
    let arrived = told.as_ref().err().is_none_or(has_arrived);
    let bytes = if arrived { bytes(&going) } else { 0 };
    let points = points(prices, going.len() as u64, &told);
    reserved.spend(Cost { calls: u64::from(arrived), points, bytes });
    if let Err(error) = &told {
        meter.stop(album, error);
    }
    match told {
        Err(error) if going.len() == group.len() => Err(Refused { error, points }),
        Err(error) => Ok(in_their_places(held, vec![Err(error); going.len()], prices)),
        Ok(outcomes) => Ok(in_their_places(held, outcomes, prices)),
    }
}

/// The outcomes of those that were sent among the others.
fn in_their_places(
    held: Vec<Result<bool, Error>>,
    outcomes: Vec<Result<Uploaded, Error>>,
    prices: &Prices,
) -> Vec<Told> {
    let (mut outcomes, mut of_the_call) = (outcomes.into_iter(), prices.upload.call);
    let told = held.into_iter().map(|held| match held {
        Ok(true) => {
            let outcome = outcomes.next().unwrap_or_else(|| Err(wrong_number("upload")));
            let own = if outcome.is_ok() { prices.upload.image } else { prices.refused_image };
            let points = own.saturating_add(std::mem::take(&mut of_the_call));
            Told { outcome: Some(outcome), points }
        }
        Ok(false) => Told { outcome: None, points: 0 },
        Err(error) => Told { outcome: Some(Err(error)), points: 0 },
    });
    told.collect()
}
