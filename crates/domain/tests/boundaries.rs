//! The providers' own rules at their boundaries: each verdict here is the one that the provider gave where someone measured it
//! (v5 reference 5.4), and the one that the emulator's tests ask of it over HTTP.

// The generated table itself: a copy of it would only be compared with itself.
#[rustfmt::skip]
#[path = "../../providers/src/generated/rules.rs"]
mod rules;

use polyptych_domain::{Format, Inspection, Pixels, Rules, Sha256};
use polyptych_imaging::{ImageError, Orientation, verify};

const MEBIBYTE: u64 = 1024 * 1024;

/// The class that takes the picture, or the rules that it breaks.
fn verdict(rules: &Rules, format: Format, (width, height): (u32, u32), bytes: u64) -> String {
    let image = Inspection {
        format,
        pixels: Pixels { width, height },
        orientation: Orientation::Normal,
        alpha: false,
        animated: false,
        bit_depth: 8,
        bytes,
    };
    match rules.check(&image, "a.png", None) {
        Ok(class) => class.name.to_owned(),
        Err(violations) => violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn direct_v5_is_judged_as_it_was_measured() {
    use Format::{Jpeg, Png, WebP};
    for (format, size, bytes, expected) in [
        (Jpeg, (450, 450), 1000, "REGULAR"),
        (Jpeg, (5000, 5000), 1000, "REGULAR"),
        (Jpeg, (1080, 607), 1000, "WIDE"),
        (Jpeg, (5000, 2812), 1000, "WIDE"),
        (Jpeg, (449, 449), 1000, "pixels"),
        (Jpeg, (5001, 5001), 1000, "pixels"),
        (Jpeg, (1079, 607), 1000, "pixels"),
        (Jpeg, (450, 700), 1000, "pixels"),
        (Jpeg, (1000, 600), 1000, "pixels"),
        (WebP, (600, 600), 1000, "format"),
        (Png, (2000, 1900), 11_416_979, "bytes"),
        // Documented, not measured.
        (Png, (2000, 1900), 10 * MEBIBYTE, "REGULAR"),
        (Png, (600, 500), 1000, "REGULAR"),
        (Png, (240, 400), MEBIBYTE / 2, "FIXED_IMAGE"),
        (Png, (240, 400), MEBIBYTE / 2 + 1, "bytes"),
    ] {
        assert_eq!(verdict(&rules::YANDEX_V5, format, size, bytes), expected, "{format} {size:?} of {bytes} bytes");
    }
    let noise: Vec<u8> = Sha256::of(b"noise").as_bytes().repeat(1250);
    assert_eq!((noise.len(), verify(&noise)), (40_000, Err(ImageError::NotAnImage)));
}

#[test]
fn the_other_libraries_are_judged_by_their_own_bounds() {
    let cases = [
        (&rules::YANDEX_LIVE4, Format::Gif, (450, 600), 15_000_000, "REGULAR"),
        (&rules::YANDEX_LIVE4, Format::Gif, (450, 600), 15_000_001, "bytes"),
        (&rules::YANDEX_LIVE4, Format::Png, (240, 400), 1000, "pixels"),
        (&rules::FACEBOOK, Format::Tiff, (1, 9000), 30 * MEBIBYTE, "IMAGE"),
        (&rules::FACEBOOK, Format::WebP, (600, 600), 30 * MEBIBYTE + 1, "format bytes"),
        (&rules::EVOTOR, Format::Png, (300, 300), 5_242_800, "PRODUCT"),
        (&rules::EVOTOR, Format::Jpeg, (300, 301), 5_242_801, "format pixels bytes"),
    ];
    for (rules, format, size, bytes, expected) in cases {
        assert_eq!(verdict(rules, format, size, bytes), expected, "{format} {size:?} of {bytes} bytes");
    }
}
