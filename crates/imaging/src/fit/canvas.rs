//! A decoded picture in memory: rows from the top, 8 bits a sample, RGB or RGBA with alpha not multiplied in. It holds no metadata.

use super::Rgb;
use crate::Pixels;
use crate::decode::Decoded;
use crate::memory::Memory;

/// Pixels and their size; the length of the data always agrees with both fields.
#[derive(Debug)]
pub(super) struct Canvas {
    pixels: Pixels,
    alpha: bool,
    gray: bool,
    data: Memory,
}

impl Canvas {
    /// Takes over a decoded picture, reduced to 8 bits a sample and widened to three colours.
    pub(super) fn of(decoded: Decoded) -> Self {
        let image = match decoded {
            Decoded::Plain { pixels, alpha, data } => return Self { pixels, alpha, gray: false, data },
            Decoded::Other(image) => image,
        };
        let pixels = Pixels::new(image.width(), image.height());
        let alpha = image.color().has_alpha();
        let gray = !image.color().has_color();
        let data = if alpha { image.into_rgba8().into_raw() } else { image.into_rgb8().into_raw() };
        Self { pixels, alpha, gray, data: data.into() }
    }

    /// The same kind of canvas with other pixels; `data` must agree with their size.
    pub(super) fn with_data(&self, pixels: Pixels, data: Vec<u8>) -> Self {
        Self { pixels, alpha: self.alpha, gray: self.gray, data: data.into() }
    }

    pub(super) fn pixels(&self) -> Pixels {
        self.pixels
    }

    pub(super) fn alpha(&self) -> bool {
        self.alpha
    }

    /// Whether it was decoded from samples of lightness alone, so that all colours of a pixel are alike.
    pub(super) fn gray(&self) -> bool {
        self.gray
    }

    pub(super) fn channels(&self) -> usize {
        if self.alpha { 4 } else { 3 }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The pixels, to be changed in place; their number stays.
    pub(super) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Drops the alpha channel of a picture that is opaque throughout.
    pub(super) fn without_needless_alpha(self) -> Self {
        if self.alpha && self.data.iter().skip(3).step_by(4).all(|alpha| *alpha == u8::MAX) {
            return self.over(Rgb::WHITE);
        }
        self
    }

    /// The picture, which has alpha, laid over a colour: opaque throughout.
    pub(super) fn over(&self, background: Rgb) -> Self {
        let (pixels, _) = self.data.as_chunks::<4>();
        let data: Vec<u8> = pixels
            .iter()
            .flat_map(|[red, green, blue, alpha]| {
                let Rgb([under_red, under_green, under_blue]) = background;
                [mixed(*red, under_red, *alpha), mixed(*green, under_green, *alpha), mixed(*blue, under_blue, *alpha)]
            })
            .collect();
        Self { pixels: self.pixels, alpha: false, gray: false, data: data.into() }
    }

    /// The picture in the middle of a larger one; an odd pixel goes to the right and to the bottom.
    pub(super) fn padded(self, to: Pixels, background: Rgb) -> Self {
        if self.pixels == to {
            return self;
        }
        let channels = self.channels();
        let Rgb([red, green, blue]) = background;
        let colour = [red, green, blue, u8::MAX];
        let mut data: Vec<u8> = colour
            .iter()
            .take(channels)
            .copied()
            .cycle()
            .take(to.width as usize * to.height as usize * channels)
            .collect();
        let left = (to.width.saturating_sub(self.pixels.width) / 2) as usize * channels;
        let top = (to.height.saturating_sub(self.pixels.height) / 2) as usize;
        let rows = self.data.chunks_exact(self.pixels.width as usize * channels);
        for (target, row) in data.chunks_exact_mut(to.width as usize * channels).skip(top).zip(rows) {
            if let Some(place) = target.get_mut(left..left + row.len()) {
                place.copy_from_slice(row);
            }
        }
        self.with_data(to, data)
    }
}

/// One sample over another, rounded to nearest.
fn mixed(over: u8, under: u8, alpha: u8) -> u8 {
    let (over, under, alpha) = (u32::from(over), u32::from(under), u32::from(alpha));
    let sum = over * alpha + under * (255 - alpha) + 127;
    u8::try_from(sum / 255).unwrap_or(u8::MAX)
}
