//! Brings the colours of a picture into sRGB by its ICC profile, through `moxcms`. A profile that cannot be read, is of another kind
//! than the pixels (that of a CMYK picture, which its decoder has made RGB) or says sRGB in other words changes nothing.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::canvas::Canvas;

/// The longest profile that is read: those of printers, which are the longest, take 1 to 3 MiB.
const LONGEST_PROFILE: usize = 4 * 1024 * 1024;
/// How far a colour may move before a profile counts as another one than sRGB.
const SAME: u8 = 2;

/// The picture in sRGB. Alpha stays as it is.
pub(super) fn in_srgb(mut canvas: Canvas, profile: &[u8]) -> Canvas {
    if let Some(converted) = converted(&canvas, profile) {
        canvas.data_mut().copy_from_slice(&converted);
    }
    canvas
}

/// The converted pixels, as many as before; `None` where nothing is to be changed.
fn converted(canvas: &Canvas, profile: &[u8]) -> Option<Vec<u8>> {
    if profile.len() > LONGEST_PROFILE {
        return None;
    }
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let gray = match profile.color_space {
        DataColorSpace::Rgb => false,
        DataColorSpace::Gray if canvas.gray() => true,
        _ => return None,
    };
    if is_srgb(&profile, gray) {
        return None;
    }
    match gray {
        false => transformed(&profile, canvas.data(), if canvas.alpha() { Layout::Rgba } else { Layout::Rgb }, canvas),
        // Of a gray picture all three samples are alike.
        true if canvas.alpha() => {
            let (pixels, _) = canvas.data().as_chunks::<4>();
            let samples: Vec<u8> = pixels.iter().flat_map(|[gray, _, _, alpha]| [*gray, *alpha]).collect();
            transformed(&profile, &samples, Layout::GrayAlpha, canvas)
        }
        true => {
            let samples: Vec<u8> = canvas.data().iter().step_by(3).copied().collect();
            transformed(&profile, &samples, Layout::Gray, canvas)
        }
    }
}

fn transformed(profile: &ColorProfile, samples: &[u8], layout: Layout, like: &Canvas) -> Option<Vec<u8>> {
    let target = if like.alpha() { Layout::Rgba } else { Layout::Rgb };
    let transform =
        profile.create_transform_8bit(layout, &ColorProfile::new_srgb(), target, TransformOptions::default()).ok()?;
    let mut out = vec![0; like.data().len()];
    transform.transform(samples, &mut out).ok()?;
    Some(out)
}

/// Whether colours of the profile are those of sRGB, give or take rounding: then a picture keeps its very pixels.
fn is_srgb(profile: &ColorProfile, gray: bool) -> bool {
    const LEVELS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let colours: Vec<u8> = match gray {
        true => LEVELS.iter().flat_map(|level| [*level; 3]).collect(),
        false => LEVELS
            .iter()
            .flat_map(|red| LEVELS.iter().flat_map(move |green| LEVELS.iter().flat_map(|blue| [*red, *green, *blue])))
            .collect(),
    };
    let samples: Vec<u8> = if gray { LEVELS.to_vec() } else { colours.clone() };
    let layout = if gray { Layout::Gray } else { Layout::Rgb };
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options) else {
        return true;
    };
    let mut out = vec![0; colours.len()];
    transform.transform(&samples, &mut out).is_err()
        || out.iter().zip(&colours).all(|(found, expected)| found.abs_diff(*expected) <= SAME)
}
