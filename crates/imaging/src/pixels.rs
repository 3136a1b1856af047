//! The size of a picture in pixels. It never carries a physical size or a density.

use std::fmt;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Pixels {
    /// A size from its sides.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width divided by height; not finite when the height is 0, which no [`Inspection`](crate::Inspection) reports.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }

    /// Width times height.
    #[must_use]
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The same rectangle lying on its other side.
    #[must_use]
    pub(crate) fn transposed(self) -> Self {
        Self { width: self.height, height: self.width }
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_prints_as_width_x_height_and_does_not_overflow() {
        let size = Pixels::new(u32::MAX, 2);
        assert_eq!(size.to_string(), "4294967295x2");
        assert_eq!(size.area(), 8_589_934_590);
        assert_eq!(Pixels::new(640, 320).ratio(), 2.0);
    }
}
