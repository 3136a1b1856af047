//! What an image's header says. Decodes no pixel and does not look for damage behind the header; that is [`verify`](crate::verify)'s.

use std::fmt;

use crate::{Format, ImageError, Limits, Orientation, Pixels};

pub(crate) mod gif;
pub(crate) mod jpeg;
mod other;
pub(crate) mod png;

/// How the colours of a picture are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColourSpace {
    /// One sample of lightness.
    Gray,
    /// Red, green and blue, also when a JPEG or WebP stores them as lightness and chroma.
    Rgb,
    /// Numbers of entries in a palette of red, green and blue.
    Indexed,
    /// Four inks, also when a JPEG stores them as lightness, chroma and black.
    Cmyk,
}

impl fmt::Display for ColourSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gray => "gray",
            Self::Rgb => "RGB",
            Self::Indexed => "indexed",
            Self::Cmyk => "CMYK",
        })
    }
}

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
    /// Frames of a GIF, PNG or WebP, 1 for anything else: pages of a TIFF are not frames. A GIF is counted up to where it is damaged,
    /// a PNG says how many it has.
    pub frames: u32,
    /// Bits of one stored sample; of a palette PNG, bits of the palette index.
    pub bit_depth: u8,
    /// How colours are stored.
    pub colour: ColourSpace,
    /// Whether an ICC profile says what the stored colours mean; without one they are sRGB.
    pub profile: bool,
    /// Length of the file in bytes.
    pub bytes: u64,
}

impl Inspection {
    /// The size as shown, after the orientation is applied.
    #[must_use]
    pub fn oriented(&self) -> Pixels {
        self.orientation.apply_to(self.pixels)
    }

    /// Whether there is more than one frame.
    #[must_use]
    pub fn animated(&self) -> bool {
        self.frames > 1
    }
}

/// Header facts, and how many bytes one decoded pixel takes.
pub(crate) struct Header {
    pub(crate) pixels: Pixels,
    pub(crate) orientation: Orientation,
    pub(crate) alpha: bool,
    pub(crate) frames: u32,
    pub(crate) bit_depth: u8,
    pub(crate) colour: ColourSpace,
    pub(crate) profile: bool,
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
    /// Reads the header: microseconds, whatever the size of the picture. Of a GIF, whose header counts no frames, its blocks are
    /// passed over.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] and [`ImageError::Unsupported`] by signature (or an undecodable JPEG process);
    /// [`ImageError::Corrupt`] when the header itself is cut off or contradicts its format; [`ImageError::TooLarge`] when it promises
    /// more pixels, decoded bytes or frames than these limits allow.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, ImageError> {
        let format = Format::sniff(bytes).ok_or_else(|| Format::refusal(bytes))?;
        let header = match format {
            Format::Jpeg => jpeg::read_header(bytes)?,
            Format::Png => png::read_header(bytes)?,
            Format::Gif => gif::read_header(bytes, self)?,
            Format::Bmp | Format::Tiff | Format::WebP => other::read_header(bytes, format, self)?,
        };
        let Header { pixels, orientation, alpha, frames, bit_depth, colour, profile, decoded_pixel_bytes } = header;
        if pixels.area() == 0 {
            return Err(ImageError::corrupt(format, format!("the header gives a size of {pixels}")));
        }
        self.check_decoded(pixels, pixels.area().saturating_mul(decoded_pixel_bytes))?;
        self.check_frames(frames)?;
        let bytes = bytes.len() as u64;
        Ok(Inspection { format, pixels, orientation, alpha, frames, bit_depth, colour, profile, bytes })
    }
}
