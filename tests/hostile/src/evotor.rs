//! Answers of Evotor Cloud: every operation, with a status of success and one of failure.

use std::fmt::Debug;

use polyptych_wire::rest::Operation;
use polyptych_wire_evotor::{
    Answer, DeleteProductImage, GetProduct, GetProductImage, ListProductImages, ListProducts, ListStores,
    UploadProductImage, decode,
};
use serde::Serialize;

use crate::json::read_alike;

/// The first byte chooses the status, the rest is the body.
pub fn evotor(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let status = if first.is_multiple_of(4) { 400 } else { 200 };
    read_alike(body);
    operation::<ListStores>(status, body);
    operation::<ListProducts>(status, body);
    operation::<GetProduct>(status, body);
    operation::<ListProductImages>(status, body);
    operation::<GetProductImage>(status, body);
    operation::<UploadProductImage>(status, body);
    let deleted = decode::<DeleteProductImage>(status, body);
    assert_eq!(matches!(deleted, Ok(Answer::Success(()))), status == 200, "a deletion has no answer to read");
}

/// An answer survives being written and read again.
fn operation<O: Operation>(status: u16, body: &[u8])
where
    O::Answer: Serialize + PartialEq + Debug,
{
    match decode::<O>(status, body) {
        Ok(Answer::Success(answer)) => {
            assert_eq!(status, 200, "no failing status is a success");
            let text = serde_json::to_vec(&answer).expect("answers have string keys");
            let read = O::read_answer(&text).unwrap_or_else(|error| panic!("{answer:?}: {error}"));
            assert_eq!(read, answer);
        }
        Ok(Answer::Refused(refusal)) => drop(refusal.entry()),
        Err(error) => drop(error.to_string()),
    }
}
