//! What the generator makes of its own message fixture compiles with these versions of prost and goes round.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, missing_docs, reason = "generated module, as in the crate that exports it")]

use prost::Message;

#[rustfmt::skip]
#[path = "../../../codegen/tests/codegen/fixtures/message.rs"]
mod message;

use message::Thing;

#[test]
fn a_message_of_the_fixture_goes_round() {
    let part = Thing { name: "part".to_owned(), r#type: None, parts: Vec::new() };
    let thing = Thing { name: "whole".to_owned(), r#type: Some(vec![0, 255].into()), parts: vec![part] };
    let bytes = thing.encode_to_vec();
    // Field 1, text of 5 bytes; field 2, 2 bytes; field 3, a message of 6 bytes: by the encoding of protocol buffers.
    assert_eq!(bytes, b"\x0a\x05whole\x12\x02\x00\xff\x1a\x06\x0a\x04part");
    assert_eq!(Thing::decode(bytes.as_slice()).unwrap(), thing);
}
