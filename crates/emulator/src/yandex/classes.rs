//! The classes of Yandex pictures and the sizes each takes (v5 reference 5). A picture gets its class from its pixels,
//! never from its name.

use image::ImageFormat;

use crate::picture::{Picture, PictureFault};

/// The most bytes of a picture in v5, 10 MB.
pub(crate) const LARGEST: usize = 10_485_760;
/// The most bytes of a fixed-size picture, 512 KB.
const LARGEST_FIXED: usize = 524_288;

/// What a ratio may be off by without being another one: 3209x1800 is exactly 0.005 from 16:9.
const ROUNDING: f64 = 1e-12;

/// The sizes of fixed-size pictures that the documentation lists (reference 5.3).
const FIXED_SIZES: [(u32, u32); 44] = [
    (240, 400),
    (300, 250),
    (300, 500),
    (300, 600),
    (320, 50),
    (320, 100),
    (320, 480),
    (336, 280),
    (480, 320),
    (480, 800),
    (600, 500),
    (600, 1000),
    (600, 1200),
    (640, 100),
    (640, 200),
    (640, 960),
    (672, 560),
    (720, 1200),
    (728, 90),
    (900, 750),
    (900, 1500),
    (900, 1800),
    (960, 150),
    (960, 300),
    (960, 640),
    (960, 1440),
    (960, 1600),
    (970, 250),
    (1008, 840),
    (1200, 1000),
    (1200, 2000),
    (1200, 2400),
    (1280, 200),
    (1280, 400),
    (1280, 1920),
    (1344, 1120),
    (1440, 960),
    (1456, 180),
    (1920, 1280),
    (1940, 500),
    (2184, 270),
    (2910, 750),
    (2912, 360),
    (3880, 1000),
];

/// The class that an upload asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any, REGULAR and WIDE before FIXED_IMAGE.
    Auto,
    Regular,
    Wide,
    Fixed,
    /// REGULAR or WIDE, of any number of bytes: what Live 4 takes, which limits the base64 text instead (its reference, 4).
    NotFixed,
}

/// Why a file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Above 10 MB, in v5.
    FileSize,
    /// A fixed-size picture above 512 KB.
    FixedFileSize,
    /// Not a readable GIF, JPEG or PNG.
    FileType,
    /// Pixel sizes of no class, or not of the one asked for.
    PixelSize,
}

/// The class and subtype of a picture of `length` bytes. The size of the file is judged first (assumption, v5 reference
/// 13.11), then its type, then its pixels. A class asked for that does not match is refused (assumption, 13.5), and so
/// is a fixed-size picture above 512 KB (assumption, 13.6).
///
/// # Errors
/// See [`Unfit`].
pub(crate) fn classify(
    length: usize,
    picture: Result<Picture, PictureFault>,
    wanted: Wanted,
    wide_tolerance: f64,
) -> Result<(&'static str, String), Unfit> {
    if wanted != Wanted::NotFixed && length > LARGEST {
        return Err(Unfit::FileSize);
    }
    let picture = match picture {
        Ok(picture) if matches!(picture.format, ImageFormat::Gif | ImageFormat::Jpeg | ImageFormat::Png) => picture,
        Err(PictureFault::TooBig) => return Err(Unfit::PixelSize),
        _ => return Err(Unfit::FileType),
    };
    let (width, height) = (picture.width, picture.height);
    let takes = |class| match class {
        "REGULAR" => matches!(wanted, Wanted::Auto | Wanted::Regular | Wanted::NotFixed),
        "WIDE" => matches!(wanted, Wanted::Auto | Wanted::Wide | Wanted::NotFixed),
        _ => matches!(wanted, Wanted::Auto | Wanted::Fixed),
    };
    // NONE for pictures that are not of a fixed size: an assumption (13.23).
    if takes("REGULAR") && is_regular(width, height) {
        Ok(("REGULAR", "NONE".to_owned()))
    } else if takes("WIDE") && is_wide(width, height, wide_tolerance) {
        Ok(("WIDE", "NONE".to_owned()))
    } else if !takes("FIXED_IMAGE") || !FIXED_SIZES.contains(&(width, height)) {
        Err(Unfit::PixelSize)
    } else if length > LARGEST_FIXED {
        Err(Unfit::FixedFileSize)
    } else {
        Ok(("FIXED_IMAGE", format!("IMG_{width}_{height}")))
    }
}

fn is_regular(width: u32, height: u32) -> bool {
    let side = 450..=5000;
    side.contains(&width) && side.contains(&height) && 4 * width >= 3 * height && 3 * width <= 4 * height
}

fn is_wide(width: u32, height: u32, tolerance: f64) -> bool {
    let ratio = f64::from(width) / f64::from(height);
    (1080..=5000).contains(&width)
        && (607..=2812).contains(&height)
        && (ratio - 16.0 / 9.0).abs() <= tolerance + ROUNDING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(
        format: ImageFormat,
        width: u32,
        height: u32,
        length: usize,
        wanted: Wanted,
    ) -> Result<&'static str, Unfit> {
        classify(length, Ok(Picture { format, width, height }), wanted, 0.005).map(|(class, _)| class)
    }

    #[test]
    fn measured_boundaries_hold() {
        let jpeg = |width, height| class(ImageFormat::Jpeg, width, height, 1000, Wanted::Auto);
        for (width, height, expected) in [
            (450, 450, Ok("REGULAR")),
            (5000, 5000, Ok("REGULAR")),
            (1080, 607, Ok("WIDE")),
            (5000, 2812, Ok("WIDE")),
            (449, 449, Err(Unfit::PixelSize)),
            (5001, 5001, Err(Unfit::PixelSize)),
            (1079, 607, Err(Unfit::PixelSize)),
            (450, 700, Err(Unfit::PixelSize)),
            (1000, 600, Err(Unfit::PixelSize)),
            (600, 500, Ok("REGULAR")),
            (240, 400, Ok("FIXED_IMAGE")),
        ] {
            assert_eq!(jpeg(width, height), expected, "{width}x{height}");
        }
        assert_eq!(class(ImageFormat::Png, 2000, 1900, 11_416_979, Wanted::Auto), Err(Unfit::FileSize));
        assert_eq!(class(ImageFormat::Png, 2000, 1900, 11_416_979, Wanted::NotFixed), Ok("REGULAR"));
        assert_eq!(class(ImageFormat::WebP, 600, 600, 1000, Wanted::Auto), Err(Unfit::FileType));
    }

    #[test]
    fn an_explicit_class_must_match_the_picture() {
        let asked = |width, height, length, wanted| class(ImageFormat::Png, width, height, length, wanted);
        assert_eq!(asked(600, 500, 1000, Wanted::Fixed), Ok("FIXED_IMAGE"));
        assert_eq!(asked(600, 500, LARGEST_FIXED + 1, Wanted::Fixed), Err(Unfit::FixedFileSize));
        assert_eq!(asked(600, 500, 1000, Wanted::Wide), Err(Unfit::PixelSize));
        assert_eq!(asked(240, 400, 1000, Wanted::NotFixed), Err(Unfit::PixelSize));
    }
}
