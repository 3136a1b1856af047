//! A pull reader of scoped elements: each [`Element`] sees its own children only, and what it leaves unread is skipped.

use std::borrow::Cow;

use super::XmlError;
use super::escape::resolve;
use super::token::{Result as Read, Token, Tokens};

/// Reads one XML document from text.
pub struct XmlReader<'x> {
    tokens: Tokens<'x>,
}

impl<'x> XmlReader<'x> {
    /// Starts at the beginning of a document. What is read of it has to be UTF-8.
    pub fn new(document: &'x [u8]) -> Self {
        Self { tokens: Tokens::new(document) }
    }

    /// The document's root element.
    ///
    /// # Errors
    /// If there is none, if text stands before it, or if the prolog is refused.
    pub fn root(&mut self) -> Result<Element<'_, 'x>, XmlError> {
        match self.outside()? {
            true => Ok(Element::started(self)),
            false => Err(*self.truncated()),
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
            true => Err(*self.tokens.malformed("an element behind the root")),
            false => Ok(()),
        }
    }

    /// Goes behind the next start tag outside of the root element; `false` at the end of the document. What it passes by holds no
    /// text.
    fn outside(&mut self) -> Read<bool> {
        loop {
            match self.tokens.next()? {
                Token::Start => return Ok(true),
                Token::Eof => return Ok(false),
                Token::Text if self.tokens.piece().bytes().all(|byte| b" \t\n".contains(&byte)) => {}
                Token::Text | Token::CData | Token::Reference | Token::End => {
                    return Err(self.tokens.malformed("text outside of the root"));
                }
            }
        }
    }

    /// Goes behind the next start tag at the current depth; `false` when the enclosing element ends.
    #[inline]
    fn next_start(&mut self) -> Read<bool> {
        loop {
            match self.tokens.next()? {
                Token::Start => return Ok(true),
                Token::End => return Ok(false),
                Token::Eof => return Err(self.truncated()),
                Token::Text | Token::CData | Token::Reference => {}
            }
        }
    }

    /// Skips until `depth` is the current depth again.
    fn skip_to(&mut self, depth: usize) -> Read<()> {
        while self.tokens.depth() > depth {
            if self.tokens.next()? == Token::Eof {
                return Err(self.truncated());
            }
        }
        Ok(())
    }

    /// Appends the text of the token read last, if it is text, CDATA or a reference.
    fn join(&self, text: &mut Cow<'x, str>, token: Token) -> Result<(), XmlError> {
        let piece = self.tokens.piece();
        match token {
            Token::Text => append(text, Cow::Borrowed(piece)),
            // XML has one end of line (2.11); in a text the tokens have it already.
            Token::CData if piece.contains('\r') => {
                append(text, Cow::Owned(piece.replace("\r\n", "\n").replace('\r', "\n")));
            }
            Token::CData => append(text, Cow::Borrowed(piece)),
            Token::Reference => match resolve(piece) {
                Some(character) => text.to_mut().push(character),
                None if piece.starts_with('#') => {
                    return Err(*self.tokens.malformed("a reference to what is no character"));
                }
                None => return Err(XmlError::Dtd(piece.to_owned())),
            },
            Token::Start | Token::End | Token::Eof => {}
        }
        Ok(())
    }

    #[cold]
    fn truncated(&self) -> Box<XmlError> {
        Box::new(XmlError::Truncated { at: self.tokens.position() as u64 })
    }
}

fn append<'x>(text: &mut Cow<'x, str>, piece: Cow<'x, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

/// An element whose start tag has been read and whose content has not.
pub struct Element<'r, 'x> {
    reader: &'r mut XmlReader<'x>,
    name: &'x str,
    depth: usize,
    nil: bool,
}

impl<'r, 'x> Element<'r, 'x> {
    /// The element of which `reader` has read the start tag just now.
    #[inline]
    fn started(reader: &'r mut XmlReader<'x>) -> Self {
        let tokens = &reader.tokens;
        Self { name: tokens.piece(), depth: tokens.depth(), nil: tokens.nil(), reader }
    }

    /// The local name, without a prefix.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Whether `xsi:nil` is true, whatever the prefix.
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// The next child element; `None` after the last. A child that was not read to its end is skipped.
    ///
    /// # Errors
    /// If the XML is not well formed or breaks a limit.
    // An element that is handed over in memory costs more than reading its tag.
    #[inline(always)]
    pub fn next_child(&mut self) -> Result<Option<Element<'_, 'x>>, XmlError> {
        if self.reader.tokens.depth() < self.depth {
            return Ok(None);
        }
        if self.reader.tokens.depth() > self.depth {
            self.reader.skip_to(self.depth)?;
        }
        let started = self.reader.next_start()?;
        Ok(started.then(|| Element::started(&mut *self.reader)))
    }

    /// The text of the element, joined from all its pieces; child elements are skipped. Borrowed from the document
    /// where it stands there in one piece.
    ///
    /// # Errors
    /// If the XML is not well formed, or an entity is not one of the five that XML defines.
    #[inline]
    pub fn text(&mut self) -> Result<Cow<'x, str>, XmlError> {
        let tokens = &mut self.reader.tokens;
        if tokens.depth() == self.depth {
            // What nearly every element holds: one piece, or none.
            let (mut token, mut text) = (tokens.next()?, "");
            if token == Token::Text {
                text = tokens.piece();
                token = tokens.next()?;
            }
            return match token {
                Token::End => Ok(Cow::Borrowed(text)),
                token => self.joined(text, token),
            };
        }
        if tokens.depth() < self.depth { Ok(Cow::Borrowed("")) } else { self.joined("", Token::Start) }
    }

    /// The text of the element of which `text` and then `token` have been read.
    fn joined(&mut self, text: &'x str, mut token: Token) -> Result<Cow<'x, str>, XmlError> {
        let mut text = Cow::Borrowed(text);
        loop {
            if token == Token::Eof {
                return Err(*self.reader.truncated());
            }
            if self.reader.tokens.depth() == self.depth {
                self.reader.join(&mut text, token)?;
            }
            token = self.reader.tokens.next()?;
            if self.reader.tokens.depth() < self.depth {
                return Ok(text);
            }
        }
    }

    /// The text before the first child element, and that child: for elements that hold either.
    ///
    /// # Errors
    /// As [`Element::text`].
    pub fn text_or_child(&mut self) -> Result<(Cow<'x, str>, Option<Element<'_, 'x>>), XmlError> {
        let mut text = Cow::Borrowed("");
        while self.reader.tokens.depth() >= self.depth {
            match self.reader.tokens.next()? {
                Token::Start => return Ok((text, Some(Element::started(&mut *self.reader)))),
                Token::Eof => return Err(*self.reader.truncated()),
                token => self.reader.join(&mut text, token)?,
            }
        }
        Ok((text, None))
    }

    /// The error that says what the element should have held.
    pub fn invalid(&self, expected: &'static str) -> XmlError {
        XmlError::Value { element: self.name().to_owned(), expected }
    }
}
