//! How a request is written: the choice of encoding, the headers that follow from it, and why it may fail.

use http::header::{CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderMap, HeaderName, HeaderValue};
use polyptych_wire::xml::XmlError;

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// How parameters and answers are written. Both say the same; the types are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON.
    Json,
    /// SOAP 1.1: document/literal for v5, rpc/encoded for v4 Live.
    Soap,
}

/// Why a request could not be written; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A text cannot be carried by XML.
    #[error("the request cannot be written as xml")]
    Xml(#[from] XmlError),
    /// The operation's action cannot be carried by a header.
    #[error("the action of the operation cannot be written as a header")]
    Action(#[from] InvalidHeaderValue),
}

pub(crate) fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))])
}

/// `action` goes in quotes, as SOAP 1.1 asks; the recorded service takes both.
pub(crate) fn soap_headers(action: &str) -> Result<HeaderMap, InvalidHeaderValue> {
    let action = HeaderValue::try_from(format!("\"{action}\""))?;
    let content_type = HeaderValue::from_static("text/xml; charset=utf-8");
    Ok(HeaderMap::from_iter([(CONTENT_TYPE, content_type), (SOAP_ACTION, action)]))
}
