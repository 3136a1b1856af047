//! The header of a PNG, from its chunks. Checksums and pixel data are not looked at here.
//!
//! Source: the PNG specification, third edition, sections 5 (chunk layout) and 11 (chunks).

use super::{ColourSpace, Header};
use crate::reader::Reader;
use crate::{Format, ImageError, Orientation, Pixels};

pub(crate) const SIGNATURE_LENGTH: usize = 8;

/// One chunk of a PNG, its checksum not yet compared.
pub(crate) struct Chunk<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) data: &'a [u8],
    /// Kind and data, which the checksum covers.
    pub(crate) covered: &'a [u8],
    pub(crate) checksum: u32,
    pub(crate) position: usize,
}

/// Chunks of a PNG in file order, ending after `IEND`; a cut-off chunk is an error and ends the walk.
pub(crate) struct Chunks<'a> {
    bytes: &'a [u8],
    at: Option<usize>,
}

impl<'a> Chunks<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: Some(SIGNATURE_LENGTH) }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.at.take()?;
        let chunk = read_chunk(self.bytes, position);
        if let Some((chunk, end)) = &chunk {
            self.at = (chunk.kind != *b"IEND").then_some(*end);
        }
        let cut_off = || corrupt(format!("cut off in the chunk at byte {position}"));
        Some(chunk.map(|(chunk, _)| chunk).ok_or_else(cut_off))
    }
}

fn read_chunk(bytes: &[u8], position: usize) -> Option<(Chunk<'_>, usize)> {
    let mut reader = Reader::at(bytes, position);
    let length = usize::try_from(reader.u32_be()?).ok()?;
    let covered = reader.take(length.checked_add(4)?)?;
    let (kind, data) = covered.split_first_chunk()?;
    let chunk = Chunk { kind: *kind, data, covered, checksum: reader.u32_be()?, position };
    Some((chunk, reader.position()))
}

/// The fields of `IHDR` that matter here.
struct ImageHeader {
    pixels: Pixels,
    bit_depth: u8,
    colour: u8,
}

pub(crate) fn read_header(bytes: &[u8]) -> Result<Header, ImageError> {
    let mut chunks = Chunks::of(bytes);
    let first = chunks.next().ok_or_else(|| corrupt("cut off behind the signature"))??;
    if first.kind != *b"IHDR" {
        return Err(corrupt("the first chunk is not IHDR"));
    }
    let header = read_image_header(first.data).ok_or_else(|| corrupt("IHDR is not 13 bytes long"))?;
    let samples = match (header.colour, header.bit_depth) {
        (0, 1 | 2 | 4 | 8 | 16) => 1,
        (2, 8 | 16) => 3,
        (3, 1 | 2 | 4 | 8) => 3,
        (4, 8 | 16) => 2,
        (6, 8 | 16) => 4,
        (colour, depth) => return Err(corrupt(format!("IHDR pairs colour type {colour} with bit depth {depth}"))),
    };
    let mut alpha = matches!(header.colour, 4 | 6);
    let mut frames = 1;
    let mut profile = false;
    let mut orientation = Orientation::Normal;
    let mut before_data = true;
    // Behind the header a cut-off file only ends the walk: telling that is the verification's.
    for chunk in chunks.map_while(Result::ok) {
        match &chunk.kind {
            b"IDAT" => before_data = false,
            b"tRNS" if before_data => alpha = true,
            b"acTL" if before_data => frames = frame_count(chunk.data).unwrap_or(1).max(1),
            b"iCCP" if before_data => profile = true,
            // Some editors append it behind the pixel data.
            b"eXIf" => orientation = Orientation::from_exif_block(chunk.data),
            _ => {}
        }
    }
    let samples = samples + u64::from(alpha && samples % 2 == 1);
    Ok(Header {
        pixels: header.pixels,
        orientation,
        alpha,
        frames,
        bit_depth: header.bit_depth,
        colour: match header.colour {
            0 | 4 => ColourSpace::Gray,
            3 => ColourSpace::Indexed,
            _ => ColourSpace::Rgb,
        },
        profile,
        decoded_pixel_bytes: samples * if header.bit_depth == 16 { 2 } else { 1 },
    })
}

fn read_image_header(data: &[u8]) -> Option<ImageHeader> {
    let mut reader = Reader::at(data, 0);
    let pixels = Pixels::new(reader.u32_be()?, reader.u32_be()?);
    let header = ImageHeader { pixels, bit_depth: reader.byte()?, colour: reader.byte()? };
    (data.len() == 13).then_some(header)
}

/// The number of frames that an `acTL` chunk announces.
pub(crate) fn frame_count(data: &[u8]) -> Option<u32> {
    Reader::at(data, 0).u32_be()
}

pub(crate) fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::corrupt(Format::Png, detail)
}
