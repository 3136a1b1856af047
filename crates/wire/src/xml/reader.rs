//! A pull reader of scoped elements: each [`Element`] sees its own children only, and what it leaves unread is skipped.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::XmlError;

const MAX_DEPTH: usize = 128;
const MAX_ATTRIBUTES: usize = 64;

/// Reads one XML document from text.
pub struct XmlReader<'x> {
    events: Reader<&'x [u8]>,
    depth: usize,
    /// Whether the start tag read last says `xsi:nil`.
    nil: bool,
}

impl<'x> XmlReader<'x> {
    /// Starts at the beginning of a document. What is read of it has to be UTF-8.
    pub fn new(document: &'x [u8]) -> Self {
        let mut events = Reader::from_reader(document);
        events.config_mut().expand_empty_elements = true;
        Self { events, depth: 0, nil: false }
    }

    /// The document's root element.
    ///
    /// # Errors
    /// If there is none, if text stands before it, or if the prolog is refused.
    pub fn root(&mut self) -> Result<Element<'_, 'x>, XmlError> {
        match self.outside()? {
            Some(start) => Ok(Element::started(self, start)),
            None => Err(self.truncated()),
        }
    }

    /// Reads on from wherever the root element was left to the end of the document.
    ///
    /// # Errors
    /// If the rest of the root does not read, or anything but white space, comments and processing instructions stands
    /// behind it.
    pub fn finish(&mut self) -> Result<(), XmlError> {
        self.skip_to(0)?;
        match self.outside()? {
            Some(_) => Err(self.stray("an element behind the root")),
            None => Ok(()),
        }
    }

    /// The next start tag outside of the root element; `None` at the end of the document. What it passes by holds no text.
    fn outside(&mut self) -> Result<Option<BytesStart<'x>>, XmlError> {
        loop {
            let event = self.event()?;
            match event {
                Event::Start(start) => return Ok(Some(start)),
                Event::Eof => return Ok(None),
                Event::CData(_) | Event::GeneralRef(_) => return Err(self.stray("text outside of the root")),
                Event::Text(text) if !text.xml10_content().bytes().all(|byte| b" \t\r\n".contains(&byte)) => {
                    return Err(self.stray("text outside of the root"));
                }
                _ => {}
            }
        }
    }

    /// The next start tag at the current depth; `None` when the enclosing element ends.
    fn next_start(&mut self) -> Result<Option<BytesStart<'x>>, XmlError> {
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End(_) => return Ok(None),
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
        }
    }

    /// Reads one event, keeps the depth, refuses DTDs and deep or attribute-laden elements. Inlined, since an event is large and
    /// most are looked at once.
    #[inline(always)]
    fn event(&mut self) -> Result<Event<'x>, XmlError> {
        let event = self.events.read_event().map_err(|error| self.syntax(&error))?;
        match &event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(XmlError::Limit { what: "levels of depth", limit: MAX_DEPTH });
                }
                self.nil =
                    !start.attributes_raw().is_empty() && check_attributes(start, self.events.buffer_position())?;
            }
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => return Err(XmlError::Dtd("DOCTYPE".to_owned())),
            _ => {}
        }
        Ok(event)
    }

    /// Skips until `depth` is the current depth again.
    fn skip_to(&mut self, depth: usize) -> Result<(), XmlError> {
        while self.depth > depth {
            if matches!(self.event()?, Event::Eof) {
                return Err(self.truncated());
            }
        }
        Ok(())
    }

    /// Appends the text of `event`, if it is text, CDATA or a reference.
    #[inline]
    fn join(&self, text: &mut Cow<'x, str>, event: &Event<'x>) -> Result<(), XmlError> {
        let piece = match event {
            Event::Text(piece) => piece.xml10_content(),
            Event::CData(piece) => piece.xml10_content(),
            Event::GeneralRef(reference) => {
                match reference.resolve_char_ref().map_err(|error| self.unresolved(&error))? {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => {
                        let name = reference.xml10_content();
                        match quick_xml::escape::resolve_predefined_entity(&name) {
                            Some(known) => Cow::Borrowed(known),
                            None => return Err(XmlError::Dtd(name.into_owned())),
                        }
                    }
                }
            }
            _ => return Ok(()),
        };
        if text.is_empty() {
            *text = piece;
        } else {
            text.to_mut().push_str(&piece);
        }
        Ok(())
    }

    fn truncated(&self) -> XmlError {
        XmlError::Truncated { at: self.events.buffer_position() }
    }

    fn stray(&self, what: &str) -> XmlError {
        XmlError::Syntax { at: self.events.buffer_position(), detail: what.to_owned() }
    }

    /// The parser itself has not failed at a reference, so that it knows no position of the error.
    fn unresolved(&self, error: &quick_xml::Error) -> XmlError {
        XmlError::Syntax { at: self.events.buffer_position(), detail: error.to_string() }
    }

    fn syntax(&self, error: &quick_xml::Error) -> XmlError {
        let at = match error {
            // Found in a piece that was cut out already.
            quick_xml::Error::Encoding(_) => self.events.buffer_position(),
            _ => self.events.error_position(),
        };
        XmlError::Syntax { at, detail: error.to_string() }
    }
}

