//! Writes elements straight into a body. The generated code asks for elements in schema order.

use super::{WriteXml, XmlError, escape};
use crate::{Blob, Body, BodyWriter, Escape, plain};

/// The tags of an element as they are written; made by [`xml_tag!`](crate::xml_tag).
#[derive(Debug, Clone, Copy)]
pub struct Tag {
    start: &'static str,
    end: &'static str,
}

impl Tag {
    #[doc(hidden)]
    pub const fn new(start: &'static str, end: &'static str) -> Self {
        Self { start, end }
    }
}

/// The [`Tag`](crate::xml::Tag) of an element by its name from a schema and, for rpc/encoded, its `xsi:type`. Both are
/// literals, so that a tag is one piece of text that was put together by the compiler.
#[macro_export]
macro_rules! xml_tag {
    ($name:literal) => {
        const { $crate::xml::Tag::new(concat!("<", $name, ">"), concat!("</", $name, ">")) }
    };
    ($name:literal, $xsi_type:literal) => {
        const { $crate::xml::Tag::new(concat!("<", $name, " xsi:type=\"", $xsi_type, "\">"), concat!("</", $name, ">")) }
    };
}

/// An XML document in the making. Names come from schemas and are written as they are; text is escaped.
#[derive(Debug, Default)]
pub struct XmlWriter {
    body: BodyWriter,
    /// Whether the last that was written is the `>` of a start tag.
    open: bool,
    forbidden: Option<u32>,
}

impl XmlWriter {
    /// Starts with the XML declaration.
    pub fn document() -> Self {
        let mut writer = Self { body: BodyWriter::with_capacity(1024), ..Self::default() };
        writer.body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        writer
    }

    /// Opens an element; attributes may follow.
    pub fn start(&mut self, name: &str) {
        self.body.push_str("<");
        self.body.push_str(name);
        self.body.push_str(">");
        self.open = true;
    }

    /// Adds an attribute to the element just opened.
    pub fn attribute(&mut self, name: &str, value: &str) {
        debug_assert!(self.open, "attribute `{name}` after the start tag was closed");
        self.body.text().pop();
        self.body.push_str(" ");
        self.body.push_str(name);
        self.body.push_str("=\"");
        self.push_escaped(value);
        self.body.push_str("\">");
    }

    /// Appends text, escaped.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.open = false;
        self.push_escaped(text);
    }

    /// Appends an image as base64, made while sending.
    pub fn base64(&mut self, blob: &Blob) {
        self.open = false;
        self.body.push_base64(blob);
    }

    /// Marks the place of the credential.
    pub fn credential(&mut self) {
        self.open = false;
        self.body.push_credential(Escape::Xml);
    }

    /// Closes the element.
    pub fn end(&mut self, name: &str) {
        if self.open {
            return self.end_empty();
        }
        self.body.push_str("</");
        self.body.push_str(name);
        self.body.push_str(">");
    }

    /// Writes a whole element around `value`.
    #[inline]
    pub fn element(&mut self, tag: Tag, value: &(impl WriteXml + ?Sized)) {
        self.body.push_str(tag.start);
        self.open = true;
        value.write_xml(self);
        if self.open {
            return self.end_empty();
        }
        self.body.push_str(tag.end);
    }

    /// Writes a rpc/encoded array: `SOAP-ENC:arrayType`, `xsi:type` of the array, then one `item` per value.
    pub fn typed_array<T: WriteXml>(&mut self, name: &str, array_type: &str, item_type: &str, items: &[T]) {
        self.start(name);
        self.attribute("SOAP-ENC:arrayType", &format!("{item_type}[{}]", items.len()));
        self.attribute("xsi:type", array_type);
        for item in items {
            self.start("item");
            self.attribute("xsi:type", item_type);
            item.write_xml(self);
            self.end("item");
        }
        self.end(name);
    }

    /// The finished document.
    ///
    /// # Errors
    /// [`XmlError::Character`] if some text holds a character that XML 1.0 forbids, such as U+0000.
    pub fn finish(self) -> Result<Body, XmlError> {
        match self.forbidden {
            Some(character) => Err(XmlError::Character(character)),
            None => Ok(self.body.finish()),
        }
    }

    /// Makes the start tag just written one of an element without content.
    fn end_empty(&mut self) {
        self.body.text().pop();
        self.body.push_str("/>");
        self.open = false;
    }

    #[inline]
    fn push_escaped(&mut self, text: &str) {
        if plain::in_xml(text) {
            self.body.push_str(text);
        } else {
            self.push_not_plain(text);
        }
    }

    fn push_not_plain(&mut self, text: &str) {
        let forbidden = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if self.forbidden.is_none() {
            self.forbidden = text.chars().find(|c| forbidden(*c)).map(u32::from);
        }
        self.body.push_str(&escape(text));
    }
}
