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

impl Limits {
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
