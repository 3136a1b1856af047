//! Cuts a document into tags and pieces of text, by one pass over its bytes. Nothing is copied: a token is a piece of the document.
//!
//! It reads the XML that answers are made of: no DTD, no entities but those that XML defines. Attributes are walked through, for
//! the two that mean something here, and not kept. Names are not looked at for the characters that XML allows in them.

use super::XmlError;

const MAX_DEPTH: usize = 128;
const MAX_ATTRIBUTES: usize = 64;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a document is made of. Comments and processing instructions are passed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A start tag; the local part of its name. That of an element without content (`<a/>`) has its end follow as a token of its own.
    Start,
    /// The end of the element that was started last.
    End,
    /// Characters as they stand there; the ends of lines are `\n` already. A text may come in several.
    Text,
    /// The content of a CDATA section, as it stands there.
    CData,
    /// The name between `&` and `;`.
    Reference,
    /// The end of the document.
    Eof,
}

/// An error behind a pointer, so that what is handed up for each token is small.
pub(super) type Result<T> = std::result::Result<T, Box<XmlError>>;

/// The tokens of a document, one after the other.
pub(super) struct Tokens<'x> {
    /// The document as far as it is UTF-8.
    text: &'x str,
    /// Whether that is not all of it.
    cut: bool,
    /// Where the next token begins; always beside an ASCII character, or at an end.
    at: usize,
    /// Names, with prefixes, of the elements that have not ended.
    open: Vec<&'x str>,
    /// Whether the element that was started last has no content.
    empty: bool,
    /// What the token read last is of: a name or a text. Here and not in the token, since a value that is put together of fields
    /// of several sizes and moved as a whole at once keeps the processor waiting for its own memory.
    piece: &'x str,
    /// Whether the start tag read last says `xsi:nil`, whatever the prefix.
    nil: bool,
}

impl<'x> Tokens<'x> {
    pub(super) fn new(document: &'x [u8]) -> Self {
        let (text, cut) = match std::str::from_utf8(document) {
            Ok(text) => (text, false),
            Err(_) => (document.utf8_chunks().next().map_or("", |chunk| chunk.valid()), true),
        };
        let at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Self { text, cut, at, open: Vec::new(), empty: false, piece: "", nil: false }
    }

