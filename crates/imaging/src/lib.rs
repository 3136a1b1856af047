//! Looks at image bytes before anything is spent on them, and fits them to what a library accepts.
//!
//! Three questions (and [`Limits::plan`], which says without doing it what a fit would do), each dearer than the one before: [`inspect`] reads the header (microseconds), [`verify`] also walks the file
//! for damage without decoding it where the format allows, [`fit`] decodes, resizes and encodes. All three are synchronous and
//! use the calling thread only: callers put them on a pool of their own. The free functions apply [`Limits::default`]; the
//! methods of [`Limits`] with the same names apply other limits, and [`Limits::fit_unless`] can be stopped between its steps.
//!
//! What it never does: read files or the network, keep metadata, trust a name or a media type, or panic on input. A file without
//! an ICC profile is taken as sRGB; CMYK without regard to its profile, by the plain formula of screens.
//!
//! ```
//! use polyptych_imaging::{Format, ImageError, inspect};
//!
//! // A GIF header of 1x1 pixel: enough to inspect, not enough to verify.
//! let bytes = b"GIF89a\x01\x00\x01\x00\x00\x00\x00";
//! assert_eq!(inspect(bytes)?.format, Format::Gif);
//! assert!(polyptych_imaging::verify(bytes).is_err());
//! # Ok::<(), ImageError>(())
//! ```

mod decode;
mod error;
mod fit;
mod format;
mod inspect;
mod limits;
mod memory;
mod orientation;
mod pixels;
mod reader;
mod verify;

pub use error::{ImageError, Measure};
pub use fit::{Animation, Fitted, Focus, Loss, Mode, Plan, Rgb, Target, decodable, fit};
pub use format::Format;
pub use inspect::{ColourSpace, Inspection, inspect};
pub use limits::Limits;
pub use orientation::Orientation;
pub use pixels::Pixels;
pub use verify::verify;
