//! Reading over values that nobody asks for. They have to be JSON all the same, however deep; their numbers may be beyond all
//! ranges and their escapes may name half a character, as for serde_json.

use serde_json::Error;

use super::reader::Reader;

impl Reader<'_> {
    /// Reads over the value that comes next.
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        // Brackets that are open, beneath the innermost; the text is free for as long as no text is read into it.
        self.unescaped.clear();
        loop {
            let opened = match self.peek() {
                Some(b'"') => self.skip_text().map(|()| None)?,
                Some(b'-' | b'0'..=b'9') => self.skip_number().map(|_| None)?,
                Some(b'n') => self.word("ull").map(|()| None)?,
                Some(b't') => self.word("rue").map(|()| None)?,
                Some(b'f') => self.word("alse").map(|()| None)?,
                Some(open @ (b'[' | b'{')) => {
                    self.at += 1;
                    Some(char::from(open))
                }
                Some(_) => return Err(self.refused_next("expected value")),
                None => return Err(self.refused_next("EOF while parsing a value")),
            };
            self.unescaped.extend(opened);
            if !self.skip_to_value(opened.is_some())? {
                return Ok(());
            }
        }
    }

    /// Reads what stands between a value, or an opening bracket, and the next value; whether there is one.
    fn skip_to_value(&mut self, mut first: bool) -> Result<bool, Error> {
        while let Some(open) = self.unescaped.as_bytes().last().copied() {
            let list = open == b'[';
            let more = match self.peek() {
                Some(b',') if !first => {
                    self.at += 1;
                    true
                }
                Some(b']') if list => false,
                Some(b'}') if !list => false,
                Some(_) if first => true,
                Some(_) if list => return Err(self.refused_next("expected `,` or `]`")),
                Some(_) => return Err(self.refused_next("expected `,` or `}`")),
                None if list => return Err(self.refused_next("EOF while parsing a list")),
                None => return Err(self.refused_next("EOF while parsing an object")),
            };
            if more {
                if !list {
                    match self.peek() {
                        Some(b'"') => self.skip_text()?,
                        Some(_) => return Err(self.refused_next("key must be a string")),
                        None => return Err(self.refused_next("EOF while parsing an object")),
                    }
                    self.colon()?;
                }
                return Ok(true);
            }
            self.at += 1;
            self.unescaped.pop();
            first = false;
        }
        Ok(false)
    }
}
