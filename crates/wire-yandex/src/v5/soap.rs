//! The SOAP envelope of v5: document/literal, no header entries.

use http::Method;
use polyptych_wire::Request;
use polyptych_wire::soap::{Operation, document_request, read_document};

use super::{Version, service};
use crate::encode::soap_headers;
use crate::{Answer, DecodeError, EncodeError};

pub(super) fn request<O: Operation>(version: Version, parameters: &O::Request) -> Result<Request, EncodeError> {
    Ok(Request {
        operation: O::NAME,
        effect: O::EFFECT,
        method: Method::POST,
        path: format!("/{}/{}", version.as_str(), service::<O>()),
        headers: soap_headers(O::SOAP_ACTION)?,
        body: document_request::<O>(parameters)?,
    })
}

pub(super) fn decode<O: Operation>(body: &[u8]) -> Result<Answer<O::Response>, DecodeError> {
    read_document::<O>(body).map(Answer::from).map_err(DecodeError::Xml)
}
