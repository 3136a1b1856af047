//! One call for several images of an album. Where the provider refuses it as a whole for what may be the fault of one of
//! them, the images are halved until that one is found, within a bounded number of calls.

use std::ops::Range;

use super::meter::Meter;
use super::put::points;
use super::wrong_number;
use crate::{AlbumId, Applied, Cost, Error, ErrorKind, ImageLibrary, Upload, Uploaded};

/// Calls at most for one group, the first included: among 100 images, one that is bad is found within 15, two within 27.
const MOST_CALLS: usize = 32;

/// Uploads the images: one outcome each, in order.
pub(super) async fn send(
    library: &dyn ImageLibrary,
    album: &AlbumId,
    uploads: &[Upload],
    meter: &Meter,
) -> Vec<Result<Uploaded, Error>> {
    let untried = || {
        let message = "other images of the call make the provider refuse it, and looking for them takes too many calls";
        Error::new(ErrorKind::ProviderRefused, message)
    };
    let mut outcomes: Vec<Option<Result<Uploaded, Error>>> = vec![None; uploads.len()];
    let mut waiting: Vec<Range<usize>> = std::iter::once(0..uploads.len()).collect();
    let mut calls = 0;
    while let Some(range) = waiting.pop() {
        let Some(group) = uploads.get(range.clone()).filter(|group| !group.is_empty()) else { continue };
        let told = if calls == MOST_CALLS { Err(untried()) } else { call(library, album, group, meter).await };
        calls = MOST_CALLS.min(calls + 1);
        let told = match told {
            Err(error) if group.len() > 1 && may_be_of_one(&error) && calls < MOST_CALLS => {
                let middle = range.start + group.len() / 2;
                waiting.extend([middle..range.end, range.start..middle]);
                continue;
            }
            Err(error) => vec![Err(error); group.len()],
            Ok(told) => told,
        };
        for (outcome, told) in outcomes.iter_mut().skip(range.start).zip(told) {
            *outcome = Some(told);
        }
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(untried()))).collect()
}

/// Whether a call was refused as a whole for what may be the fault of one of its images.
fn may_be_of_one(error: &Error) -> bool {
    let refused = matches!(error.kind(), ErrorKind::ProviderRefused | ErrorKind::RulesViolated);
    refused && error.applied() == Applied::No && error.provider_error().is_some()
}

async fn call(
    library: &dyn ImageLibrary,
    album: &AlbumId,
    group: &[Upload],
    meter: &Meter,
) -> Result<Vec<Result<Uploaded, Error>>, Error> {
    let (prices, images) = (&library.capabilities().prices, group.len() as u64);
    let bytes = group.iter().map(|upload| upload.content.len()).fold(0, u64::saturating_add);
    let reserved = meter.reserve(Cost { calls: 1, points: prices.most_of_upload(images), bytes })?;
    let told = library.upload(album, group).await;
    let told = match told {
        Ok(outcomes) if outcomes.len() != group.len() => Err(wrong_number("upload")),
        told => told,
    };
    let arrived =
        told.as_ref().err().is_none_or(|error| error.applied() != Applied::No || error.provider_error().is_some());
    let bytes = if arrived { bytes } else { 0 };
    reserved.spend(Cost { calls: u64::from(arrived), points: points(prices, images, &told), bytes });
    if let Err(error) = &told {
        meter.stop(error);
    }
    told
}
