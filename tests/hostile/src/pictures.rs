//! Image bytes: header, damage, fitting. What was fitted is decoded by the `image` crate to the size that was asked for.

use polyptych_imaging::{Animation, Focus, Format, Limits, Mode, Pixels, Rgb, Target};

/// Small enough that an input costs little, large enough for every branch.
const LIMITS: Limits = Limits { max_pixels: 1 << 14, max_decoded_bytes: 1 << 17, max_frames: 20 };

/// The header alone, under the limits that users have.
pub fn inspect(input: &[u8]) {
    let limits = Limits::default();
    if let Ok(found) = limits.inspect(input) {
        assert_eq!(found.bytes, input.len() as u64);
        assert!(found.pixels.area() > 0, "a picture without pixels");
        assert!(found.pixels.area() <= limits.max_pixels);
        assert_eq!(found.oriented().area(), found.pixels.area());
    }
}

/// Header and damage: what is verified was inspected alike.
pub fn verify(input: &[u8]) {
    match LIMITS.verify(input) {
        Ok(found) => assert_eq!(LIMITS.inspect(input).ok(), Some(found)),
        Err(error) => drop(error.to_string()),
    }
}

/// The first byte chooses mode and format, the rest is the picture.
pub fn fit(input: &[u8]) {
    let Some((first, picture)) = input.split_first() else { return };
    let pixels = Pixels { width: 16 + u32::from(*first % 3) * 5, height: 24 };
    let mode = match first / 3 % 3 {
        0 => Mode::Contain { background: Rgb::WHITE },
        1 => Mode::Cover { focus: Focus { x: f32::from(*first) / 255.0, y: 0.25 } },
        _ => Mode::Exact,
    };
    let formats = match first / 9 % 3 {
        0 => vec![Format::Jpeg],
        1 => vec![Format::Png, Format::Jpeg],
        _ => vec![Format::Gif],
    };
    let target = Target { pixels, formats, max_bytes: 1 << 16, mode, animation: Animation::FirstFrame };
    match LIMITS.fit(picture, &target) {
        Ok(fitted) => {
            assert!(target.formats.contains(&fitted.format));
            assert!(fitted.bytes.len() as u64 <= target.max_bytes);
            let decoded = image::load_from_memory(&fitted.bytes).expect("what was fitted decodes");
            assert_eq!((decoded.width(), decoded.height()), (pixels.width, pixels.height));
        }
        Err(error) => drop(error.to_string()),
    }
}
