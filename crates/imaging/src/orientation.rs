//! How a stored picture is to be turned before it is shown. It only describes; turning pixels is part of the fit.

use crate::Pixels;

/// The eight values of the EXIF tag 0x0112; an absent or invalid tag reads as [`Normal`](Self::Normal).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// 1: shown as stored.
    #[default]
    Normal,
    /// 2: mirrored left to right.
    FlipHorizontal,
    /// 3: turned by half.
    Rotate180,
    /// 4: mirrored top to bottom.
    FlipVertical,
    /// 5: rows and columns exchanged.
    Transpose,
    /// 6: to be turned clockwise by a quarter.
    Rotate90,
    /// 7: rows and columns exchanged, then turned by half.
    Transverse,
    /// 8: to be turned counter-clockwise by a quarter.
    Rotate270,
}

/// Where a shown pixel is stored: coordinates are exchanged first, then mirrored within the stored picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) transpose: bool,
    pub(crate) mirror_x: bool,
    pub(crate) mirror_y: bool,
}

impl Orientation {
    /// All of them, in the order of their EXIF values.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// The orientation of an EXIF value; `None` outside 1 to 8.
    #[must_use]
    pub fn from_exif(value: u8) -> Option<Self> {
        Self::ALL.get(usize::from(value).checked_sub(1)?).copied()
    }

    /// The EXIF value, 1 to 8.
    #[must_use]
    pub fn exif(self) -> u8 {
        match self {
            Self::Normal => 1,
            Self::FlipHorizontal => 2,
            Self::Rotate180 => 3,
            Self::FlipVertical => 4,
            Self::Transpose => 5,
            Self::Rotate90 => 6,
            Self::Transverse => 7,
            Self::Rotate270 => 8,
        }
    }

    /// The size of a picture of these stored pixels once it is turned.
    #[must_use]
    pub fn apply_to(self, stored: Pixels) -> Pixels {
        if self.turn().transpose { stored.transposed() } else { stored }
    }

    /// The orientation told by an EXIF block, which is a small TIFF file.
    pub(crate) fn from_exif_block(block: &[u8]) -> Self {
        image::metadata::Orientation::from_exif_chunk(block).map_or(Self::Normal, Self::from)
    }

    pub(crate) fn turn(self) -> Turn {
        let (transpose, mirror_x, mirror_y) = match self {
            Self::Normal => (false, false, false),
            Self::FlipHorizontal => (false, true, false),
            Self::Rotate180 => (false, true, true),
            Self::FlipVertical => (false, false, true),
            Self::Transpose => (true, false, false),
            Self::Rotate90 => (true, false, true),
            Self::Transverse => (true, true, true),
            Self::Rotate270 => (true, true, false),
        };
        Turn { transpose, mirror_x, mirror_y }
    }
}

impl From<image::metadata::Orientation> for Orientation {
    fn from(theirs: image::metadata::Orientation) -> Self {
        Self::from_exif(theirs.to_exif()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exif_values_round_trip_and_others_are_none() {
        for value in 1..=8 {
            assert_eq!(Orientation::from_exif(value).map(Orientation::exif), Some(value));
        }
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
    }
}
