//! Turns pixels for showing, and places of the shown picture back to where they are stored. It reads no EXIF.

use super::canvas::Canvas;
use super::resize::Region;
use crate::orientation::Turn;
use crate::{Orientation, Pixels};

/// The picture as shown.
pub(super) fn turned(canvas: Canvas, orientation: Orientation) -> Canvas {
    if orientation == Orientation::Normal {
        return canvas;
    }
    let shown = orientation.apply_to(canvas.pixels());
    let data = if canvas.alpha() {
        turned_pixels::<4>(canvas.data(), canvas.pixels(), shown, orientation.turn())
    } else {
        turned_pixels::<3>(canvas.data(), canvas.pixels(), shown, orientation.turn())
    };
    canvas.with_data(shown, data)
}

fn turned_pixels<const CHANNELS: usize>(data: &[u8], stored: Pixels, shown: Pixels, turn: Turn) -> Vec<u8> {
    let (pixels, _) = data.as_chunks::<CHANNELS>();
    let (width, height) = (stored.width as usize, stored.height as usize);
    let mut out = Vec::with_capacity(data.len());
    for y in 0..shown.height as usize {
        for x in 0..shown.width as usize {
            let (x, y) = if turn.transpose { (y, x) } else { (x, y) };
            let x = if turn.mirror_x { width - 1 - x } else { x };
            let y = if turn.mirror_y { height - 1 - y } else { y };
            out.extend_from_slice(&pixels[y * width + x]);
        }
    }
    out
}

/// Where a region of the shown picture is stored.
pub(super) fn stored_region(shown: Region, stored: Pixels, orientation: Orientation) -> Region {
    let turn = orientation.turn();
    let mut region = shown;
    if turn.transpose {
        region = Region { left: shown.top, top: shown.left, size: shown.size.transposed() };
    }
    if turn.mirror_x {
        region.left = stored.width - region.size.width - region.left;
    }
    if turn.mirror_y {
        region.top = stored.height - region.size.height - region.top;
    }
    region
}
