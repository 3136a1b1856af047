//! What an image's header says. Decodes no pixel and does not look for damage behind the header; that is [`verify`](crate::verify)'s.

use crate::{Format, ImageError, Limits, Orientation, Pixels};

pub(crate) mod gif;
pub(crate) mod jpeg;
mod other;
pub(crate) mod png;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The format, by content.
    pub format: Format,
    /// The size as stored, before [`orientation`](Self::orientation) is applied; of a GIF the logical screen. Neither side is 0.
    pub pixels: Pixels,
    /// How the stored picture is to be turned for showing; [`Orientation::Normal`] when the file does not say.
    pub orientation: Orientation,
    /// Whether the file can hold transparent pixels, a transparent palette entry included; not whether one is in fact transparent.
    pub alpha: bool,
    /// Whether there is more than one frame (GIF, PNG, WebP). Pages of a TIFF are not frames.
    pub animated: bool,
    /// Bits of one stored sample; of a palette PNG, bits of the palette index.
    pub bit_depth: u8,
    /// Length of the file in bytes.
    pub bytes: u64,
}

impl Inspection {
    /// The size as shown, after the orientation is applied.
    #[must_use]
    pub fn oriented(&self) -> Pixels {
        self.orientation.apply_to(self.pixels)
    }
}

/// Header facts, and how many bytes one decoded pixel takes.
pub(crate) struct Header {
    pub(crate) pixels: Pixels,
    pub(crate) orientation: Orientation,
    pub(crate) alpha: bool,
    pub(crate) animated: bool,
    pub(crate) bit_depth: u8,
    pub(crate) decoded_pixel_bytes: u64,
}

/// Reads the header under [`Limits::default`].
///
/// # Errors
/// See [`Limits::inspect`].
pub fn inspect(bytes: &[u8]) -> Result<Inspection, ImageError> {
    Limits::default().inspect(bytes)
}

impl Limits {
    /// Reads the header: microseconds, whatever the size of the picture.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] and [`ImageError::Unsupported`] by signature (or an undecodable JPEG process);
    /// [`ImageError::Corrupt`] when the header itself is cut off or contradicts its format; [`ImageError::TooLarge`] when it promises
    /// more pixels or decoded bytes than these limits allow.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, ImageError> {
        let format = Format::sniff(bytes).ok_or_else(|| Format::refusal(bytes))?;
        let header = match format {
            Format::Jpeg => jpeg::read_header(bytes)?,
            Format::Png => png::read_header(bytes)?,
            Format::Gif => gif::read_header(bytes)?,
            Format::Bmp | Format::Tiff | Format::WebP => other::read_header(bytes, format, self)?,
        };
        let Header { pixels, orientation, alpha, animated, bit_depth, decoded_pixel_bytes } = header;
        if pixels.area() == 0 {
            return Err(ImageError::corrupt(format, format!("the header gives a size of {pixels}")));
        }
        self.check_decoded(pixels, pixels.area().saturating_mul(decoded_pixel_bytes))?;
        let bytes = bytes.len() as u64;
        Ok(Inspection { format, pixels, orientation, alpha, animated, bit_depth, bytes })
    }
}
