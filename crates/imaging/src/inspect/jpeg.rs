//! The header of a JPEG, from its marker segments up to the first scan. Entropy-coded data is not looked at here.
//!
//! Source: ITU-T T.81, annex B (markers and segments); Exif 2.32, section 4.7.2 (the APP1 segment);
//! ICC.1:2022, annex B.4 (the profile in APP2).

use super::{ColourSpace, Header};
use crate::reader::Reader;
use crate::{Format, ImageError, Orientation, Pixels};

const EXIF_PREFIX: &[u8] = b"Exif\0\0";
const PROFILE_PREFIX: &[u8] = b"ICC_PROFILE\0";

/// What follows the next marker.
pub(crate) enum Segment<'a> {
    /// SOFn: n, and the frame header behind its length.
    Frame(u8, &'a [u8]),
    /// SOS: its header; entropy-coded data follows the reader's position.
    Scan,
    /// APPn: n, and what follows its length.
    App(u8, &'a [u8]),
    /// EOI.
    End,
    /// Anything else.
    Other,
}

/// The next segment, at the reader's position or behind bytes that belong to no segment, which decoders skip as well.
/// `None` at the end of the bytes.
pub(crate) fn next_segment<'a>(reader: &mut Reader<'a>) -> Option<Segment<'a>> {
    let marker = next_marker(reader)?;
    // Markers without a length: TEM, RSTn, SOI, EOI.
    match marker {
        0xd9 => return Some(Segment::End),
        0x01 | 0xd0..=0xd8 => return Some(Segment::Other),
        _ => {}
    }
    let length = usize::from(reader.u16_be()?).checked_sub(2)?;
    let data = reader.take(length)?;
    Some(match marker {
        0xc4 | 0xc8 | 0xcc => Segment::Other,
        0xc0..=0xcf => Segment::Frame(marker - 0xc0, data),
        0xda => Segment::Scan,
        0xe0..=0xef => Segment::App(marker - 0xe0, data),
        _ => Segment::Other,
    })
}

fn next_marker(reader: &mut Reader<'_>) -> Option<u8> {
    loop {
        reader.seek_byte(0xff)?;
        let mut marker = reader.byte()?;
        while marker == 0xff {
            marker = reader.byte()?;
        }
        if marker != 0 {
            return Some(marker);
        }
    }
}

/// The fields of a frame header that matter here.
pub(crate) struct Frame {
    pub(crate) pixels: Pixels,
    pub(crate) precision: u8,
    pub(crate) components: u8,
}

/// Reads a frame header; refuses the processes that are in the standard but in no decoder in use here.
pub(crate) fn read_frame(process: u8, data: &[u8]) -> Result<Frame, ImageError> {
    let unsupported = |what: &str| Err(ImageError::Unsupported(format!("{what} JPEG")));
    match process {
        0..=2 => {}
        3 | 7 | 11 | 15 => return unsupported("lossless"),
        5 | 6 => return unsupported("hierarchical"),
        _ => return unsupported("arithmetic-coded"),
    }
    let frame = parse_frame(data).ok_or_else(|| corrupt("the frame header is cut off"))?;
    if frame.precision != 8 {
        return unsupported(&format!("{}-bit", frame.precision));
    }
    if !matches!(frame.components, 1 | 3 | 4) {
        return unsupported(&format!("{}-component", frame.components));
    }
    Ok(frame)
}

fn parse_frame(data: &[u8]) -> Option<Frame> {
    let mut reader = Reader::at(data, 0);
    let precision = reader.byte()?;
    let height = reader.u16_be()?.into();
    let width = reader.u16_be()?.into();
    let components = reader.byte()?;
    reader.take(usize::from(components) * 3)?;
    Some(Frame { pixels: Pixels::new(width, height), precision, components })
}

pub(crate) fn read_header(bytes: &[u8]) -> Result<Header, ImageError> {
    let mut reader = Reader::at(bytes, 2);
    let mut orientation = Orientation::Normal;
    let mut frame = None;
    let mut profile = false;
    loop {
        let position = reader.position();
        match next_segment(&mut reader) {
            Some(Segment::Frame(process, data)) if frame.is_none() => frame = Some(read_frame(process, data)?),
            Some(Segment::Frame(..)) => return Err(corrupt("there are two frame headers")),
            Some(Segment::App(1, data)) => {
                if let Some(block) = data.strip_prefix(EXIF_PREFIX) {
                    orientation = Orientation::from_exif_block(block);
                }
            }
            Some(Segment::App(2, data)) => profile |= data.starts_with(PROFILE_PREFIX),
            Some(Segment::App(..) | Segment::Other) => {}
            Some(Segment::Scan) => break,
            Some(Segment::End) => return Err(corrupt("it ends before the first scan")),
            None => return Err(corrupt(format!("cut off in the header, behind byte {position}"))),
        }
    }
    let frame = frame.ok_or_else(|| corrupt("the first scan comes before a frame header"))?;
    Ok(Header {
        pixels: frame.pixels,
        orientation,
        alpha: false,
        frames: 1,
        bit_depth: frame.precision,
        colour: match frame.components {
            1 => ColourSpace::Gray,
            3 => ColourSpace::Rgb,
            _ => ColourSpace::Cmyk,
        },
        profile,
        decoded_pixel_bytes: if frame.components == 1 { 1 } else { 3 },
    })
}

pub(crate) fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::corrupt(Format::Jpeg, detail)
}
