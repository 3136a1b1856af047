//! Direct API v5, service `AdImages`: requests, answers and their types.
//!
//! The types and operations are generated from `schemas/yandex-direct-v5`. Authorization, `Client-Login` and
//! `Accept-Language` are headers that the caller or the transport adds.

mod json;
mod soap;

use polyptych_wire::Request;
use polyptych_wire::soap::Operation;

use crate::answer::refuse_foreign;
use crate::{Answer, DecodeError, EncodeError, Encoding};

pub use crate::generated::errors_v5::ERRORS;
pub use crate::generated::v5::operation::{Add, Delete, Get};
pub use crate::generated::v5::*;

/// Version in the path. Both serve the same images with the same types; names in SOAP say `v5` under either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// `v5`.
    V5,
    /// `v501`, the one that the provider's documentation shows.
    #[default]
    V501,
}

impl Version {
    /// As it stands in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V5 => "v5",
            Self::V501 => "v501",
        }
    }
}

/// Writes a request for `O`.
///
/// ```
/// use polyptych_wire_yandex::{Encoding, v5};
///
/// let hashes = v5::AdImageHashesCriteria::new(["PLk5Qu9vFFXFRM-tH60AFw"]);
/// let request = v5::request::<v5::Delete>(Encoding::Json, v5::Version::V501, &v5::DeleteRequest::new(hashes))?;
/// assert_eq!(request.path, "/json/v501/adimages");
/// # Ok::<(), polyptych_wire_yandex::EncodeError>(())
/// ```
///
/// # Errors
/// If a text cannot be carried by XML. Nothing was sent.
pub fn request<O: Operation>(
    encoding: Encoding,
    version: Version,
    parameters: &O::Request,
) -> Result<Request, EncodeError> {
    match encoding {
        Encoding::Json => Ok(json::request::<O>(version, parameters)),
        Encoding::Soap => soap::request::<O>(version, parameters),
    }
}

/// Reads the body of an answer to `O`, whatever its HTTP status: faults come with 200, in SOAP perhaps with 500.
///
/// # Errors
/// If it is no answer of the API. After a write that says nothing about whether the write was done.
pub fn decode<O: Operation>(encoding: Encoding, body: &[u8]) -> Result<Answer<O::Response>, DecodeError> {
    refuse_foreign(body)?;
    match encoding {
        Encoding::Json => json::decode::<O>(body),
        Encoding::Soap => soap::decode::<O>(body),
    }
}

/// Name of the service in paths: the last segment of its namespace.
fn service<O: Operation>() -> &'static str {
    O::NAMESPACE.rsplit('/').next().unwrap_or(O::NAMESPACE)
}
