//! Errors of Live 4 that are about one item of a batch. Warnings fail nothing and are left aside.

use polyptych_domain::{Error, ImageId};
use polyptych_transport::Response;
use polyptych_wire_yandex::live4::{AdImageActionResult, Error as LiveError};

use crate::call::Call;
use crate::refusal::Refusal;
use crate::yandex::items::{self, ItemError};

/// The outcome of one item: its hash, or why it was not done.
pub(super) fn outcome(item: &Call<'_>, answer: &Response, result: AdImageActionResult) -> Result<ImageId, Error> {
    items::outcome(item, answer, result.ad_image_hash.as_deref(), refusal(&result.errors))
}

/// The errors of an item as one. `None` if there are none.
pub(super) fn refusal(errors: &[LiveError]) -> Option<Refusal> {
    items::joined(errors.iter().map(|error| ItemError {
        code: error.fault_code.map(i64::from),
        message: error.fault_string.as_deref(),
        detail: error.fault_detail.as_deref(),
    }))
}
