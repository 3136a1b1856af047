//! Writes a finished picture as JPEG, PNG or GIF within a number of bytes. It never changes the size of the picture.
//!
//! JPEG goes through `jpeg-encoder`: the encoder of `image` takes half as long again for the same quality. Chroma is not subsampled while
//! the bytes suffice, so that coloured text on an advertisement stays sharp.

use std::fmt::Display;

use image::codecs::gif::GifEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::Rgb;
use super::canvas::Canvas;
use crate::decode::one_line;
use crate::{ColourSpace, Format, ImageError, Inspection};

const BEST_QUALITY: u8 = 92;
const WORST_QUALITY: u8 = 40;

const FULL_CHROMA: SamplingFactor = SamplingFactor::F_1_1;
/// One sample of chroma for four pixels.
const QUARTER_CHROMA: SamplingFactor = SamplingFactor::F_2_2;

/// How often a quality is tried after the best and the worst: the tries that a bisection of them all would take.
const MOST_TRIES: u32 = 6;
/// One part of so many is the most that the strongest compression of a PNG is expected to save.
const MOST_SAVED: u64 = 6;

/// From 1, the slowest and best choice of palette, to 30.
const GIF_SPEED: i32 = 10;

/// The formats to try, best first: the source's own, then PNG where JPEG would lose what can be seen, then the allowed ones in
/// their order; GIF only when it is alone.
pub(super) fn candidates(source: &Inspection, allowed: &[Format]) -> Vec<Format> {
    let own = allowed.iter().filter(|format| **format == source.format);
    let exact = allowed.iter().filter(|format| **format == Format::Png && suffers_in_jpeg(source));
    let mut candidates: Vec<Format> = Vec::new();
    for format in own.chain(exact).chain(allowed) {
        if matches!(format, Format::Jpeg | Format::Png) && !candidates.contains(format) {
            candidates.push(*format);
        }
    }
    if candidates.is_empty() && allowed.contains(&Format::Gif) {
        candidates.push(Format::Gif);
    }
    candidates
}

/// Whether JPEG would take transparency away, or blur hard edges between few colours, which PNG keeps in few bytes.
fn suffers_in_jpeg(source: &Inspection) -> bool {
    source.alpha || source.colour == ColourSpace::Indexed || source.bit_depth < 8
}

/// The picture in the first candidate format that gets it within `max_bytes`; `still_wanted` is asked before each try.
pub(super) fn within(
    canvas: &Canvas,
    candidates: &[Format],
    max_bytes: u64,
    background: Rgb,
    still_wanted: &dyn Fn() -> Result<(), ImageError>,
) -> Result<(Format, Vec<u8>), ImageError> {
    let mut refusals = Vec::new();
    for format in candidates {
        let attempt = match format {
            Format::Png => smallest_png(canvas, max_bytes, still_wanted),
            Format::Gif => still_wanted().map_err(Stop::Cancelled).and_then(|()| gif(canvas)),
            _ => jpeg_within(canvas, max_bytes, background, still_wanted),
        };
        match attempt {
            Err(Stop::Cancelled(error)) => return Err(error),
            Ok(bytes) if bytes.len() as u64 <= max_bytes => return Ok((*format, bytes)),
            Ok(bytes) => refusals.push(format!("{format} takes {} bytes", bytes.len())),
            Err(Stop::Unable(detail)) => refusals.push(format!("{format} {detail}")),
        }
    }
    Err(ImageError::cannot_fit(format!("at most {max_bytes} bytes are allowed, {}", refusals.join(", "))))
}

/// Why there is nothing to show for a try.
enum Stop {
    /// The format cannot hold the picture: what it says to that.
    Unable(String),
    /// Nobody wants it any more.
    Cancelled(ImageError),
}

/// The best quality that stays within `max_bytes`, with fewer samples of chroma where even the worst quality takes too many;
/// else the smallest file of all.
fn jpeg_within(
    canvas: &Canvas,
    max_bytes: u64,
    background: Rgb,
    still_wanted: &dyn Fn() -> Result<(), ImageError>,
) -> Result<Vec<u8>, Stop> {
    let (width, height) = sides(canvas)?;
    let flattened = canvas.alpha().then(|| canvas.over(background));
    let opaque = flattened.as_ref().unwrap_or(canvas).data();
    let encode = |quality, sampling| {
        still_wanted().map_err(Stop::Cancelled)?;
        written(|out| {
            let mut encoder = Encoder::new(out, quality);
            encoder.set_sampling_factor(sampling);
            encoder.encode(opaque, width, height, ColorType::Rgb)
        })
    };
    let fits = |bytes: &[u8]| bytes.len() as u64 <= max_bytes;
    let best = encode(BEST_QUALITY, FULL_CHROMA)?;
    if fits(&best) {
        return Ok(best);
    }
    let mut sampling = FULL_CHROMA;
    let mut chosen = encode(WORST_QUALITY, sampling)?;
    // With fewer samples of chroma the best quality takes less than this, but still too much; it only leads the guesses.
    let mut too_long = best.len();
    if !fits(&chosen) {
        sampling = QUARTER_CHROMA;
        chosen = encode(WORST_QUALITY, sampling)?;
    }
    if !fits(&chosen) {
        return Ok(chosen);
    }
    let (mut good, mut bad) = (WORST_QUALITY, BEST_QUALITY);
    for _ in 0..MOST_TRIES {
        if bad - good <= 1 || chosen.len() as u64 >= near_enough(max_bytes) {
            break;
        }
        let quality = guess((good, chosen.len()), (bad, too_long), max_bytes);
        let bytes = encode(quality, sampling)?;
        if fits(&bytes) {
            (good, chosen) = (quality, bytes);
        } else {
            (bad, too_long) = (quality, bytes.len());
        }
    }
    Ok(chosen)
}