    /// Elements that have been started and have not ended.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The name or the text of the token read last, if it is of one.
    pub(super) fn piece(&self) -> &'x str {
        self.piece
    }

    /// Whether the start tag read last says `xsi:nil`, whatever the prefix.
    pub(super) fn nil(&self) -> bool {
        self.nil
    }

    /// The byte that the next token begins with.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next token. After an error nothing is promised of what follows, but that it comes to an end.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Token> {
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Ok(Token::End);
        }
        loop {
            let mut ahead = self.ahead().iter();
            match ahead.next() {
                Some(b'<') => match ahead.next() {
                    Some(b'/') => return self.end_tag(),
                    Some(b'!') => {
                        if let Some(token) = self.declaration()? {
                            return Ok(token);
                        }
                    }
                    Some(b'?') => drop(self.enclosed("<?", "?>")?),
                    _ => return self.start_tag(),
                },
                Some(b'&') => return self.reference(),
                Some(b'\r') => {
                    self.at += if self.ahead().starts_with(b"\r\n") { 2 } else { 1 };
                    self.piece = "\n";
                    return Ok(Token::Text);
                }
                Some(_) => {
                    let ahead = self.ahead();
                    let length = memchr::memchr3(b'<', b'&', b'\r', ahead).unwrap_or(ahead.len());
                    self.piece = self.take(length);
                    return Ok(Token::Text);
                }
                None if self.cut => return Err(self.not_utf_8()),
                None => return Ok(Token::Eof),
            }
        }
    }

    #[inline]
    fn start_tag(&mut self) -> Result<Token> {
        let (from, mut prefix) = (self.at, None);
        let ahead = self.ahead().get(1..).unwrap_or_default();
        let mut ends = None;
        for (index, byte) in ahead.iter().enumerate() {
            match byte {
                b'\t' | b'\n' | b'\r' | b' ' | b'/' | b'>' => {
                    ends = Some((index, *byte));
                    break;
                }
                b':' if prefix.is_none() => prefix = Some(index + 1),
                b'<' | b'=' | b'&' | b'"' | b'\'' => return Err(self.malformed("a tag is not well formed")),
                _ => {}
            }
        }
        let Some((length, ends)) = ends else { return Err(self.unclosed("tag")) };
        if length == 0 {
            return Err(self.malformed("a tag has no name"));
        }
        self.at += 1;
        let name = self.take(length);
        self.piece = prefix.and_then(|prefix| name.get(prefix..)).unwrap_or(name);
        self.nil = false;
        if ends == b'>' {
            self.at += 1;
        } else {
            self.attributes(from)?;
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Box::new(XmlError::Limit { what: "levels of depth", limit: MAX_DEPTH }));
        }
        self.open.push(name);
        Ok(Token::Start)
    }

    /// Walks to the end of a start tag that began at `from`. Refuses too many attributes, one that is not well formed (what
    /// stands behind it would not be seen), and references to other elements.
    fn attributes(&mut self, from: usize) -> Result<()> {
        let mut count = 0;
        loop {
            self.white_space();
            if self.taken(">") {
                return Ok(());
            }
            if self.taken("/>") {
                self.empty = true;
                return Ok(());
            }
            count += 1;
            if count > MAX_ATTRIBUTES {
                return Err(Box::new(XmlError::Limit { what: "attributes of one element", limit: MAX_ATTRIBUTES }));
            }
            let (key, value) = self.attribute(from)?;
            if key == "href" && value.starts_with('#') {
                return Err(Box::new(XmlError::Reference(self.piece.to_owned())));
            }
            let local = key.split_once(':').map_or(key, |(_, local)| local);
            self.nil |= local == "nil" && matches!(value.trim(), "true" | "1");
        }
    }

    /// The name and the value, as it stands there, of an attribute.
    fn attribute(&mut self, from: usize) -> Result<(&'x str, &'x str)> {
        let ends = |byte: &u8| b"\t\n\r =\"'<>/".contains(byte);
        let Some(length) = self.ahead().iter().position(ends) else { return Err(self.unclosed_from(from, "tag")) };
        let key = self.take(length);
        self.white_space();
        if key.is_empty() || !self.taken("=") {
            return Err(self.malformed("an attribute is not well formed"));
        }
        self.white_space();
        let quote = match self.ahead().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            Some(_) => return Err(self.malformed("the value of an attribute is not in quotes")),
            None => return Err(self.unclosed_from(from, "tag")),
        };
        self.at += 1;
        let Some(length) = memchr::memchr(quote, self.ahead()) else { return Err(self.unclosed_from(from, "tag")) };
        let value = self.take(length);
        self.at += 1;
        Ok((key, value))
    }

    #[inline]
    fn end_tag(&mut self) -> Result<Token> {
        let ahead = self.ahead();
        let Some(name) = self.open.last() else { return Err(self.malformed("an end tag ends nothing")) };
        let behind = ahead.get(2..).and_then(|ahead| ahead.strip_prefix(name.as_bytes()));
        let Some(white) = behind.and_then(|behind| behind.iter().position(|byte| !b"\t\n\r ".contains(byte))) else {
            return Err(self.not_the_end(name));
        };
        if behind.and_then(|behind| behind.get(white)) != Some(&b'>') {
            return Err(self.not_the_end(name));
        }
        self.at += "</".len() + name.len() + white + ">".len();
        self.open.pop();
        Ok(Token::End)
    }

    #[cold]
    fn not_the_end(&self, name: &str) -> Box<XmlError> {
        match memchr::memchr(b'>', self.ahead()) {
            Some(_) => self.malformed(&format!("expected `</{name}>` and found another end tag")),
            None => self.unclosed("tag"),
        }
    }

    /// What `<!` begins: a comment is passed by.
    #[cold]
    fn declaration(&mut self) -> Result<Option<Token>> {
        let ahead = self.ahead();
        if ahead.starts_with(b"<!--") {
            return self.enclosed("<!--", "-->").map(|_| None);
        }
        if ahead.starts_with(b"<![CDATA[") {
            self.piece = self.enclosed("<![CDATA[", "]]>")?;
            return Ok(Some(Token::CData));
        }
        // XML wants capitals.
        match ahead.get(.."<!DOCTYPE".len()) {
            Some(begin) if begin.eq_ignore_ascii_case(b"<!DOCTYPE") => {
                Err(Box::new(XmlError::Dtd("DOCTYPE".to_owned())))
            }
            Some(_) => Err(self.malformed("`<!` begins nothing that is known")),
            None => Err(self.unclosed("`<!`")),
        }
    }

    /// What stands between `begin`, which is here, and the next `end`, which ends with `>`.
    fn enclosed(&mut self, begin: &str, end: &str) -> Result<&'x str> {
        let content = self.ahead().get(begin.len()..).unwrap_or_default();
        let ends = |at: &usize| content.get(..=*at).is_some_and(|content| content.ends_with(end.as_bytes()));
        let Some(last) = memchr::memchr_iter(b'>', content).find(ends) else {
            return Err(self.unclosed(&format!("`{begin}`")));
        };
        self.at += begin.len();
        let content = self.take(last + 1 - end.len());
        self.at += end.len();
        Ok(content)
    }

    #[cold]
    fn reference(&mut self) -> Result<Token> {
        let name = self.ahead().get(1..).unwrap_or_default();
        match memchr::memchr3(b';', b'&', b'<', name) {
            Some(length) if name.get(length) == Some(&b';') => {
                self.at += 1;
                self.piece = self.take(length);
                self.at += 1;
                Ok(Token::Reference)
            }
            Some(_) => Err(self.malformed("a reference has no `;`")),
            None => Err(self.unclosed("reference")),
        }
    }

    #[inline]
    fn ahead(&self) -> &'x [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes on by `length` bytes, behind which an ASCII character or the end is; what they are.
    #[inline]
    fn take(&mut self, length: usize) -> &'x str {
        let from = self.at;
        self.at += length;
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Goes on behind `expected`, if it is here.
    fn taken(&mut self, expected: &str) -> bool {
        let found = self.ahead().starts_with(expected.as_bytes());
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn white_space(&mut self) {
        let ahead = self.ahead();
        self.at += ahead.iter().position(|byte| !b"\t\n\r ".contains(byte)).unwrap_or(ahead.len());
    }

    /// What begins here does not end.
    fn unclosed(&self, what: &str) -> Box<XmlError> {
        self.unclosed_from(self.at, what)
    }

    #[cold]
    fn unclosed_from(&self, from: usize, what: &str) -> Box<XmlError> {
        if self.cut {
            return self.not_utf_8();
        }
        Box::new(XmlError::Syntax {
            at: from as u64,
            detail: format!("{what} not closed before the end of the document"),
        })
    }

    #[cold]
    fn not_utf_8(&self) -> Box<XmlError> {
        Box::new(XmlError::Syntax { at: self.text.len() as u64, detail: "the document is not UTF-8".to_owned() })
    }

    /// What stands here is not XML.
    #[cold]
    pub(super) fn malformed(&self, detail: &str) -> Box<XmlError> {
        Box::new(XmlError::Syntax { at: self.at as u64, detail: detail.to_owned() })
    }
}
