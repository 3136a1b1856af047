//! The one place that drives the decoders of the `image` crate, within limits. It applies no orientation and keeps of the metadata the colour
//! profile alone.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::memory::Memory;
use crate::{Format, ImageError, Limits, Pixels};

/// Longest text of a decoder that is passed on in an error.
const DETAIL_CHARS: usize = 160;

/// A decoder that has read the header and nothing else.
pub(crate) fn decoder<'a>(
    bytes: &'a [u8],
    format: Format,
    limits: &Limits,
) -> Result<impl ImageDecoder + 'a, ImageError> {
    let mut theirs = image::Limits::no_limits();
    // The picture itself and as much again for what a decoder keeps beside it.
    theirs.max_alloc = Some(limits.max_decoded_bytes.saturating_mul(2));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(theirs);
    reader.into_decoder().map_err(|error| refused(format, error))
}

/// A decoded picture.
pub(crate) enum Decoded {
    /// Of 8 bits a sample, as most are: RGB, or RGBA.
    Plain {
        /// Its size.
        pixels: Pixels,
        /// Whether it is RGBA.
        alpha: bool,
        /// Rows from the top.
        data: Memory,
    },
    /// Of any other kind.
    Other(DynamicImage),
}

/// Decodes the picture, of an animation the first frame, and reads its ICC profile if it has one that can be read.
pub(crate) fn decode_with_profile(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
) -> Result<(Decoded, Option<Vec<u8>>), ImageError> {
    let mut decoder = decoder(bytes, format, limits)?;
    let profile = decoder.icc_profile().ok().flatten();
    let refused = |error| refused(format, error);
    let alpha = match decoder.color_type() {
        ColorType::Rgb8 => false,
        ColorType::Rgba8 => true,
        _ => return Ok((Decoded::Other(DynamicImage::from_decoder(decoder).map_err(refused)?), profile)),
    };
    let (width, height) = decoder.dimensions();
    let bytes = decoder.total_bytes();
    limits.check_decoded(Pixels::new(width, height), bytes)?;
    // Within the limit, and nothing where an address cannot tell it.
    let mut data = Memory::zeroed(usize::try_from(bytes).unwrap_or_default());
    decoder.read_image(&mut data).map_err(refused)?;
    Ok((Decoded::Plain { pixels: Pixels::new(width, height), alpha, data }, profile))
}

/// Decodes the picture, of an animation the first frame.
pub(crate) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<DynamicImage, ImageError> {
    let decoder = decoder(bytes, format, limits)?;
    DynamicImage::from_decoder(decoder).map_err(|error| refused(format, error))
}

/// What a decoder's refusal means here.
pub(crate) fn refused(format: Format, error: image::ImageError) -> ImageError {
    match error {
        image::ImageError::Unsupported(error) => {
            ImageError::Unsupported(format!("{format} variant: {}", one_line(&error.to_string())))
        }
        image::ImageError::Limits(_) => {
            ImageError::Unsupported(format!("{format} that takes more memory to decode than its pixels account for"))
        }
        error => ImageError::corrupt(format, one_line(&error.to_string())),
    }
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::WebP => ImageFormat::WebP,
    }
}

/// A foreign text made fit for a log line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(DETAIL_CHARS).collect()
}
