//! Errors of v5 that are about one item of a batch. Warnings fail nothing and are left aside.

use polyptych_domain::{Error, ImageId};
use polyptych_transport::Response;
use polyptych_wire_yandex::v5::AdImageActionResult;

use crate::call::Call;
use crate::yandex::items::{self, ItemError};

/// The outcome of one item: its hash, or why it was not done.
pub(super) fn outcome(item: &Call<'_>, answer: &Response, result: AdImageActionResult) -> Result<ImageId, Error> {
    let errors = result.errors.iter().map(|error| ItemError {
        code: error.code.map(i64::from),
        message: error.message.as_deref(),
        detail: error.details.as_deref(),
    });
    items::outcome(item, answer, result.ad_image_hash.as_deref(), items::joined(errors))
}
