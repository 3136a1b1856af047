//! Sizes and the resampling itself (Lanczos with three lobes, alpha multiplied in meanwhile). It pads and turns nothing.

use std::fmt;

use fast_image_resize::images::{Image, TypedCroppedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::Focus;
use super::canvas::Canvas;
use crate::{ImageError, Pixels};

/// A rectangle of whole pixels inside a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Pixels,
}

impl Region {
    pub(super) fn whole(size: Pixels) -> Self {
        Self { left: 0, top: 0, size }
    }
}

/// The largest size of a picture's proportions inside `frame`, at least one pixel a side.
pub(super) fn contained(picture: Pixels, frame: Pixels) -> Pixels {
    if wider(picture, frame) {
        Pixels::new(frame.width, scaled(picture.height, frame.width, picture.width).min(frame.height))
    } else {
        Pixels::new(scaled(picture.width, frame.height, picture.height).min(frame.width), frame.height)
    }
}

/// The largest part of a picture in the proportions of `frame`, with the focus as near to its centre as the edges allow.
pub(super) fn covering(picture: Pixels, frame: Pixels, focus: Focus) -> Region {
    let size = contained(frame, picture);
    Region { left: start(focus.x, picture.width, size.width), top: start(focus.y, picture.height, size.height), size }
}

fn wider(one: Pixels, other: Pixels) -> bool {
    u64::from(one.width) * u64::from(other.height) > u64::from(other.width) * u64::from(one.height)
}

/// `length * to / from`, rounded to nearest, at least 1.
fn scaled(length: u32, to: u32, from: u32) -> u32 {
    let from = u64::from(from).max(1);
    let scaled = (u64::from(length) * u64::from(to) + from / 2) / from;
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

/// Where a part of a side begins so that the focus (clamped to the side; the centre when it is no number) is in its middle.
fn start(focus: f32, side: u32, part: u32) -> u32 {
    let focus = if focus.is_nan() { 0.5 } else { f64::from(focus).clamp(0.0, 1.0) };
    let start = (focus * f64::from(side) - f64::from(part) / 2.0).round();
    // A float-to-integer cast saturates, so that a negative start becomes 0.
    (start as u32).min(side.saturating_sub(part))
}

/// A region of the picture at another size.
pub(super) fn resized(canvas: Canvas, region: Region, to: Pixels) -> Result<Canvas, ImageError> {
    if region == Region::whole(to) && canvas.pixels() == to {
        return Ok(canvas);
    }
    let resampled = if canvas.alpha() { resampled::<U8x4> } else { resampled::<U8x3> };
    let data = resampled(canvas.data(), canvas.pixels(), region, to)?;
    Ok(canvas.with_data(to, data))
}

/// For these pixels alone: a resizer that is told their kind while it runs is built for every kind there is.
fn resampled<P: PixelTrait>(data: &[u8], from: Pixels, region: Region, to: Pixels) -> Result<Vec<u8>, ImageError> {
    fn failed(error: impl fmt::Display) -> ImageError {
        ImageError::cannot_fit(error.to_string())
    }
    let source = TypedImageRef::<P>::from_buffer(from.width, from.height, data).map_err(failed)?;
    // A view, not the crop option of the resizer: that one lets pixels outside the region bleed over its edges.
    let Region { left, top, size } = region;
    let source = TypedCroppedImage::from_ref(&source, left, top, size.width, size.height).map_err(failed)?;
    let mut target = Image::new(to.width, to.height, P::pixel_type());
    let mut pixels = target.typed_image_mut::<P>().ok_or_else(|| failed("no pixels of that kind"))?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new()
        .resize_typed(&source, &mut pixels, &options)
        .map_err(|error| failed(format_args!("resizing {from} to {to}: {error}")))?;
    Ok(target.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containing_keeps_proportions_and_never_vanishes() {
        let cases = [
            ((4000, 3000), (1080, 1080), (1080, 810)),
            ((3000, 4000), (1080, 1080), (810, 1080)),
            ((10, 10), (300, 200), (200, 200)),
            ((1, 10_000), (300, 300), (1, 300)),
            ((300, 300), (300, 300), (300, 300)),
        ];
        for ((width, height), (frame_width, frame_height), expected) in cases {
            let inner = contained(Pixels::new(width, height), Pixels::new(frame_width, frame_height));
            assert_eq!((inner.width, inner.height), expected);
        }
    }

    #[test]
    fn covering_follows_the_focus_until_an_edge_stops_it() {
        let picture = Pixels::new(400, 100);
        let square = Pixels::new(50, 50);
        let left_at = |x| covering(picture, square, Focus { x, y: 0.5 }).left;
        assert_eq!([0.0, 0.125, 0.25, 0.5, 0.8, 1.0].map(left_at), [0, 0, 50, 150, 270, 300]);
        assert_eq!([f32::NAN, f32::INFINITY, -7.0].map(left_at), [150, 300, 0]);
        assert_eq!(covering(picture, square, Focus::default()).size, Pixels::new(100, 100));
    }
}
