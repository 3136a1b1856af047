//! A pull reader of scoped elements: each [`Element`] sees its own children only, and what it leaves unread is skipped.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::XmlError;

const MAX_DEPTH: usize = 128;
const MAX_ATTRIBUTES: usize = 64;

/// What a document consists of, as far as it matters here.
enum Token<'x> {
    Start(BytesStart<'x>),
    End,
    Text(Cow<'x, str>),
    CData(Cow<'x, str>),
    Reference(BytesRef<'x>),
    /// A comment, a processing instruction or the declaration.
    Other,
    Eof,
}

/// Reads one XML document from text.
pub struct XmlReader<'x> {
    events: Reader<&'x [u8]>,
    depth: usize,
}

impl<'x> XmlReader<'x> {
    /// Starts at the beginning of a document, which has to be UTF-8: bytes that are not are an [`XmlError::Syntax`] where
    /// the reader comes upon them.
    pub fn new(document: &'x [u8]) -> Self {
        let mut events = Reader::from_reader(document);
        events.config_mut().expand_empty_elements = true;
        Self { events, depth: 0 }
    }

    /// The document's root element.
    ///
    /// # Errors
    /// If there is none, if text stands before it, or if the prolog is refused.
    pub fn root(&mut self) -> Result<Element<'_, 'x>, XmlError> {
        match self.outside()? {
            Some(start) => Ok(Element { depth: self.depth, start, reader: self }),
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
            match self.token()? {
                Token::Start(start) => return Ok(Some(start)),
                Token::Eof => return Ok(None),
                Token::CData(_) | Token::Reference(_) => return Err(self.stray("text outside of the root")),
                Token::Text(text) if !text.bytes().all(|byte| b" \t\r\n".contains(&byte)) => {
                    return Err(self.stray("text outside of the root"));
                }
                Token::Text(_) | Token::End | Token::Other => {}
            }
        }
    }

    /// The next start tag at the current depth; `None` when the enclosing element ends.
    fn next_start(&mut self) -> Result<Option<BytesStart<'x>>, XmlError> {
        loop {
            match self.token()? {
                Token::Start(start) => return Ok(Some(start)),
                Token::End => return Ok(None),
                Token::Eof => return Err(self.truncated()),
                _ => {}
            }
        }
    }

    /// Reads one token, keeps the depth, refuses DTDs and deep or attribute-laden elements.
    // Three of them make one element of an answer that has many: taken apart where it is read, and not handed on whole.
    #[inline(always)]
    fn token(&mut self) -> Result<Token<'x>, XmlError> {
        Ok(match self.events.read_event() {
            Ok(Event::Start(start)) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(XmlError::Limit { what: "levels of depth", limit: MAX_DEPTH });
                }
                if !start.attributes_raw().is_empty() {
                    check_attributes(&start, self.events.buffer_position())?;
                }
                Token::Start(start)
            }
            Ok(Event::End(_)) => {
                self.depth = self.depth.saturating_sub(1);
                Token::End
            }
            Ok(Event::Text(text)) => Token::Text(text.xml10_content()),
            Ok(Event::CData(text)) => Token::CData(text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => Token::Reference(reference),
            Ok(Event::DocType(_)) => return Err(XmlError::Dtd("DOCTYPE".to_owned())),
            Ok(Event::Eof) => Token::Eof,
            // Elements without content come as a start and an end.
            Ok(Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => Token::Other,
            Err(error) => return Err(self.syntax(&error)),
        })
    }

    /// Skips until `depth` is the current depth again.
    fn skip_to(&mut self, depth: usize) -> Result<(), XmlError> {
        while self.depth > depth {
            if matches!(self.token()?, Token::Eof) {
                return Err(self.truncated());
            }
        }
        Ok(())
    }

    /// The character, or one of the five entities that XML itself defines.
    fn resolve(&self, reference: &BytesRef<'x>) -> Result<Cow<'x, str>, XmlError> {
        // The parser itself has not failed here, so that it knows no position of the error.
        let unresolved = |error: quick_xml::Error| self.stray(&error.to_string());
        if let Some(character) = reference.resolve_char_ref().map_err(unresolved)? {
            return Ok(Cow::Owned(character.to_string()));
        }
        let name = reference.xml10_content();
        match quick_xml::escape::resolve_predefined_entity(&name) {
            Some(known) => Ok(Cow::Borrowed(known)),
            None => Err(XmlError::Dtd(name.into_owned())),
        }
    }

    fn truncated(&self) -> XmlError {
        XmlError::Truncated { at: self.events.buffer_position() }
    }

    fn stray(&self, what: &str) -> XmlError {
        XmlError::Syntax { at: self.events.buffer_position(), detail: what.to_owned() }
    }

    #[cold]
    fn syntax(&self, error: &quick_xml::Error) -> XmlError {
        let at = match error {
            // The parser notes no position of these.
            quick_xml::Error::Encoding(_) => self.events.buffer_position(),
            _ => self.events.error_position(),
        };
        XmlError::Syntax { at, detail: error.to_string() }
    }
}

/// Appends a piece; the first one is taken as it is.
#[inline]
fn join<'x>(text: &mut Cow<'x, str>, piece: Cow<'x, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

/// Refuses too many attributes, one that is not well formed (what stands behind it would not be seen), and references to
/// other elements.
fn check_attributes(start: &BytesStart<'_>, at: u64) -> Result<(), XmlError> {
    for (index, attribute) in start.attributes().with_checks(false).enumerate() {
        if index >= MAX_ATTRIBUTES {
            return Err(XmlError::Limit { what: "attributes of one element", limit: MAX_ATTRIBUTES });
        }
        let attribute = attribute.map_err(|error| XmlError::Syntax { at, detail: error.to_string() })?;
        if attribute.key.into_inner() == "href" && attribute.value.starts_with('#') {
            return Err(XmlError::Reference(local_name(start).to_owned()));
        }
    }
    Ok(())
}

/// The name behind the prefix. Names are short: looking at their bytes one by one is the quickest.
#[inline]
fn local_name<'s>(start: &'s BytesStart<'_>) -> &'s str {
    let name = start.name().into_inner();
    let colon = name.bytes().position(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

/// An element whose start tag has been read and whose content has not.
pub struct Element<'r, 'x> {
    reader: &'r mut XmlReader<'x>,
    start: BytesStart<'x>,
    depth: usize,
}

impl<'x> Element<'_, 'x> {
    /// The local name, without a prefix.
    pub fn name(&self) -> &str {
        local_name(&self.start)
    }

    /// Whether `xsi:nil` is true, whatever the prefix.
    #[inline]
    pub fn is_nil(&self) -> bool {
        !self.start.attributes_raw().is_empty()
            && self.start.attributes().with_checks(false).flatten().any(|attribute| {
                attribute.key.local_name().into_inner() == "nil" && matches!(attribute.value.trim(), "true" | "1")
            })
    }

    /// The next child element; `None` after the last. A child that was not read to its end is skipped.
    ///
    /// # Errors
    /// If the XML is not well formed or breaks a limit.
    pub fn next_child(&mut self) -> Result<Option<Element<'_, 'x>>, XmlError> {
        if self.reader.depth < self.depth {
            return Ok(None);
        }
        self.reader.skip_to(self.depth)?;
        let start = self.reader.next_start()?;
        Ok(start.map(|start| Element { depth: self.reader.depth, start, reader: &mut *self.reader }))
    }

    /// The text of the element, joined from all its pieces; child elements are skipped. Borrowed from the document
    /// where it stands there in one piece.
    ///
    /// # Errors
    /// If the XML is not well formed, or an entity is not one of the five that XML defines.
    pub fn text(&mut self) -> Result<Cow<'x, str>, XmlError> {
        let mut text = Cow::Borrowed("");
        while self.reader.depth >= self.depth {
            // One of a child stands deeper.
            let own = self.reader.depth == self.depth;
            match self.reader.token()? {
                Token::Text(piece) | Token::CData(piece) if own => join(&mut text, piece),
                Token::Reference(reference) if own => join(&mut text, self.reader.resolve(&reference)?),
                Token::Eof => return Err(self.reader.truncated()),
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
            match self.reader.token()? {
                Token::Start(start) => {
                    return Ok((text, Some(Element { depth: self.reader.depth, start, reader: &mut *self.reader })));
                }
                Token::Text(piece) | Token::CData(piece) => join(&mut text, piece),
                Token::Reference(reference) => join(&mut text, self.reader.resolve(&reference)?),
                Token::Eof => return Err(self.reader.truncated()),
                Token::End | Token::Other => {}
            }
        }
        Ok((text, None))
    }

    /// The error that says what the element should have held.
    pub fn invalid(&self, expected: &'static str) -> XmlError {
        XmlError::Value { element: self.name().to_owned(), expected }
    }
}