/// A quality between two known ones: the length of a file grows about exponentially with it.
fn guess((good, short): (u8, usize), (bad, long): (u8, usize), max_bytes: u64) -> u8 {
    let log = |bytes: f64| bytes.max(1.0).ln();
    let (short, long) = (log(short as f64), log(long as f64));
    let share = (log(max_bytes as f64) - short) / (long - short).max(f64::EPSILON);
    let step = (f64::from(bad - good) * share).floor();
    // A float-to-integer cast saturates, and the clamp keeps it between the two.
    good.saturating_add(step as u8).clamp(good + 1, bad - 1)
}

/// A file that leaves no more than this unused could hardly be of a better quality.
fn near_enough(max_bytes: u64) -> u64 {
    max_bytes - max_bytes / 64
}

/// Without loss. The strongest compression costs several times the default one and saves a few percent, so it is tried only where
/// that can be enough.
fn smallest_png(
    canvas: &Canvas,
    max_bytes: u64,
    still_wanted: &dyn Fn() -> Result<(), ImageError>,
) -> Result<Vec<u8>, Stop> {
    let encode = |compression| {
        still_wanted().map_err(Stop::Cancelled)?;
        written(|out| {
            let encoder = PngEncoder::new_with_quality(out, compression, FilterType::Adaptive);
            encoder.write_image(canvas.data(), canvas.pixels().width, canvas.pixels().height, colour(canvas))
        })
    };
    let bytes = encode(CompressionType::Default)?;
    let length = bytes.len() as u64;
    if length <= max_bytes || length - length / MOST_SAVED > max_bytes {
        return Ok(bytes);
    }
    encode(CompressionType::Best)
}

fn gif(canvas: &Canvas) -> Result<Vec<u8>, Stop> {
    sides(canvas)?;
    written(|out| {
        let mut encoder = GifEncoder::new_with_speed(out, GIF_SPEED);
        encoder.encode(canvas.data(), canvas.pixels().width, canvas.pixels().height, colour(canvas))
    })
}

fn colour(canvas: &Canvas) -> ExtendedColorType {
    if canvas.alpha() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 }
}

/// Width and height, where a format's header holds them in 16 bits.
fn sides(canvas: &Canvas) -> Result<(u16, u16), Stop> {
    let pixels = canvas.pixels();
    let side = |length| {
        u16::try_from(length).map_err(|_| Stop::Unable(format!("has no side longer than {} pixels", u16::MAX)))
    };
    Ok((side(pixels.width)?, side(pixels.height)?))
}

fn written<E: Display>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    write(&mut out).map_err(|error| Stop::Unable(format!("cannot be written: {}", one_line(&error.to_string()))))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Bmp, Gif, Jpeg, Png, WebP};

    fn of(format: Format) -> Inspection {
        Inspection {
            format,
            pixels: crate::Pixels::new(4, 4),
            orientation: crate::Orientation::Normal,
            alpha: false,
            frames: 1,
            bit_depth: 8,
            colour: ColourSpace::Rgb,
            profile: false,
            bytes: 100,
        }
    }

    #[test]
    fn the_sources_format_comes_first_and_gif_only_alone() {
        assert_eq!(candidates(&of(Png), &[Jpeg, Png]), [Png, Jpeg]);
        assert_eq!(candidates(&of(WebP), &[Jpeg, Png, Jpeg, WebP]), [Jpeg, Png]);
        assert_eq!(candidates(&of(Gif), &[Gif, Png]), [Png]);
        assert_eq!(candidates(&of(Gif), &[Gif, Bmp]), [Gif]);
        assert_eq!(candidates(&of(Jpeg), &[Bmp]), []);
    }

    #[test]
    fn png_comes_first_where_jpeg_would_lose_transparency_or_hard_edges() {
        let transparent = Inspection { alpha: true, ..of(WebP) };
        let drawn = Inspection { colour: ColourSpace::Indexed, ..of(Gif) };
        let scanned = Inspection { bit_depth: 1, ..of(Format::Tiff) };
        for source in [transparent, drawn, scanned] {
            assert_eq!(candidates(&source, &[Jpeg, Png, Gif]), [Png, Jpeg], "{source:?}");
            assert_eq!(candidates(&source, &[Jpeg, Gif]), [Jpeg], "{source:?}");
        }
    }
}
