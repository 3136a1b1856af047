//! Texts of a JSON document (RFC 8259, 7): where they end, and what their escapes stand for.

use serde_json::Error;

use crate::plain;

use super::reader::Reader;

const ENDED: &str = "EOF while parsing a string";

impl<'de> Reader<'de> {
    /// Reads a text that stands in the document as it is, from its quote on. One that does not is left unread.
    #[inline]
    pub(super) fn plain_text(&mut self) -> Option<&'de str> {
        let start = self.at + 1;
        let bytes = self.document.as_bytes();
        let end = plain::end_in_json(bytes, start);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.document.get(start..end)
    }

    /// Reads a text from its quote on into `unescaped`.
    #[cold]
    pub(super) fn unescape(&mut self) -> Result<(), Error> {
        self.unescaped.clear();
        self.at += 1;
        loop {
            let start = self.at;
            let escaped = self.reach_escape()?;
            // The end of the document apart, both ends stand beside ASCII.
            self.unescaped.push_str(self.document.get(start..self.at).unwrap_or_default());
            self.at += 1;
            if !escaped {
                return Ok(());
            }
            let character = self.escape(Self::character)?;
            self.unescaped.push(character);
        }
    }

    /// Reads over a text from its quote on.
    #[inline]
    pub(super) fn skip_text(&mut self) -> Result<(), Error> {
        self.at += 1;
        while self.reach_escape()? {
            self.at += 1;
            // Half a character is as good as a whole one.
            self.escape(|reader| reader.unit().map(|_| char::REPLACEMENT_CHARACTER))?;
        }
        self.at += 1;
        Ok(())
    }

    /// Goes on to what ends a text or, if it says so, to an escape in it.
    #[inline]
    fn reach_escape(&mut self) -> Result<bool, Error> {
        self.at = plain::end_in_json(self.document.as_bytes(), self.at);
        match self.byte() {
            Some(b'"') => Ok(false),
            Some(b'\\') => Ok(true),
            Some(_) => Err(self.refused_next("control character (\\u0000-\\u001F) found while parsing a string")),
            None => Err(self.refused(ENDED)),
        }
    }

    /// Reads an escape behind its backslash; `unicode` reads those that tell a number.
    fn escape(&mut self, unicode: fn(&mut Self) -> Result<char, Error>) -> Result<char, Error> {
        let byte = self.byte().ok_or_else(|| self.refused(ENDED))?;
        self.at += 1;
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return unicode(self),
            _ => return Err(self.refused("invalid escape")),
        };
        Ok(character)
    }

    /// The character that `\u` tells, with the other half of it where there is one.
    fn character(&mut self) -> Result<char, Error> {
        let first = self.unit()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        if first < LOW {
            for expected in [b'\\', b'u'] {
                let byte = self.byte().ok_or_else(|| self.refused(ENDED))?;
                self.at += 1;
                if byte != expected {
                    return Err(self.refused("unexpected end of hex escape"));
                }
            }
            let second = self.unit()?;
            let low = second.checked_sub(LOW).filter(|low| *low < 0x400);
            let both = low.and_then(|low| char::from_u32(0x1_0000 + ((first - HIGH) << 10) + low));
            if let Some(character) = both {
                return Ok(character);
            }
        }
        Err(self.refused("lone leading surrogate in hex escape"))
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Error> {
        let digits = self.document.as_bytes().get(self.at..).and_then(<[u8]>::first_chunk::<4>);
        let Some(digits) = digits else {
            self.at = self.document.len();
            return Err(self.refused(ENDED));
        };
        self.at += digits.len();
        let unit = digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?));
        unit.ok_or_else(|| self.refused("invalid escape"))
    }
}

/// The first halves of characters beyond U+FFFF begin here,
const HIGH: u32 = 0xd800;

/// and the second ones here.
const LOW: u32 = 0xdc00;
