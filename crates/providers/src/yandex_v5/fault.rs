//! Errors of v5: of a whole request, and of one item of a batch. Warnings fail nothing and are left aside.

use polyptych_domain::{Error, ImageId};
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_yandex::v5::{AdImageActionResult, ExceptionNotification};

use super::convert;
use crate::call::Call;
use crate::refusal::Refusal;

/// The outcome of one item: its hash, or why it was not done.
pub(super) fn outcome(item: &Call<'_>, answer: &Response, result: AdImageActionResult) -> Result<ImageId, Error> {
    if let Some(refusal) = refusal(&result.errors) {
        return Err(item.refused(Level::Item, refusal, answer));
    }
    convert::id(result.ad_image_hash.as_deref()).map_err(|error| item.unreadable(answer, error))
}

/// The errors of an item as one: the first has the code, all have their say. `None` if there are none.
fn refusal(errors: &[ExceptionNotification]) -> Option<Refusal> {
    let first = errors.first()?;
    let texts: Vec<_> = errors
        .iter()
        .map(|error| {
            Refusal::joined(error.message.as_deref().unwrap_or_default(), error.details.as_deref().unwrap_or_default())
        })
        .collect();
    Some(Refusal { code: first.code.map(i64::from), message: texts.join("; "), ..Refusal::default() })
}
