//! What the results of a batch tell, which both Yandex APIs state in the same way: one result per item, in order, each
//! with a hash or with errors.

use polyptych_domain::{Applied, Error, ImageId};
use polyptych_transport::Response;
use polyptych_wire::fault::Level;

use crate::call::{BadAnswer, Call};
use crate::refusal::Refusal;

/// One outcome per item that was asked for, or the answer cannot be matched with the request.
pub(crate) fn matching<T>(call: &Call<'_>, answer: &Response, results: Vec<T>, asked: usize) -> Result<Vec<T>, Error> {
    if results.len() == asked {
        return Ok(results);
    }
    let message = format!("{} results for {asked} items", results.len());
    Err(call.unclear(answer, BadAnswer(message)))
}

/// A hash as the image's id.
pub(crate) fn id(hash: Option<&str>) -> Result<ImageId, BadAnswer> {
    let hash = hash.ok_or_else(|| BadAnswer::from("an image without a hash"))?;
    ImageId::new(hash).map_err(|error| BadAnswer(error.to_string()))
}

/// The outcome of one item of a batch: its hash, or why it was not done. A hash beside an error leaves open whether
/// the item was done.
pub(crate) fn outcome(
    item: &Call<'_>,
    answer: &Response,
    hash: Option<&str>,
    refusal: Option<Refusal>,
) -> Result<ImageId, Error> {
    match (refusal, hash.filter(|hash| !hash.is_empty())) {
        (None, hash) => id(hash).map_err(|error| item.unclear(answer, error)),
        (Some(refusal), None) => Err(item.refused(Level::Item, refusal, answer)),
        (Some(refusal), Some(_)) => Err(item.refused(Level::Item, refusal, answer).with_applied(Applied::Unknown)),
    }
}

/// The errors of an item as one: the first has the code, all have their say. `None` if there are none.
pub(crate) fn joined<'e>(errors: impl IntoIterator<Item = ItemError<'e>>) -> Option<Refusal> {
    let mut errors = errors.into_iter().peekable();
    let code = errors.peek()?.code;
    let texts: Vec<_> = errors
        .map(|error| Refusal::joined(error.message.unwrap_or_default(), error.detail.unwrap_or_default()))
        .collect();
    Some(Refusal { code, message: texts.join("; "), ..Refusal::default() })
}

/// An error of an item, as either API states it.
pub(crate) struct ItemError<'e> {
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<&'e str>,
    pub(crate) detail: Option<&'e str>,
}
