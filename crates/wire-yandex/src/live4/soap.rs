//! The SOAP envelope of v4 Live: rpc/encoded, with `locale` and `token` as header entries.

use http::Method;
use polyptych_wire::Request;
use polyptych_wire::soap::{Operation, read_rpc, rpc_request};

use super::ActionRequest;
use crate::encode::soap_headers;
use crate::{Answer, DecodeError, EncodeError};

pub(super) fn request<R: ActionRequest>(locale: &str, parameters: &R) -> Result<Request, EncodeError> {
    let call = parameters.call();
    Ok(Request {
        operation: call.name,
        effect: call.effect,
        method: Method::POST,
        path: "/live/v4/soap/".to_owned(),
        headers: soap_headers(R::Operation::SOAP_ACTION)?,
        body: rpc_request::<R::Operation>(parameters, locale)?,
    })
}

pub(super) fn decode<R: ActionRequest>(body: &[u8]) -> Result<Answer<R::Response>, DecodeError> {
    read_rpc::<R::Operation>(body).map(Answer::from).map_err(DecodeError::Xml)
}
