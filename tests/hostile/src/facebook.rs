//! Answers of the Graph API: every operation, with a status of success and one of failure, and answers to batches.

use std::fmt::Debug;

use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{
    Answer, Batch, BatchCall, BatchEntry, CreateAdImages, DEFAULT_VERSION, DeleteAdImage, GetAdImage, ListAdAccounts,
    ListAdImages, UploadAdImage, UploadAdImages, decode,
};
use serde::Serialize;

use crate::json::read_alike;

/// The first byte chooses the status, the rest is the body.
pub fn facebook(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let status = if first.is_multiple_of(4) { 400 } else { 200 };
    read_alike(body);
    operation::<ListAdAccounts>(status, body);
    operation::<ListAdImages>(status, body);
    operation::<GetAdImage>(status, body);
    operation::<CreateAdImages>(status, body);
    operation::<UploadAdImage>(status, body);
    operation::<UploadAdImages>(status, body);
    operation::<DeleteAdImage>(status, body);
}

/// Answers to a batch of a list and a deletion: an entry for each, or none at all.
pub fn facebook_batch(input: &[u8]) {
    let list = ListAdImages::new(DEFAULT_VERSION, "1").request();
    let delete = DeleteAdImage::new(DEFAULT_VERSION, "1", "h").request();
    let mut batch = Batch::new(DEFAULT_VERSION);
    for request in [list, delete] {
        let call = BatchCall::new(&request).expect("a request of the Graph API");
        batch.push(call).expect("a batch that is not full");
    }
    read_alike(input);
    match batch.decode(200, input) {
        Ok(Answer::Success(entries)) => {
            assert_eq!(entries.len(), batch.len(), "an entry for each request");
            for entry in &entries {
                let BatchEntry::Answered(answer) = entry else { continue };
                let _ = answer.usage();
                if let Err(error) = answer.decode::<ListAdImages>() {
                    drop(error.to_string());
                }
                let _ = answer.decode::<DeleteAdImage>();
            }
        }
        Ok(Answer::Refused(error)) => drop(error.entry()),
        Err(error) => drop(error.to_string()),
    }
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
        Ok(Answer::Refused(error)) => drop(error.entry()),
        Err(error) => drop(error.to_string()),
    }
}
