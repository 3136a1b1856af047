//! Direct API v4 Live, methods `AdImage` and `AdImageAssociation`: requests, answers and their types.
//!
//! The types and operations are generated from `schemas/yandex-direct-live4`. The token stands in the body; the
//! transport writes it there.

mod action;
mod json;
mod soap;

use polyptych_wire::Request;

use crate::answer::refuse_foreign;
use crate::{Answer, DecodeError, EncodeError, Encoding};

pub use crate::generated::errors_live4::ERRORS;
pub use crate::generated::live4::*;
pub use action::{Action, ActionRequest, Call};

/// Writes a request. What it does, and what a repetition would do, follows from its `Action`: see [`Action`].
///
/// `locale` is the language of messages: `en`, `ru`, `uk`.
///
/// ```
/// use polyptych_wire_yandex::{Encoding, live4};
///
/// let hashes = live4::AdImageSelectionCriteria::default().with_ad_image_hashes(["PLk5Qu9vFFXFRM-tH60AFw"]);
/// let delete = live4::AdImageRequest::new(live4::Action::DELETE).with_selection_criteria(hashes);
/// let request = live4::request(Encoding::Soap, "en", &delete)?;
/// assert_eq!(request.operation, "AdImage.Delete");
/// assert_eq!(request.path, "/live/v4/soap/");
/// # Ok::<(), polyptych_wire_yandex::EncodeError>(())
/// ```
///
/// # Errors
/// If a text cannot be carried by XML. Nothing was sent.
pub fn request<R: ActionRequest>(encoding: Encoding, locale: &str, parameters: &R) -> Result<Request, EncodeError> {
    match encoding {
        Encoding::Json => Ok(json::request(locale, parameters)),
        Encoding::Soap => soap::request(locale, parameters),
    }
}

/// Reads the body of an answer to a request of type `R`, whatever its HTTP status: faults come with 200 in JSON and
/// with 500 in SOAP.
///
/// # Errors
/// If it is no answer of the API. After a write that says nothing about whether the write was done.
pub fn decode<R: ActionRequest>(encoding: Encoding, body: &[u8]) -> Result<Answer<R::Response>, DecodeError> {
    refuse_foreign(body)?;
    match encoding {
        Encoding::Json => json::decode::<R>(body),
        Encoding::Soap => soap::decode::<R>(body),
    }
}
