//! Round trips of every type in both encodings: what goes out is read by readers that are not ours, what comes back is
//! written by writers that are not ours.

use std::fmt::Debug;

use polyptych_wire::xml::{ReadXml, WriteXml, XmlError, XmlReader, XmlWriter};
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq};

use crate::every_type::Sample;
use crate::every_type::checks::{for_values, text};
use crate::every_type_xml::{Manner, agrees, document, texts};

/// Declares the prefixes that rpc/encoded members use.
const PREFIXES: &[(&str, &str)] = &[
    ("xmlns:ns1", "urn:ns1"),
    ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xmlns:SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/"),
];

fn xml_of(value: &impl WriteXml) -> Result<String, XmlError> {
    let mut writer = XmlWriter::default();
    writer.start("r");
    PREFIXES.iter().for_each(|(name, uri)| writer.attribute(name, uri));
    value.write_xml(&mut writer);
    writer.end("r");
    writer.finish().map(text)
}

/// What goes out as XML is what the schema says, and what XML cannot carry does not go out.
pub(crate) fn sent_xml<T: Sample + WriteXml + Debug>() {
    for_values::<T>(false, |value| {
        let sent = xml_of(&value).unwrap();
        let document = roxmltree::Document::parse(&sent).map_err(|error| TestCaseError::fail(error.to_string()))?;
        agrees(document.root_element(), &value.shown()).map_err(TestCaseError::fail)
    });
    for_values::<T>(true, |value| {
        let forbidden = |c: char| {
            (c.is_control() && u32::from(c) < 32 && !"\t\n\r".contains(c)) || c == '\u{fffe}' || c == '\u{ffff}'
        };
        let carried = !texts(&value.shown()).iter().any(|text| text.contains(forbidden));
        match xml_of(&value) {
            Ok(_) => prop_assert!(carried, "what XML cannot carry was written"),
            Err(error) => prop_assert!(!carried && matches!(error, XmlError::Character(_)), "{error}"),
        }
        Ok(())
    });
}

/// What comes back as XML is the value, however loosely it is written.
pub(crate) fn answered_xml<T: Sample + ReadXml + PartialEq + Debug>() {
    for_values::<T>(false, |value| {
        for manner in [Manner::Strict, Manner::Sloppy] {
            let written = document(&value.shown(), manner);
            let mut reader = XmlReader::new(written.as_bytes());
            let read = reader.root().and_then(|mut root| T::read_xml(&mut root));
            let read = read.map_err(|error| TestCaseError::fail(format!("{error} in {written}")))?;
            prop_assert_eq!(&read, &value, "from {}", written);
        }
        Ok(())
    });
}

/// Tests of types that go out.
macro_rules! sent {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod sent {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::sent_json::<super::types::$type>();
                $crate::round_trips::sent_xml::<super::types::$type>();
            })*
        }
    };
}

/// Tests of types that come back.
macro_rules! answered {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod answered {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::answered_json::<super::types::$type>();
                $crate::round_trips::answered_xml::<super::types::$type>();
            })*
        }
    };
}

/// Tests of enums, which go both ways.
macro_rules! enums {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod enums {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::answered_json::<super::types::$type>();
                $crate::round_trips::answered_xml::<super::types::$type>();
                $crate::round_trips::sent_xml::<super::types::$type>();
            })*
        }
    };
}

pub(crate) use {answered, enums, sent};
