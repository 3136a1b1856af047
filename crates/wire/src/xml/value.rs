//! XML codecs of the scalar types that the schemas use.

use std::str::FromStr;

use compact_str::CompactString;

use super::{Element, ReadXml, WriteXml, XmlError, XmlWriter};
use crate::{Blob, xml_tag};

/// Reads the members of an array, whatever they are named.
///
/// # Errors
/// If a member does not read.
pub fn read_items<T: ReadXml>(element: &mut Element<'_, '_>) -> Result<Vec<T>, XmlError> {
    let mut items = Vec::new();
    while let Some(mut item) = element.next_child()? {
        items.push(T::read_xml(&mut item)?);
    }
    Ok(items)
}

/// Reads an optional number; an empty element is absent.
///
/// # Errors
/// If the text is something else than a number of the type.
pub fn read_number<T: FromStr>(element: &mut Element<'_, '_>) -> Result<Option<T>, XmlError> {
    let text = element.text()?;
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| element.invalid("a number in range")),
    }
}

impl<T: WriteXml> WriteXml for Vec<T> {
    fn write_xml(&self, writer: &mut XmlWriter) {
        for item in self {
            writer.element(xml_tag!("item"), item);
        }
    }
}

impl<T: ReadXml> ReadXml for Vec<T> {
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        read_items(element)
    }
}

impl WriteXml for () {
    fn write_xml(&self, _: &mut XmlWriter) {}
}

impl ReadXml for () {
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        while element.next_child()?.is_some() {}
        Ok(())
    }
}

impl WriteXml for str {
    fn write_xml(&self, writer: &mut XmlWriter) {
        writer.text(self);
    }
}

impl WriteXml for String {
    #[inline]
    fn write_xml(&self, writer: &mut XmlWriter) {
        writer.text(self);
    }
}

impl ReadXml for String {
    #[inline]
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        Ok(element.text()?.into_owned())
    }
}

impl WriteXml for CompactString {
    #[inline]
    fn write_xml(&self, writer: &mut XmlWriter) {
        writer.text(self);
    }
}

impl ReadXml for CompactString {
    #[inline]
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        Ok(element.text()?.as_ref().into())
    }
}

impl WriteXml for Blob {
    fn write_xml(&self, writer: &mut XmlWriter) {
        writer.base64(self);
    }
}

impl WriteXml for bool {
    fn write_xml(&self, writer: &mut XmlWriter) {
        writer.text(if *self { "true" } else { "false" });
    }
}

impl ReadXml for bool {
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        match element.text()?.trim() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(element.invalid("a boolean")),
        }
    }
}

macro_rules! number {
    ($($type:ty => $expected:literal),* $(,)?) => {$(
        impl WriteXml for $type {
            fn write_xml(&self, writer: &mut XmlWriter) {
                writer.text(&self.to_string());
            }
        }

        impl ReadXml for $type {
            fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
                let text = element.text()?;
                text.trim().parse().map_err(|_| element.invalid($expected))
            }
        }
    )*};
}

number! {
    i32 => "a 32-bit integer",
    i64 => "a 64-bit integer",
    u32 => "an unsigned 32-bit integer",
    u64 => "an unsigned 64-bit integer",
}

impl WriteXml for f64 {
    fn write_xml(&self, writer: &mut XmlWriter) {
        match *self {
            // The words of XML Schema (3.2.5), which are not those of Rust.
            f64::INFINITY => writer.text("INF"),
            f64::NEG_INFINITY => writer.text("-INF"),
            number => writer.text(&number.to_string()),
        }
    }
}

impl ReadXml for f64 {
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError> {
        match read_number(element)? {
            Some(number) => Ok(number),
            None => Err(element.invalid("a number")),
        }
    }
}
