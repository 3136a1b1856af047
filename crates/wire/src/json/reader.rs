//! A reader of JSON text (RFC 8259), which takes and refuses what serde_json does, with its messages: what there is between the
//! values of a document, how deep they are, and where something is wrong. It never reads a value twice.

use std::fmt;

use serde::de::Error as _;
use serde_json::Error;

/// How many lists and objects may stand in each other. Values that nobody asks for may be deeper.
const DEEPEST: u8 = 127;

/// A document and how far it has been read.
pub(super) struct Reader<'de> {
    pub(super) document: &'de str,
    /// The next byte.
    pub(super) at: usize,
    /// How many lists and objects may still be opened.
    deeper: u8,
    /// The last text that had escapes, without them.
    pub(super) unescaped: String,
}

impl<'de> Reader<'de> {
    pub(super) fn new(document: &'de str) -> Self {
        Self { document, at: 0, deeper: DEEPEST, unescaped: String::new() }
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(_) => Err(self.refused_next("trailing characters")),
            None => Ok(()),
        }
    }

    /// The byte that comes next.
    #[inline(always)]
    pub(super) fn byte(&self) -> Option<u8> {
        self.document.as_bytes().get(self.at).copied()
    }

    /// The byte that comes next behind white space, which is read.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Reads the rest of `null`, `true` or `false`.
    pub(super) fn word(&mut self, rest: &str) -> Result<(), Error> {
        self.at += 1;
        for expected in rest.bytes() {
            let Some(byte) = self.byte() else {
                return Err(self.refused("EOF while parsing a value"));
            };
            self.at += 1;
            if byte != expected {
                return Err(self.refused("expected ident"));
            }
        }
        Ok(())
    }

    /// Reads `:` between the name of a member and its value.
    #[inline(always)]
    pub(super) fn colon(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.refused_next("expected `:`")),
            None => Err(self.refused_next("EOF while parsing an object")),
        }
    }

    /// Goes on to the name of the next member of an object; whether there is one.
    #[inline(always)]
    pub(super) fn next_name(&mut self, first: bool) -> Result<bool, Error> {
        match self.peek() {
            Some(b',') if !first => {
                self.at += 1;
                match self.peek() {
                    Some(b'"') => Ok(true),
                    Some(b'}') => Err(self.refused_next("trailing comma")),
                    Some(_) => Err(self.refused_next("key must be a string")),
                    None => Err(self.refused_next("EOF while parsing a value")),
                }
            }
            Some(b'}') => Ok(false),
            Some(b'"') if first => Ok(true),
            Some(_) if first => Err(self.refused_next("key must be a string")),
            Some(_) => Err(self.refused_next("expected `,` or `}`")),
            None => Err(self.refused_next("EOF while parsing an object")),
        }
    }

    /// What is wrong with what was read last.
    #[cold]
    pub(super) fn refused(&self, why: &str) -> Error {
        refused(self.document.as_bytes(), why, self.at)
    }

    /// What is wrong with what comes next.
    #[cold]
    pub(super) fn refused_next(&self, why: &str) -> Error {
        refused(self.document.as_bytes(), why, self.document.len().min(self.at + 1))
    }

    /// An error of a visitor, which does not know where it is.
    #[cold]
    pub(super) fn placed(&self, error: Error) -> Error {
        if error.line() > 0 { error } else { refused(self.document.as_bytes(), &error, self.at) }
    }

    /// What stands between brackets, which are read as well; `what` is read within, up to the closing one.
    #[inline(always)]
    pub(super) fn within<T>(
        &mut self,
        close: u8,
        what: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.deeper == 0 {
            return Err(self.refused_next("recursion limit exceeded"));
        }
        self.deeper -= 1;
        self.at += 1;
        let value = what(self);
        self.deeper += 1;
        let closed = self.close(close);
        // Records are large: this one is handed on from where it stands.
        match (&value, closed) {
            (Ok(_), Ok(())) => value,
            (Ok(_), Err(error)) => Err(error),
            (Err(_), _) => value.map_err(|error| self.placed(error)),
        }
    }

    #[inline(always)]
    fn close(&mut self, close: u8) -> Result<(), Error> {
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unclosed(close))
    }

    #[cold]
    fn unclosed(&mut self, close: u8) -> Error {
        match (self.byte(), close) {
            (None, b']') => self.refused_next("EOF while parsing a list"),
            (None, _) => self.refused_next("EOF while parsing an object"),
            (Some(b','), b'}') => self.refused_next("trailing comma"),
            (Some(b','), _) => {
                self.at += 1;
                let trailing = self.peek() == Some(close);
                self.refused_next(if trailing { "trailing comma" } else { "trailing characters" })
            }
            (Some(_), _) => self.refused_next("trailing characters"),
        }
    }
}

/// What is wrong with a document, and where: the last byte that was read is that before `at`.
#[cold]
pub(super) fn refused(document: &[u8], why: &(impl fmt::Display + ?Sized), at: usize) -> Error {
    let read = document.get(..at).unwrap_or(document);
    let column = read.iter().rev().take_while(|byte| **byte != b'\n').count();
    let line = 1 + read.iter().filter(|byte| **byte == b'\n').count();
    // The error takes line and column from the end of such a text.
    Error::custom(format_args!("{why} at line {line} column {column}"))
}
