//! Why an image was refused. An error never holds image bytes.

use std::fmt;

use crate::Format;

/// Why an image could not be inspected, verified or fitted.
///
/// Every case but [`CannotFit`](Self::CannotFit) and [`Cancelled`](Self::Cancelled) is a property of the bytes: trying again with the same bytes gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The bytes are of no image format: empty, a page of HTML, an archive, noise.
    #[error("not an image: the bytes start with no known image signature")]
    NotAnImage,
    /// An image, but of a format or a variant that is not decoded here; holds what was recognised, such as `HEIC`.
    #[error("unsupported image: {0}")]
    Unsupported(String),
    /// The format was recognised, its content is damaged or cut off.
    #[error("corrupt {format}: {detail}")]
    Corrupt {
        /// The format that the signature promised.
        format: Format,
        /// What is wrong and where, on one line.
        detail: String,
    },
    /// The image promises more than the [`Limits`](crate::Limits) allow; told from the header, before any pixel is decoded.
    #[error("image too large: {actual} {measure}, the limit is {limit}")]
    TooLarge {
        /// What was counted.
        measure: Measure,
        /// How many the image has or, for frames, at least has.
        actual: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// A sound image that does not become what the target asks for, or a target that nothing can meet.
    #[error("cannot fit the image: {detail}")]
    CannotFit {
        /// What stands in the way, on one line.
        detail: String,
    },
    /// Whoever asked no longer wants the answer.
    #[error("cancelled")]
    Cancelled,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Pixels, width times height.
    Pixels,
    /// Bytes of the decoded picture in memory.
    DecodedBytes,
    /// Frames of an animation.
    Frames,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pixels => "pixels",
            Self::DecodedBytes => "decoded bytes",
            Self::Frames => "frames",
        })
    }
}

impl ImageError {
    pub(crate) fn corrupt(format: Format, detail: impl Into<String>) -> Self {
        Self::Corrupt { format, detail: detail.into() }
    }

    pub(crate) fn cannot_fit(detail: impl Into<String>) -> Self {
        Self::CannotFit { detail: detail.into() }
    }
}
