//! Makes of one picture what a library accepts: its pixels, its format, its bytes. The output is a function of the input alone.
//!
//! Order: verify, decode, crop and resize in one step while the picture is still as stored, bring its colours to sRGB (there are fewest
//! pixels then), turn, pad, encode. Metadata is dropped, the ICC profile included; 16-bit samples become 8-bit. It never guesses a
//! rule: the target says everything.

use crate::decode::{decode_with_profile, decoder};
use crate::{ColourSpace, Format, ImageError, Inspection, Limits, Pixels};

mod canvas;
mod colour;
mod encode;
mod orient;
mod plan;
mod resize;

pub use plan::{Loss, Plan};

use canvas::Canvas;

/// An opaque colour: red, green and blue in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
}

/// The point of the shown picture that a crop keeps as near to its centre as the edges let it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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

/// What happens to a picture of several frames. None is ever written with more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Animation {
    /// It is refused, so that no movement is lost unasked.
    #[default]
    Refuse,
    /// The first frame is taken.
    FirstFrame,
}

/// What a fitted picture must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its exact size.
    pub pixels: Pixels,
    /// The formats allowed, in order of preference. The source's own format comes first when it is among them, then PNG when the source
    /// may be transparent or has a palette or less than 8 bits a sample; GIF is written only when neither JPEG nor PNG is allowed; BMP,
    /// TIFF and WebP are never written.
    pub formats: Vec<Format>,
    /// The most bytes that the encoded file may have.
    pub max_bytes: u64,
    /// How it gets the size.
    pub mode: Mode,
    /// What happens to a picture of several frames.
    pub animation: Animation,
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

/// Tells under [`Limits::default`] whether a fit could decode a picture.
///
/// # Errors
/// See [`Limits::decodable`].
pub fn decodable(bytes: &[u8]) -> Result<(), ImageError> {
    Limits::default().decodable(bytes)
}

impl Limits {
    /// Tells whether a fit could decode a picture that [`verify`](Self::verify) finds whole, as far as that shows before its
    /// first pixel: a file may be whole and yet of a variant that is not decoded, or carry a profile that takes more
    /// memory than a picture of its size gets.
    ///
    /// # Errors
    /// Those of [`Limits::inspect`]; [`ImageError::Unsupported`] and [`ImageError::Corrupt`] as [`fit`](Self::fit) would
    /// tell them.
    pub fn decodable(&self, bytes: &[u8]) -> Result<(), ImageError> {
        let inspection = self.inspect(bytes)?;
        decoder(bytes, inspection.format, &self.for_picture(inspection.pixels)).map(drop)
    }

    /// Fits a picture: the same bytes, target and version of this crate give the same output.
    ///
    /// JPEG is written at quality 92, or at the best one down to 40 that a bounded search finds within `max_bytes`, its chroma
    /// subsampled only when 40 is not enough; PNG is written without loss; when a format does not get small enough, the next allowed
    /// one is tried.
    ///
    /// # Errors
    /// Those of [`Limits::verify`]; [`ImageError::TooLarge`] when the target has more pixels than these limits allow;
    /// [`ImageError::CannotFit`] when the target is empty or names no format that is written here, when [`Mode::Exact`] meets another
    /// size, when an animation is not to lose its frames, or when no allowed format gets within `max_bytes`.
    pub fn fit(&self, bytes: &[u8], target: &Target) -> Result<Fitted, ImageError> {
        self.fit_unless(bytes, target, &|| false)
    }

    /// Fits a picture unless `cancelled` says between two steps (decode, resize, each try to encode) that nobody waits for it.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and [`ImageError::Cancelled`].
    pub fn fit_unless(
        &self,
        bytes: &[u8],
        target: &Target,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Fitted, ImageError> {
        let still_wanted = || if cancelled() { Err(ImageError::Cancelled) } else { Ok(()) };
        still_wanted()?;
        let inspection = self.inspect(bytes)?;
        let candidates = encode::candidates(&inspection, &target.formats);
        self.check_target(&inspection, target, &candidates)?;
        self.walk(bytes, inspection.format)?;
        still_wanted()?;
        let (decoded, profile) = decode_with_profile(bytes, inspection.format, &self.for_picture(inspection.pixels))?;
        let decoded = Canvas::of(decoded);
        if decoded.pixels() != inspection.pixels {
            let detail = format!("the header gives {}, the data {}", inspection.pixels, decoded.pixels());
            return Err(ImageError::corrupt(inspection.format, detail));
        }
        let background = match target.mode {
            Mode::Contain { background } => background,
            Mode::Cover { .. } | Mode::Exact => Rgb::WHITE,
        };
        still_wanted()?;
        // What a profile of four inks says is about samples that the decoder has already turned into RGB.
        let profile = profile.filter(|_| inspection.colour != ColourSpace::Cmyk);
        let canvas = shape(decoded, &inspection, target, profile.as_deref())?.without_needless_alpha();
        let (format, bytes) = encode::within(&canvas, &candidates, target.max_bytes, background, &still_wanted)?;
        Ok(Fitted { bytes, format, pixels: target.pixels })
    }
}

/// Brings the decoded picture to the target's size and to sRGB, turned for showing.
fn shape(
    decoded: Canvas,
    inspection: &Inspection,
    target: &Target,
    profile: Option<&[u8]>,
) -> Result<Canvas, ImageError> {
    let in_srgb = |canvas| match profile {
        Some(profile) => colour::in_srgb(canvas, profile),
        None => canvas,
    };
    let orientation = inspection.orientation;
    let shown = orientation.apply_to(decoded.pixels());
    let wanted = target.pixels;
    match target.mode {
        Mode::Exact => Ok(orient::turned(in_srgb(decoded), orientation)),
        Mode::Contain { background } => {
            let inner = resize::contained(shown, wanted);
            let whole = resize::Region::whole(decoded.pixels());
            let resized = resize::resized(decoded, whole, orientation.apply_to(inner))?;
            Ok(orient::turned(in_srgb(resized), orientation).padded(wanted, background))
        }
        Mode::Cover { focus } => {
            let region = resize::covering(shown, wanted, focus);
            let region = orient::stored_region(region, decoded.pixels(), orientation);
            let resized = resize::resized(decoded, region, orientation.apply_to(wanted))?;
            Ok(orient::turned(in_srgb(resized), orientation))
        }
    }
}
