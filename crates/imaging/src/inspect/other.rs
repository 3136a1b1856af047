//! The headers of BMP, TIFF and WebP, which are accepted as sources only: read by their decoders, which stop before the pixels.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;

use super::Header;
use crate::decode::{decoder, refused};
use crate::{Format, ImageError, Limits, Orientation, Pixels};

pub(crate) fn read_header(bytes: &[u8], format: Format, limits: &Limits) -> Result<Header, ImageError> {
    let mut decoder = decoder(bytes, format, limits)?;
    let (width, height) = decoder.dimensions();
    let stored = decoder.original_color_type();
    let decoded = decoder.color_type();
    let samples = u16::from(stored.channel_count()).max(1);
    Ok(Header {
        pixels: Pixels::new(width, height),
        // A damaged orientation tag is no reason to refuse a picture.
        orientation: decoder.orientation().map_or(Orientation::Normal, Orientation::from),
        alpha: decoded.has_alpha(),
        animated: format == Format::WebP && is_animated_webp(bytes)?,
        bit_depth: u8::try_from(stored.bits_per_pixel() / samples).unwrap_or(u8::MAX),
        decoded_pixel_bytes: decoded.bytes_per_pixel().into(),
    })
}

fn is_animated_webp(bytes: &[u8]) -> Result<bool, ImageError> {
    WebPDecoder::new(Cursor::new(bytes))
        .map(|decoder| decoder.has_animation())
        .map_err(|error| refused(Format::WebP, error))
}
