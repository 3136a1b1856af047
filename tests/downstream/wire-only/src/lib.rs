//! A program that has an HTTP client of its own, and takes from Polyptych the messages only.

use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::Blob;
use polyptych_wire_yandex::{Answer, Encoding, v5};

/// Path and body of a request that adds one image.
///
/// # Errors
/// If the name cannot be written in the encoding.
pub fn add_request(
    encoding: Encoding,
    name: &str,
    image: Vec<u8>,
) -> Result<(String, Vec<u8>), Box<dyn std::error::Error>> {
    let add = v5::AddRequest::new([v5::AdImageAddItem::new(Blob::from_bytes(image), name)]);
    let request = v5::request::<v5::Add>(encoding, v5::Version::V501, &add)?;
    let chunks: Vec<_> = block_on(request.body.outgoing("").try_collect())?;
    Ok((request.path, chunks.concat()))
}

/// The hashes in the answer to it.
///
/// # Errors
/// If the answer does not read, or is a fault.
pub fn added(encoding: Encoding, answer: &[u8]) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let response = match v5::decode::<v5::Add>(encoding, answer)? {
        Answer::Response(response) => response,
        Answer::Fault(fault) => return Err(fault.into()),
    };
    Ok(response.add_results.into_iter().filter_map(|result| result.ad_image_hash).map(Into::into).collect())
}
