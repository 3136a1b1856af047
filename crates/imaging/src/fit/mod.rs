//! Makes of one picture what a library accepts: its pixels, its format, its bytes. The output is a function of the input alone.
//!
//! Order: verify, decode, crop and resize in one step while the picture is still as stored, turn, pad, encode. Of an animation the first
//! frame is taken. Metadata is dropped, the ICC profile included; 16-bit samples become 8-bit. It never guesses a rule: the target
//! says everything.

use crate::decode::decode;
use crate::{Format, ImageError, Inspection, Limits, Pixels};

mod canvas;
mod encode;
mod orient;
mod resize;

use canvas::Canvas;

/// An opaque colour: red, green and blue in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
}

/// The point of the shown picture that a crop keeps as near to its centre as the edges let it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focus {
    /// 0 is the left edge, 1 the right one.
    pub x: f32,
    /// 0 is the top edge, 1 the bottom one.
    pub y: f32,
}

impl Default for Focus {
    /// The centre.
    fn default() -> Self {
        Self { x: 0.5, y: 0.5 }
    }
}

/// How a picture of other proportions gets the target's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// All of the picture, scaled up or down, centred between bars of the background. Transparency is kept where the output can
    /// hold it (the bars are opaque), else it is laid over the background.
    Contain {
        /// The colour of the bars.
        background: Rgb,
    },
    /// The whole target, scaled up or down; what does not fit is cut off. Transparency goes over white where the output has none.
    Cover {
        /// What to keep when cutting.
        focus: Focus,
    },
    /// The picture must already have the size, after its orientation is applied; it is only encoded anew. Transparency as for `Cover`.
    Exact,
}

/// What a fitted picture must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its exact size.
    pub pixels: Pixels,
    /// The formats allowed, in order of preference. The source's own format comes first when it is among them; GIF is written only when
    /// neither JPEG nor PNG is allowed; BMP, TIFF and WebP are never written.
    pub formats: Vec<Format>,
    /// The most bytes that the encoded file may have.
    pub max_bytes: u64,
    /// How it gets the size.
    pub mode: Mode,
}

/// An encoded picture that meets its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format, one of the target's.
    pub format: Format,
    /// Its size, the target's.
    pub pixels: Pixels,
}

/// Fits a picture under [`Limits::default`].
///
/// # Errors
/// See [`Limits::fit`].
pub fn fit(bytes: &[u8], target: &Target) -> Result<Fitted, ImageError> {
    Limits::default().fit(bytes, target)
}

impl Limits {
    /// Fits a picture: the same bytes, target and version of this crate give the same output.
    ///
    /// JPEG is written at quality 92, or at the best one down to 40 that a bisection finds within `max_bytes`, its chroma subsampled
    /// only when 40 is not enough; PNG is written without loss; when a format does not get small enough, the next allowed one is tried.
    ///
    /// # Errors
    /// Those of [`Limits::verify`]; [`ImageError::TooLarge`] when the target has more pixels than these limits allow;
    /// [`ImageError::CannotFit`] when the target is empty or names no format that is written here, when [`Mode::Exact`] meets another
    /// size, or when no allowed format gets within `max_bytes`.
    pub fn fit(&self, bytes: &[u8], target: &Target) -> Result<Fitted, ImageError> {
        let inspection = self.inspect(bytes)?;
        let candidates = encode::candidates(inspection.format, &target.formats);
        self.check_target(&inspection, target, &candidates)?;
        self.walk(bytes, inspection.format)?;
        let decoded = Canvas::of(decode(bytes, inspection.format, self)?);
        if decoded.pixels() != inspection.pixels {
            let detail = format!("the header gives {}, the data {}", inspection.pixels, decoded.pixels());
            return Err(ImageError::corrupt(inspection.format, detail));
        }
        let background = match target.mode {
            Mode::Contain { background } => background,
            Mode::Cover { .. } | Mode::Exact => Rgb::WHITE,
        };
        let canvas = shape(decoded, &inspection, target)?.without_needless_alpha();
        let (format, bytes) = encode::within(&canvas, &candidates, target.max_bytes, background)?;
        Ok(Fitted { bytes, format, pixels: target.pixels })
    }

    /// Refuses, before anything is decoded, a target that this picture cannot meet.
    fn check_target(&self, inspection: &Inspection, target: &Target, candidates: &[Format]) -> Result<(), ImageError> {
        let pixels = target.pixels;
        if pixels.area() == 0 {
            return Err(ImageError::cannot_fit(format!("a target of {pixels} is empty")));
        }
        self.check_decoded(pixels, pixels.area().saturating_mul(4))?;
        if candidates.is_empty() {
            return Err(ImageError::cannot_fit("the target allows none of JPEG, PNG and GIF"));
        }
        let shown = inspection.oriented();
        if target.mode == Mode::Exact && shown != pixels {
            return Err(ImageError::cannot_fit(format!("it is {shown}, exactly {pixels} is asked for")));
        }
        Ok(())
    }
}

/// Brings the decoded picture to the target's size, turned for showing.
fn shape(decoded: Canvas, inspection: &Inspection, target: &Target) -> Result<Canvas, ImageError> {
    let orientation = inspection.orientation;
    let shown = orientation.apply_to(decoded.pixels());
    let wanted = target.pixels;
    match target.mode {
        Mode::Exact => Ok(orient::turned(decoded, orientation)),
        Mode::Contain { background } => {
            let inner = resize::contained(shown, wanted);
            let whole = resize::Region::whole(decoded.pixels());
            let resized = resize::resized(decoded, whole, orientation.apply_to(inner))?;
            Ok(orient::turned(resized, orientation).padded(wanted, background))
        }
        Mode::Cover { focus } => {
            let region = resize::covering(shown, wanted, focus);
            let region = orient::stored_region(region, decoded.pixels(), orientation);
            let resized = resize::resized(decoded, region, orientation.apply_to(wanted))?;
            Ok(orient::turned(resized, orientation))
        }
    }
}
