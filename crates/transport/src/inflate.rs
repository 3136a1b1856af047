//! The body of an answer, gathered under one cap both as it comes and as it is once inflated, so that neither an endless
//! answer nor a small one that inflates a thousandfold takes more room than the cap.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, header};

use crate::ErrorKind;
use crate::error::Failure;

/// Takes the pieces of a body and gives the whole.
pub(crate) struct Gathering {
    limit: u64,
    arrived: u64,
    body: Coding,
}

enum Coding {
    Identity(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

impl Gathering {
    /// For the answer with these `headers`, which are made to tell of the body as it is given out: without compression.
    ///
    /// # Errors
    /// If the answer announces more than `limit` bytes, or a compression that was not asked for.
    pub(crate) fn new(headers: &mut HeaderMap, limit: u64) -> Result<Self, Failure> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let room = Capped { limit, bytes: BytesMut::new() };
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
        let body = match (codings.next().map(|value| value.as_bytes().to_ascii_lowercase()), codings.next()) {
            (None, _) => Coding::Identity(room),
            (Some(coding), None) if coding.is_empty() || coding == b"identity" => Coding::Identity(room),
            (Some(coding), None) if coding == b"gzip" || coding == b"x-gzip" => {
                headers.remove(header::CONTENT_LENGTH);
                headers.remove(header::CONTENT_ENCODING);
                Coding::Gzip(Box::new(MultiGzDecoder::new(room)))
            }
            _ => {
                return Err(Failure::new(
                    ErrorKind::Undecodable,
                    "the answer's compression is not one that was asked for",
                ));
            }
        };
        Ok(Self { limit, arrived: 0, body })
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.arrived = self.arrived.saturating_add(piece.len() as u64);
        if self.arrived > self.limit {
            return Err(too_large(self.limit));
        }
        let written = match &mut self.body {
            Coding::Identity(room) => room.write_all(piece),
            Coding::Gzip(decoder) => decoder.write_all(piece),
        };
        written.map_err(|error| self.failed(error))
    }

    /// The whole body. Of a compressed one nothing may be missing; an empty one is not compressed, whatever it says.
    pub(crate) fn finish(self) -> Result<Bytes, Failure> {
        let limit = self.limit;
        let room = match self.body {
            Coding::Identity(room) => room,
            Coding::Gzip(_) if self.arrived == 0 => return Ok(Bytes::new()),
            Coding::Gzip(mut decoder) => {
                let ended = decoder.try_finish();
                ended.map_err(|error| failed(error, limit))?;
                std::mem::replace(decoder.get_mut(), Capped { limit, bytes: BytesMut::new() })
            }
        };
        Ok(room.bytes.freeze())
    }

    fn failed(&self, error: io::Error) -> Failure {
        failed(error, self.limit)
    }
}

fn failed(error: io::Error, limit: u64) -> Failure {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(limit),
        _ => Failure::new(ErrorKind::Undecodable, error),
    }
}

fn too_large(limit: u64) -> Failure {
    ErrorKind::ResponseTooLarge { limit }.into()
}

/// Bytes up to a limit.
struct Capped {
    limit: u64,
    bytes: BytesMut,
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + piece.len()) as u64 > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.put_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn headers(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static(coding))])
    }

    fn gather(coding: &'static str, pieces: &[&[u8]], limit: u64) -> Result<Bytes, ErrorKind> {
        let gather = || {
            let mut gathering = Gathering::new(&mut headers(coding), limit)?;
            pieces.iter().try_for_each(|piece| gathering.push(piece))?;
            gathering.finish()
        };
        gather().map_err(|failure: Failure| failure.kind)
    }

    #[test]
    fn a_compressed_body_is_inflated_however_it_is_cut() {
        let text: Vec<u8> = (0..50_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let packed = gzip(&text);
        for size in [1, 7, 4096, packed.len()] {
            let pieces: Vec<_> = packed.chunks(size).collect();
            assert_eq!(gather("gzip", &pieces, 1 << 20).unwrap(), text);
        }
        let two = [gzip(b"one, "), gzip(b"two")].concat();
        assert_eq!(gather("X-GZip", &[&two], 100).unwrap(), "one, two");
    }

    #[test]
    fn the_cap_holds_before_and_after_inflation() {
        let bomb = gzip(&vec![0; 1_000_000]);
        assert!(bomb.len() < 1100);
        assert_eq!(gather("gzip", &[&bomb], 999_999), Err(ErrorKind::ResponseTooLarge { limit: 999_999 }));
        assert_eq!(gather("gzip", &[&bomb], 1_000_000).unwrap().len(), 1_000_000);
        assert_eq!(gather("gzip", &[&bomb], 900), Err(ErrorKind::ResponseTooLarge { limit: 900 }));
        assert_eq!(gather("identity", &[b"12345", b"6"], 5), Err(ErrorKind::ResponseTooLarge { limit: 5 }));
        assert_eq!(gather("", &[b"12345"], 5).unwrap(), "12345");
    }

    #[test]
    fn a_broken_or_foreign_compression_is_an_error() {
        let packed = gzip(b"hello");
        assert_eq!(gather("gzip", &[&packed[..packed.len() - 1]], 100), Err(ErrorKind::Undecodable));
        assert_eq!(gather("gzip", &[&packed[..5]], 100), Err(ErrorKind::Undecodable));
        assert_eq!(gather("gzip", &[b"<html>"], 100), Err(ErrorKind::Undecodable));
        assert_eq!(gather("br", &[], 100), Err(ErrorKind::Undecodable));
        assert_eq!(gather("gzip, gzip", &[], 100), Err(ErrorKind::Undecodable));
        let mut wrong = packed.clone();
        let checksum = wrong.len() - 8;
        wrong[checksum] ^= 1;
        assert_eq!(gather("gzip", &[&wrong], 100), Err(ErrorKind::Undecodable));
    }

    #[test]
    fn an_empty_body_is_empty_whatever_its_compression() {
        assert_eq!(gather("gzip", &[], 100).unwrap(), "");
    }

    #[test]
    fn headers_tell_of_the_inflated_body() {
        let mut given = headers("gzip");
        given.insert(header::CONTENT_LENGTH, HeaderValue::from(9));
        Gathering::new(&mut given, 100).unwrap_or_else(|failure| panic!("{:?}", failure.kind));
        assert!(given.is_empty());
    }
}
