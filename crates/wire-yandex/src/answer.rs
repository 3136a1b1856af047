//! What an answer of either API is: a response, or a fault that refuses the whole request.

use polyptych_wire::soap;
use polyptych_wire::xml::XmlError;

/// What the body of an answer held.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// The operation was carried out. Items of it may still have failed; the response says so for each.
    Response(T),
    /// The whole request was refused. Whether anything was done depends on the code: see the error table.
    Fault(ApiFault),
}

impl<T> Answer<T> {
    /// The response, or the fault as an error.
    ///
    /// # Errors
    /// The fault.
    pub fn into_result(self) -> Result<T, ApiFault> {
        match self {
            Self::Response(response) => Ok(response),
            Self::Fault(fault) => Err(fault),
        }
    }
}

/// A refused request, as either encoding tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("code {}: {message}", .code.map_or("unknown".to_owned(), |code| code.to_string()))]
pub struct ApiFault {
    /// The API's error code; absent if the fault came from something that has none, such as a SOAP gateway.
    pub code: Option<i64>,
    /// What happened, in the language that was asked for; may be empty.
    pub message: String,
    /// More about it; absent when there is nothing to add.
    pub detail: Option<String>,
    /// Id of the refused request, where the body tells it (v5). It is in the header `RequestId` too.
    pub request_id: Option<String>,
    /// `faultcode` of a SOAP fault, prefix included: `SOAP-ENV:Client`, `SOAP-ENV:52`.
    pub soap_code: Option<String>,
}

impl From<soap::Fault> for ApiFault {
    fn from(fault: soap::Fault) -> Self {
        Self {
            code: fault.error_code,
            message: fault.message,
            detail: fault.detail,
            request_id: fault.request_id,
            soap_code: Some(fault.code).filter(|code| !code.is_empty()),
        }
    }
}

impl<T> From<soap::Answer<T>> for Answer<T> {
    fn from(answer: soap::Answer<T>) -> Self {
        match answer {
            soap::Answer::Response(response) => Self::Response(response),
            soap::Answer::Fault(fault) => Self::Fault(fault.into()),
        }
    }
}

/// Why the body of an answer could not be read. After a write it says nothing about whether the write was done.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is empty.
    #[error("the answer is empty")]
    Empty,
    /// The body is a web page: it comes from a gateway, not from the API.
    #[error("the answer is a web page, not an answer of the api")]
    WebPage,
    /// The body is not JSON of the expected shape.
    #[error("the answer is not the expected json")]
    Json(#[source] serde_json::Error),
    /// The body is JSON, but holds neither a result nor an error.
    #[error("the answer holds neither a result nor an error")]
    NoResult,
    /// The body is not a SOAP envelope with the expected content.
    #[error("the answer is not the expected soap envelope")]
    Xml(#[source] XmlError),
}

/// Refuses what is no answer of the API before a parser complains about its first character.
pub(crate) fn refuse_foreign(body: &[u8]) -> Result<(), DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let starts = |tag: &[u8]| body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    match body {
        [] => Err(DecodeError::Empty),
        _ if starts(b"<!doctype html") || starts(b"<html") => Err(DecodeError::WebPage),
        _ => Ok(()),
    }
}
