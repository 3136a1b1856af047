//! The providers' own rules at their boundaries: each verdict here is the one that the provider gave where someone measured it
//! (v5 reference 5.4), and the one that the emulator's tests ask of it over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use polyptych::domain::{Format, Inspection, Orientation, Pixels, Rules};

const MEBIBYTE: u64 = 1024 * 1024;

/// The rules of a library as its users see them.
fn rules(library: &str) -> &'static Rules {
    let libraries = polyptych::open_libraries(&polyptych::emulated::config("http://127.0.0.1:1")).unwrap();
    libraries.iter().find(|one| one.id().as_str() == library).unwrap().rules()
}

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
        assert_eq!(verdict(rules("yandex-v5"), format, size, bytes), expected, "{format} {size:?} of {bytes} bytes");
    }
}

#[test]
fn the_other_libraries_are_judged_by_their_own_bounds() {
    let cases = [
        ("yandex-live4", Format::Gif, (450, 600), 15_000_000, "REGULAR"),
        ("yandex-live4", Format::Gif, (450, 600), 15_000_001, "bytes"),
        ("yandex-live4", Format::Png, (240, 400), 1000, "pixels"),
        ("facebook", Format::Tiff, (1, 9000), 30 * MEBIBYTE, "IMAGE"),
        ("facebook", Format::WebP, (600, 600), 30 * MEBIBYTE + 1, "format bytes"),
        ("evotor", Format::Png, (300, 300), 5_242_800, "PRODUCT"),
        ("evotor", Format::Jpeg, (300, 301), 5_242_801, "format pixels bytes"),
    ];
    for (library, format, size, bytes, expected) in cases {
        assert_eq!(verdict(rules(library), format, size, bytes), expected, "{format} {size:?} of {bytes} bytes");
    }
}
