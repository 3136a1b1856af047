//! The headers of BMP, TIFF and WebP, which are accepted as sources only: read by their decoders, which stop before the pixels.
//!
//! Source of the frames: the WebP container specification, "Animation" (one `ANMF` chunk for each).

use image::{ExtendedColorType, ImageDecoder};

use super::{ColourSpace, Header};
use crate::decode::decoder;
use crate::reader::Reader;
use crate::{Format, ImageError, Limits, Orientation, Pixels};

/// Where the chunks of a RIFF file begin: behind `RIFF`, a length and the file's type.
const FIRST_CHUNK: usize = 12;

pub(crate) fn read_header(bytes: &[u8], format: Format, limits: &Limits) -> Result<Header, ImageError> {
    let mut decoder = decoder(bytes, format, limits)?;
    let (width, height) = decoder.dimensions();
    let stored = decoder.original_color_type();
    let decoded = decoder.color_type();
    let samples = u16::from(stored.channel_count()).max(1);
    Ok(Header {
        pixels: Pixels::new(width, height),
        // A damaged orientation tag is no reason to refuse a picture, nor is a damaged profile.
        orientation: decoder.orientation().map_or(Orientation::Normal, Orientation::from),
        alpha: decoded.has_alpha(),
        frames: if format == Format::WebP { webp_frames(bytes, limits).max(1) } else { 1 },
        bit_depth: u8::try_from(stored.bits_per_pixel() / samples).unwrap_or(u8::MAX),
        colour: match stored {
            ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16 => ColourSpace::Cmyk,
            _ if !decoded.has_color() => ColourSpace::Gray,
            _ => ColourSpace::Rgb,
        },
        profile: decoder.icc_profile().is_ok_and(|profile| profile.is_some()),
        decoded_pixel_bytes: decoded.bytes_per_pixel().into(),
    })
}

/// Counts frames up to one more than allowed, or to where the file is cut off.
fn webp_frames(bytes: &[u8], limits: &Limits) -> u32 {
    let mut reader = Reader::at(bytes, FIRST_CHUNK);
    let mut frames = 0;
    while frames <= limits.max_frames
        && let Some((kind, length)) = reader.take(4).zip(reader.u32_le())
    {
        frames += u32::from(kind == b"ANMF");
        // Chunks begin at even places.
        if usize::try_from(length).ok().and_then(|length| reader.take(length.checked_next_multiple_of(2)?)).is_none() {
            break;
        }
    }
    frames
}
