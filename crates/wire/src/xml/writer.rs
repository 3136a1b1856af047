//! Writes elements straight into a body. The generated code asks for elements in schema order.

use super::{WriteXml, XmlError, escape};
use crate::{Blob, Body, BodyWriter, Escape};

/// An XML document in the making. Names come from schemas and are written as they are; text is escaped.
#[derive(Debug, Default)]
pub struct XmlWriter {
    body: BodyWriter,
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
        self.close_tag();
        self.body.push_str("<");
        self.body.push_str(name);
        self.open = true;
    }

    /// Adds an attribute to the element just opened.
    pub fn attribute(&mut self, name: &str, value: &str) {
        debug_assert!(self.open, "attribute `{name}` after the start tag was closed");
        self.body.push_str(" ");
        self.body.push_str(name);
        self.body.push_str("=\"");
        self.note_forbidden(value);
        self.body.push_str(&escape(value));
        self.body.push_str("\"");
    }

    /// Appends text, escaped.
    pub fn text(&mut self, text: &str) {
        self.close_tag();
        self.note_forbidden(text);
        self.body.push_str(&escape(text));
    }

    /// Appends an image as base64, made while sending.
    pub fn base64(&mut self, blob: &Blob) {
        self.close_tag();
        self.body.push_base64(blob);
    }

    /// Marks the place of the credential.
    pub fn credential(&mut self) {
        self.close_tag();
        self.body.push_credential(Escape::Xml);
    }

    /// Closes the element.
    pub fn end(&mut self, name: &str) {
        if self.open {
            self.body.push_str("/>");
            self.open = false;
        } else {
            self.body.push_str("</");
            self.body.push_str(name);
            self.body.push_str(">");
        }
    }

    /// Writes a whole element around `value`.
    pub fn element(&mut self, name: &str, value: &(impl WriteXml + ?Sized)) {
        self.start(name);
        value.write_xml(self);
        self.end(name);
    }

    /// Writes a whole rpc/encoded element: `xsi:type` first, then `value`.
    pub fn typed_element(&mut self, name: &str, xsi_type: &str, value: &(impl WriteXml + ?Sized)) {
        self.start(name);
        self.attribute("xsi:type", xsi_type);
        value.write_xml(self);
        self.end(name);
    }

    /// Writes a rpc/encoded array: `SOAP-ENC:arrayType`, `xsi:type` of the array, then one `item` per value.
    pub fn typed_array<T: WriteXml>(&mut self, name: &str, array_type: &str, item_type: &str, items: &[T]) {
        self.start(name);
        self.attribute("SOAP-ENC:arrayType", &format!("{item_type}[{}]", items.len()));
        self.attribute("xsi:type", array_type);
        for item in items {
            self.typed_element("item", item_type, item);
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

    fn close_tag(&mut self) {
        if self.open {
            self.body.push_str(">");
            self.open = false;
        }
    }

    fn note_forbidden(&mut self, text: &str) {
        // Most texts are plain, and bytes are cheaper to look at than characters.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return;
        }
        let forbidden = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if self.forbidden.is_none() {
            self.forbidden = text.chars().find(|c| forbidden(*c)).map(u32::from);
        }
    }
}
