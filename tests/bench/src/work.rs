//! The codec and body paths as they are called by providers and transport. Nothing is sent and nothing is kept.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use polyptych_wire::{Blob, Body, BodyWriter};
use polyptych_wire_facebook as facebook;
use polyptych_wire_yandex::live4::{self, AdImageRequest, AdImageResponse};
use polyptych_wire_yandex::v5::{self, AdImageHashesCriteria, Delete, DeleteRequest, Get, GetResponse, Version};
use polyptych_wire_yandex::{Answer, Encoding};

/// The parameters of a call that deletes these images.
pub fn delete(hashes: &[String]) -> DeleteRequest {
    DeleteRequest::new(AdImageHashesCriteria::new(hashes))
}

/// The body of that call.
///
/// # Errors
/// If a hash cannot be carried by XML.
pub fn encode_delete(encoding: Encoding, parameters: &DeleteRequest) -> Result<Body> {
    Ok(v5::request::<Delete>(encoding, Version::V501, parameters)?.body)
}

/// Reads an answer to `AdImages.get`.
///
/// # Errors
/// If it is none, or a fault.
pub fn decode_get(encoding: Encoding, body: &[u8]) -> Result<GetResponse> {
    Ok(v5::decode::<Get>(encoding, body)?.into_result()?)
}

/// Reads an answer to `AdImage` of v4 Live.
///
/// # Errors
/// If it is none, or a fault.
pub fn decode_live4(encoding: Encoding, body: &[u8]) -> Result<AdImageResponse> {
    match live4::decode::<AdImageRequest>(encoding, body)? {
        Answer::Response(response) => Ok(response),
        Answer::Fault(fault) => Err(fault.into()),
    }
}

/// Reads a page of images of the Graph API.
///
/// # Errors
/// If it is none, or a refusal.
pub fn decode_facebook(body: &[u8]) -> Result<facebook::AdImagePage> {
    match facebook::decode::<facebook::ListAdImages>(200, body)? {
        facebook::Answer::Success(page) => Ok(page),
        facebook::Answer::Refused(error) => bail!("{error:?}"),
    }
}

/// A body that carries a picture as base64 between quotes, as JSON and forms do.
pub fn base64_body(picture: &Bytes) -> Body {
    let mut writer = BodyWriter::new();
    writer.push_str("{\"ImageData\":\"");
    writer.push_base64(&Blob::from_bytes(picture.clone()));
    writer.push_str("\"}");
    writer.finish()
}

/// Takes a body as it goes out, piece by piece, and lets each piece go; its length.
///
/// # Errors
/// If a piece does not come, or all of them are not as long as was announced.
pub fn drain(body: &Body) -> Result<u64> {
    let mut outgoing = body.outgoing("");
    let (announced, mut length) = (outgoing.len(), 0);
    while let Some(piece) = futures_executor::block_on(outgoing.next()) {
        length += std::hint::black_box(piece.context("a piece of the body")?).len() as u64;
    }
    ensure!(length == announced, "a body of {length} bytes was announced with {announced}");
    Ok(length)
}
