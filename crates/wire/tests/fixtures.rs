//! The fixtures of the generator compile against this runtime, their samples are read and written again, and every
//! type of theirs goes round.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    unreachable_pub,
    missing_docs,
    dead_code,
    unused_imports,
    reason = "generated modules, as in the crates that export them"
)]

use polyptych_wire::xml::{ReadXml, XmlReader};
use serde_json::Value;

#[path = "every_type/mod.rs"]
mod every_type;
#[path = "every_type/xml.rs"]
mod every_type_xml;
#[rustfmt::skip]
#[path = "../../../codegen/tests/codegen/fixtures/all.rs"]
mod fixtures;
#[path = "../../wire-yandex/tests/wire/round_trips.rs"]
mod round_trips;
#[path = "../../wire-facebook/tests/wire/round_trips.rs"]
mod round_trips_json;

/// A sample is read and written again as it was; the same sample in XML reads the same.
macro_rules! sample {
    ($name:ident: $type:ty, $json:expr $(, $xml:expr)?) => {
        #[test]
        fn $name() {
            let from_json: $type = serde_json::from_str($json).unwrap();
            let sample: serde_json::Value = serde_json::from_str($json).unwrap();
            assert_eq!(serde_json::to_value(&from_json).unwrap(), sample);
            $(
                let from_xml: $type = crate::read($xml);
                assert_eq!(from_xml, from_json);
            )?
        }
    };
}

use sample;

fn read<T: ReadXml>(document: &str) -> T {
    T::read_xml(&mut XmlReader::new(document.as_bytes()).root().unwrap()).unwrap()
}
