//! What an image file is: format, pixel size, and whether its pixels can be decoded. It bounds the work a file may cause
//! and never looks at a file's name.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// No picture above this many pixels is decoded.
const MOST_PIXELS: u64 = 64_000_000;
/// No decoder may allocate more than this many bytes.
const MOST_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// A JPEG's header is looked for in so many of its bytes first: its decoder copies all that it is given.
const JPEG_HEAD: usize = 64 * 1024;

/// A picture that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) format: ImageFormat,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Why a file is no usable picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureFault {
    /// Not a format that the emulator knows.
    Unknown,
    /// A known format whose content cannot be read.
    Corrupt,
    /// More pixels, or more memory to decode, than the emulator allows.
    TooBig,
}

impl Picture {
    /// Reads the header of `bytes` and, when `pixels` is set, decodes the pixels too (of an animation the first frame).
    pub(crate) fn inspect(bytes: &[u8], pixels: bool) -> Result<Self, PictureFault> {
        let format = image::guess_format(bytes).map_err(|_| PictureFault::Unknown)?;
        if !format.reading_enabled() {
            return Err(PictureFault::Unknown);
        }
        let decoder = match bytes.get(..JPEG_HEAD) {
            Some(head) if !pixels && format == ImageFormat::Jpeg => {
                open(head, format).or_else(|_| open(bytes, format))?
            }
            _ => open(bytes, format)?,
        };
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_DECODED_BYTES {
            return Err(PictureFault::TooBig);
        }
        if pixels {
            // The decoder fills up what a cut-off JPEG lacks; that a provider refuses one as it does a PNG is an assumption.
            if format == ImageFormat::Jpeg && !ends(bytes) {
                return Err(PictureFault::Corrupt);
            }
            DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
        }
        Ok(Self { format, width, height })
    }

    /// The usual media type of the format.
    pub(crate) fn media_type(&self) -> &'static str {
        self.format.to_mime_type()
    }

    /// The usual file name extension of the format, without a dot.
    pub(crate) fn extension(&self) -> &'static str {
        match self.format {
            ImageFormat::Jpeg => "jpg",
            other => other.extensions_str().first().copied().unwrap_or("bin"),
        }
    }

    /// The size of this picture inside a box, its ratio kept; never enlarged, never below one pixel.
    pub(crate) fn fitted(&self, (box_width, box_height): (u32, u32)) -> (u32, u32) {
        if self.width <= box_width && self.height <= box_height {
            return (self.width, self.height);
        }
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let ratio = (f64::from(box_width) / width).min(f64::from(box_height) / height);
        (((width * ratio).round() as u32).max(1), ((height * ratio).round() as u32).max(1))
    }
}

/// A PNG of the picture in `bytes`, shrunk into `within`.
pub(crate) fn thumbnail(bytes: &[u8], picture: &Picture, within: (u32, u32)) -> Result<Vec<u8>, PictureFault> {
    let full = DynamicImage::from_decoder(open(bytes, picture.format)?).map_err(|error| fault(&error))?;
    let (width, height) = picture.fitted(within);
    let small = full.thumbnail_exact(width, height).to_rgba8();
    let mut png = Cursor::new(Vec::new());
    small.write_to(&mut png, ImageFormat::Png).map_err(|error| fault(&error))?;
    Ok(png.into_inner())
}

fn open(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder, PictureFault> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| fault(&error))
}

/// Whether the end marker of a JPEG stands behind its last scan.
fn ends(bytes: &[u8]) -> bool {
    let last = |marker| bytes.windows(2).rposition(|two| two == [0xff, marker]);
    last(0xd9) > last(0xda)
}

fn fault(error: &image::ImageError) -> PictureFault {
    match error {
        image::ImageError::Limits(_) => PictureFault::TooBig,
        image::ImageError::Unsupported(_) => PictureFault::Unknown,
        _ => PictureFault::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut out, ImageFormat::Png).unwrap();
        out.into_inner()
    }

    #[test]
    fn a_truncated_png_is_corrupt_only_when_its_pixels_are_read() {
        let mut bytes = png(200, 100);
        bytes.truncate(bytes.len() - 40);
        assert_eq!(Picture::inspect(&bytes, true), Err(PictureFault::Corrupt));
        assert_eq!(Picture::inspect(b"plain text", true), Err(PictureFault::Unknown));
    }

    #[test]
    fn a_png_that_claims_billions_of_pixels_is_refused_from_its_header() {
        let mut bytes = png(1, 1);
        bytes[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        assert!(Picture::inspect(&bytes, true).is_err());
    }

    #[test]
    fn a_thumbnail_fits_its_box_and_is_never_enlarged() {
        let bytes = png(600, 300);
        let picture = Picture::inspect(&bytes, true).unwrap();
        let small = Picture::inspect(&thumbnail(&bytes, &picture, (128, 128)).unwrap(), true).unwrap();
        assert_eq!((small.width, small.height), (128, 64));
        assert_eq!(picture.fitted((1000, 1000)), (600, 300));
    }
}
