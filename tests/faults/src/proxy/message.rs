//! Just enough of HTTP/1.1 to know where a request and an answer begin and end. Bodies have a `Content-Length` or none:
//! the transport writes no other requests and the emulator no other answers, so that a chunked message is an error here.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head that is read.
const MAX_HEAD: usize = 64 * 1024;

/// A head: its first line and its header lines, as sent.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// Request line or status line.
    pub(super) line: String,
    /// Names and values, in order.
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    /// A header's value; names in any letter case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The part of the first line between its blanks: the path of a request, the status of an answer.
    pub(super) fn middle(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// Writes the head, with `name: value` in the place of headers of that name; no value leaves them out.
    pub(super) fn bytes_with(&self, changes: &[(&str, Option<String>)]) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        let changed = |key: &str| changes.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
        for (key, value) in self.headers.iter().filter(|(key, _)| !changed(key)) {
            text.push_str(&format!("{key}: {value}\r\n"));
        }
        for (name, value) in changes {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// The announced length of the body; 0 where none is.
    ///
    /// # Errors
    /// If the body is framed in another way.
    pub(super) fn length(&self) -> io::Result<u64> {
        if self.header("transfer-encoding").is_some() {
            return Err(malformed("a message without a length"));
        }
        match self.header("content-length") {
            Some(length) => length.parse().map_err(|_| malformed("a length that is no number")),
            None => Ok(0),
        }
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A connection with what was read ahead of it.
#[derive(Debug)]
pub(super) struct Reader<R> {
    stream: R,
    ahead: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads from the beginning.
    pub(super) fn new(stream: R) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// The connection itself.
    pub(super) fn stream(&mut self) -> &mut R {
        &mut self.stream
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.ahead).await
    }

    /// The next head; `None` at an end between messages.
    ///
    /// # Errors
    /// If the connection breaks inside the head, or the head is none.
    pub(super) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.ahead.split_off(end + 4);
                let head = std::mem::replace(&mut self.ahead, rest);
                return parse(&head).map(Some);
            }
            if self.ahead.len() > MAX_HEAD {
                return Err(malformed("a head without an end"));
            }
            if self.more().await? == 0 {
                return if self.ahead.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Reads until `length` bytes of the body are at hand, and shows them without taking them.
    ///
    /// # Errors
    /// If the connection ends before.
    pub(super) async fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        while self.ahead.len() < length {
            if self.more().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.ahead.get(..length).unwrap_or_default())
    }

    /// Takes `length` bytes of the body.
    ///
    /// # Errors
    /// If the connection ends before.
    pub(super) async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.peek(length).await?;
        let rest = self.ahead.split_off(length);
        Ok(std::mem::replace(&mut self.ahead, rest))
    }
}

fn parse(head: &[u8]) -> io::Result<Head> {
    let text = std::str::from_utf8(head).map_err(|_| malformed("a head that is no text"))?;
    let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
    let line = lines.next().ok_or_else(|| malformed("an empty head"))?.to_owned();
    let headers = lines
        .map(|line| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())))
        .collect::<Option<_>>()
        .ok_or_else(|| malformed("a header without a colon"))?;
    Ok(Head { line, headers })
}
