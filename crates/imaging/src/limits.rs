//! How much a picture may ask of memory. Limits are applied to what a header promises, before anything of that size exists.

use crate::{ImageError, Measure, Pixels};

/// Upper bounds on what an image may promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height; 64,000,000 by default. Bounds the target of a fit as well.
    pub max_pixels: u64,
    /// Bytes of the decoded picture, at its own depth and channels; 256 MiB by default.
    pub max_decoded_bytes: u64,
    /// Frames of an animated GIF, PNG or WebP; 1,000 by default.
    pub max_frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 64_000_000, max_decoded_bytes: 256 * 1024 * 1024, max_frames: 1_000 }
    }
}

/// The most bytes that one decoded pixel takes: four samples of 32 bits.
const WIDEST_PIXEL: u64 = 16;
/// What metadata may inflate to beside the pixels, a profile above all.
const METADATA_BYTES: u64 = 8 * 1024 * 1024;

impl Limits {
    /// These limits, no wider than a picture of this size needs: a small one with a profile that inflates a thousandfold does
    /// not get the memory of a large one.
    pub(crate) fn for_picture(&self, pixels: Pixels) -> Self {
        let needed = pixels.area().saturating_mul(WIDEST_PIXEL).saturating_add(METADATA_BYTES);
        Self { max_decoded_bytes: self.max_decoded_bytes.min(needed), ..*self }
    }

    /// Refuses a picture of these pixels that takes this many bytes once decoded.
    pub(crate) fn check_decoded(&self, pixels: Pixels, bytes: u64) -> Result<(), ImageError> {
        at_most(Measure::Pixels, pixels.area(), self.max_pixels)?;
        at_most(Measure::DecodedBytes, bytes, self.max_decoded_bytes)
    }

    /// Refuses an animation of this many frames.
    pub(crate) fn check_frames(&self, frames: u32) -> Result<(), ImageError> {
        at_most(Measure::Frames, frames.into(), self.max_frames.into())
    }
}

fn at_most(measure: Measure, actual: u64, limit: u64) -> Result<(), ImageError> {
    if actual > limit { Err(ImageError::TooLarge { measure, actual, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_picture_gets_no_more_memory_than_it_needs_and_a_large_one_no_more_than_is_allowed() {
        let limits = Limits::default();
        assert_eq!(limits.for_picture(Pixels::new(100, 10)).max_decoded_bytes, 16_000 + METADATA_BYTES);
        assert_eq!(limits.for_picture(Pixels::new(8_000, 8_000)), limits);
    }
}
