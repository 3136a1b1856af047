//! Answers of Yandex Direct. An answer that was read is written as JSON and read again: nothing may change,
//! whichever encoding it came in.

use std::fmt::Debug;

use polyptych_wire::soap::Operation;
use polyptych_wire_yandex::live4::{ActionRequest, AdImageAssociationRequest, AdImageRequest};
use polyptych_wire_yandex::{Answer, DecodeError, Encoding, live4, v5};
use serde::Serialize;
use serde_json::json;

use crate::json::{read_alike, read_alike_as};

/// v5 answers in JSON.
pub fn v5_json(input: &[u8]) {
    read_alike(input);
    read_alike_as::<v5::AddResponse>(input);
    read_alike_as::<v5::DeleteResponse>(input);
    read_alike_as::<v5::GetResponse>(input);
    v5_operations(Encoding::Json, input);
}

/// v5 answers in SOAP.
pub fn v5_soap(input: &[u8]) {
    v5_operations(Encoding::Soap, input);
}

fn v5_operations(encoding: Encoding, input: &[u8]) {
    v5_operation::<v5::Add>(encoding, input);
    v5_operation::<v5::Delete>(encoding, input);
    v5_operation::<v5::Get>(encoding, input);
}

fn v5_operation<O: Operation>(encoding: Encoding, input: &[u8])
where
    O::Response: Serialize + PartialEq + Debug,
{
    let again = |text: &[u8]| v5::decode::<O>(Encoding::Json, text);
    keeps("result", v5::decode::<O>(encoding, input), again);
}

/// Live 4 answers in JSON.
pub fn live4_json(input: &[u8]) {
    read_alike(input);
    read_alike_as::<live4::AdImageResponse>(input);
    read_alike_as::<live4::AdImageAssociationResponse>(input);
    live4_operation::<AdImageRequest>(Encoding::Json, input);
    live4_operation::<AdImageAssociationRequest>(Encoding::Json, input);
}

/// Live 4 answers in SOAP.
pub fn live4_soap(input: &[u8]) {
    live4_operation::<AdImageRequest>(Encoding::Soap, input);
    live4_operation::<AdImageAssociationRequest>(Encoding::Soap, input);
}

fn live4_operation<R: ActionRequest>(encoding: Encoding, input: &[u8])
where
    R::Response: Serialize + PartialEq + Debug,
{
    let again = |text: &[u8]| live4::decode::<R>(Encoding::Json, text);
    keeps("data", live4::decode::<R>(encoding, input), again);
}

/// A response survives being written under `key` and read again; a fault and an error print on one line.
fn keeps<T: Serialize + PartialEq + Debug>(
    key: &str,
    answer: Result<Answer<T>, DecodeError>,
    again: impl Fn(&[u8]) -> Result<Answer<T>, DecodeError>,
) {
    match answer {
        Ok(Answer::Response(response)) => {
            let text = json!({ key: response }).to_string();
            match again(text.as_bytes()) {
                Ok(Answer::Response(read)) => assert_eq!(read, response, "through {text}"),
                other => panic!("{text} was read as {other:?}"),
            }
        }
        Ok(Answer::Fault(fault)) => drop(fault.to_string()),
        Err(error) => drop(error.to_string()),
    }
}