/// Refuses too many attributes, one that is not well formed (what stands behind it would not be seen), and references to
/// other elements. Whether `xsi:nil` is true, whatever the prefix.
fn check_attributes(start: &BytesStart<'_>, at: u64) -> Result<bool, XmlError> {
    let mut nil = false;
    for (index, attribute) in start.attributes().with_checks(false).enumerate() {
        if index >= MAX_ATTRIBUTES {
            return Err(XmlError::Limit { what: "attributes of one element", limit: MAX_ATTRIBUTES });
        }
        let attribute = attribute.map_err(|error| XmlError::Syntax { at, detail: error.to_string() })?;
        if attribute.key.into_inner() == "href" && attribute.value.starts_with('#') {
            return Err(XmlError::Reference(start.local_name().into_inner().to_owned()));
        }
        nil |= attribute.key.local_name().into_inner() == "nil" && matches!(attribute.value.trim(), "true" | "1");
    }
    Ok(nil)
}

/// An element whose start tag has been read and whose content has not.
pub struct Element<'r, 'x> {
    reader: &'r mut XmlReader<'x>,
    start: BytesStart<'x>,
    depth: usize,
    nil: bool,
}

impl<'r, 'x> Element<'r, 'x> {
    /// The element of which `reader` has read the start tag just now.
    fn started(reader: &'r mut XmlReader<'x>, start: BytesStart<'x>) -> Self {
        Self { depth: reader.depth, nil: reader.nil, start, reader }
    }

    /// The local name, without a prefix.
    pub fn name(&self) -> &str {
        let name = self.start.name().into_inner();
        // Names are short: what searches long texts takes longer to begin than this to end.
        let colon = name.bytes().position(|byte| byte == b':');
        colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
    }

    /// Whether `xsi:nil` is true, whatever the prefix.
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// The next child element; `None` after the last. A child that was not read to its end is skipped.
    ///
    /// # Errors
    /// If the XML is not well formed or breaks a limit.
    pub fn next_child(&mut self) -> Result<Option<Element<'_, 'x>>, XmlError> {
        if self.reader.depth < self.depth {
            return Ok(None);
        }
        if self.reader.depth > self.depth {
            self.reader.skip_to(self.depth)?;
        }
        let start = self.reader.next_start()?;
        Ok(start.map(|start| Element::started(&mut *self.reader, start)))
    }

    /// The text of the element, joined from all its pieces; child elements are skipped. Borrowed from the document
    /// where it stands there in one piece.
    ///
    /// # Errors
    /// If the XML is not well formed, or an entity is not one of the five that XML defines.
    pub fn text(&mut self) -> Result<Cow<'x, str>, XmlError> {
        let mut text = Cow::Borrowed("");
        while self.reader.depth >= self.depth {
            match self.reader.event()? {
                Event::Eof => return Err(self.reader.truncated()),
                // What nearly every element holds.
                Event::Text(all) if text.is_empty() && self.reader.depth == self.depth => text = all.xml10_content(),
                event if self.reader.depth == self.depth => self.reader.join(&mut text, &event)?,
                _ => {}
            }
        }
        Ok(text)
    }

    /// The text before the first child element, and that child: for elements that hold either.
    ///
    /// # Errors
    /// As [`Element::text`].
    pub fn text_or_child(&mut self) -> Result<(Cow<'x, str>, Option<Element<'_, 'x>>), XmlError> {
        let mut text = Cow::Borrowed("");
        while self.reader.depth >= self.depth {
            match self.reader.event()? {
                Event::Start(start) => {
                    return Ok((text, Some(Element::started(&mut *self.reader, start))));
                }
                Event::Eof => return Err(self.reader.truncated()),
                event => self.reader.join(&mut text, &event)?,
            }
        }
        Ok((text, None))
    }

    /// The error that says what the element should have held.
    pub fn invalid(&self, expected: &'static str) -> XmlError {
        XmlError::Value { element: self.name().to_owned(), expected }
    }
}
