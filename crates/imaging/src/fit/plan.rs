//! What a fit would do and what would be lost by it, told from the header alone. It decodes nothing.

use super::{Animation, Mode, Target, encode, resize};
use crate::{ColourSpace, Format, ImageError, Inspection, Limits, Pixels};

/// What is lost when a picture is fitted. Metadata goes in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Detail: the picture is made smaller.
    Shrunk,
    /// Sharpness: the picture is made larger, by pixels that are made up.
    Enlarged,
    /// The edges: they are cut off.
    Cropped,
    /// The shape: bars are added.
    Padded,
    /// All frames but the first.
    Frames,
    /// Transparency: it is laid over a colour, where any pixel is transparent.
    Transparency,
    /// Samples of more than 8 bits.
    Depth,
    /// The exact colours: CMYK becomes RGB without regard to its profile.
    Inks,
    /// Colours outside sRGB.
    Profile,
    /// The exact pixels, by lossy compression.
    Compression,
    /// All colours but 256.
    Palette,
}

/// What a fit would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The size of the result.
    pub pixels: Pixels,
    /// The formats that are tried until one gets within the number of bytes, first the one that nearly always does.
    pub formats: Vec<Format>,
    /// What is lost in the first of these formats.
    pub losses: Vec<Loss>,
}

impl Limits {
    /// Says what [`fit`](Self::fit) would do to a picture of which the header is known. What only pixels tell (whether the format
    /// gets within the bytes, whether the data is whole) is left open.
    ///
    /// # Errors
    /// [`ImageError::TooLarge`] and [`ImageError::CannotFit`] as of [`fit`](Self::fit).
    pub fn plan(&self, inspection: &Inspection, target: &Target) -> Result<Plan, ImageError> {
        let formats = encode::candidates(inspection, &target.formats);
        self.check_target(inspection, target, &formats)?;
        let losses = formats.first().map_or(Vec::new(), |format| losses(inspection, target, *format));
        Ok(Plan { pixels: target.pixels, formats, losses })
    }

    /// Refuses, before anything is decoded, a target that this picture cannot meet.
    pub(super) fn check_target(
        &self,
        inspection: &Inspection,
        target: &Target,
        candidates: &[Format],
    ) -> Result<(), ImageError> {
        let pixels = target.pixels;
        if pixels.area() == 0 {
            return Err(ImageError::cannot_fit(format!("a target of {pixels} is empty")));
        }
        self.check_decoded(pixels, pixels.area().saturating_mul(4))?;
        if candidates.is_empty() {
            return Err(ImageError::cannot_fit("the target allows none of JPEG, PNG and GIF"));
        }
        if inspection.animated() && target.animation == Animation::Refuse {
            let frames = inspection.frames;
            return Err(ImageError::cannot_fit(format!(
                "it has {frames} frames, and the first one alone is not asked for"
            )));
        }
        let shown = inspection.oriented();
        if target.mode == Mode::Exact && shown != pixels {
            return Err(ImageError::cannot_fit(format!("it is {shown}, exactly {pixels} is asked for")));
        }
        Ok(())
    }
}

fn losses(image: &Inspection, target: &Target, format: Format) -> Vec<Loss> {
    let (shown, wanted) = (image.oriented(), target.pixels);
    let (from, to) = match target.mode {
        Mode::Exact => (shown, shown),
        Mode::Contain { .. } => (shown, resize::contained(shown, wanted)),
        Mode::Cover { focus } => (resize::covering(shown, wanted, focus).size, wanted),
    };
    [
        (Loss::Shrunk, to.width < from.width || to.height < from.height),
        (Loss::Enlarged, to.width > from.width || to.height > from.height),
        (Loss::Cropped, from != shown),
        (Loss::Padded, to != wanted),
        (Loss::Frames, image.animated()),
        (Loss::Transparency, image.alpha && format == Format::Jpeg),
        (Loss::Depth, image.bit_depth > 8),
        (Loss::Inks, image.colour == ColourSpace::Cmyk),
        (Loss::Profile, image.profile && image.colour != ColourSpace::Cmyk),
        (Loss::Compression, format == Format::Jpeg),
        (Loss::Palette, format == Format::Gif && (image.format != Format::Gif || to != from)),
    ]
    .into_iter()
    .filter_map(|(loss, lost)| lost.then_some(loss))
    .collect()
}
