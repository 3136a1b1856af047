//! Whether a file is whole, told before it costs anything: a provider charges for a damaged image as for a good one.
//!
//! JPEG and PNG are walked, not decoded: damage that keeps the file's structure (altered entropy-coded data of a JPEG that forms no
//! marker, a PNG encoder's own fault far into a large picture) passes. Of a GIF, which has no checksums, the first frame is decoded as well. BMP,
//! TIFF and WebP hold nothing to walk by and are decoded.

use crate::decode::decode;
use crate::{Format, ImageError, Inspection, Limits};

mod gif;
mod jpeg;
mod png;

/// Inspects and looks for damage under [`Limits::default`].
///
/// # Errors
/// See [`Limits::verify`].
pub fn verify(bytes: &[u8]) -> Result<Inspection, ImageError> {
    Limits::default().verify(bytes)
}

impl Limits {
    /// Inspects, then looks for damage: a truncated file, a PNG checksum that differs, missing pixel data, a missing end, a first frame
    /// of a GIF that does not decompress. Bytes behind the end are tolerated, as cameras append there.
    ///
    /// # Errors
    /// Those of [`Limits::inspect`]; [`ImageError::Corrupt`] with the place of the damage.
    pub fn verify(&self, bytes: &[u8]) -> Result<Inspection, ImageError> {
        let inspection = self.inspect(bytes)?;
        if !self.walk(bytes, inspection.format)? {
            decode(bytes, inspection.format, &self.for_picture(inspection.pixels))?;
        }
        Ok(inspection)
    }

    /// Walks the file where its format allows; `false` where decoding tells more.
    pub(crate) fn walk(&self, bytes: &[u8], format: Format) -> Result<bool, ImageError> {
        match format {
            Format::Jpeg => jpeg::walk(bytes)?,
            Format::Png => png::walk(bytes, self)?,
            Format::Gif => {
                gif::walk(bytes)?;
                return Ok(false);
            }
            Format::Bmp | Format::Tiff | Format::WebP => return Ok(false),
        }
        Ok(true)
    }
}
