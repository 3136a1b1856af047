//! What each library demands of an image. Tables only; the domain checks and fits.

use polyptych_domain::{Evidence, Format, ImageClass, NameRule, Pixels, Rules, SizeRule};

const MIB: u64 = 1024 * 1024;

const YANDEX_FORMATS: &[Format] = &[Format::Jpeg, Format::Png, Format::Gif];

const REGULAR: SizeRule =
    SizeRule::Range { min: size(450, 450), max: size(5000, 5000), min_ratio: 3.0 / 4.0, max_ratio: 4.0 / 3.0 };

// 16:9; the tolerance is a third party's, the provider states none.
const WIDE: SizeRule =
    SizeRule::Range { min: size(1080, 607), max: size(5000, 2812), min_ratio: 1.7728, max_ratio: 1.7828 };

/// Yandex Direct API v5.
pub(crate) static YANDEX_V5: Rules = Rules {
    classes: &[
        ImageClass {
            name: "REGULAR",
            formats: YANDEX_FORMATS,
            size: REGULAR,
            max_bytes: 10 * MIB,
            automatic: true,
            evidence: Evidence::Documented,
            source: "yandex-direct-v5 5.2",
        },
        ImageClass {
            name: "WIDE",
            formats: YANDEX_FORMATS,
            size: WIDE,
            max_bytes: 10 * MIB,
            automatic: true,
            evidence: Evidence::Measured,
            source: "yandex-direct-v5 5.2",
        },
        ImageClass {
            name: "FIXED_IMAGE",
            formats: YANDEX_FORMATS,
            size: SizeRule::Exact(FIXED_SIZES),
            max_bytes: 512 * 1024,
            automatic: false,
            evidence: Evidence::Documented,
            source: "yandex-direct-v5 5.3",
        },
    ],
    name: NameRule {
        max_chars: 255,
        extension_required: false,
        evidence: Evidence::Measured,
        source: "yandex-direct-v5 3.1",
    },
    images_per_album: None,
};

/// Yandex Direct API v4 Live.
pub(crate) static YANDEX_LIVE4: Rules = Rules {
    classes: &[
        ImageClass {
            name: "REGULAR",
            formats: YANDEX_FORMATS,
            size: REGULAR,
            max_bytes: LIVE4_BYTES,
            automatic: true,
            evidence: Evidence::Documented,
            source: "yandex-direct-live4 4",
        },
        ImageClass {
            name: "WIDE",
            formats: YANDEX_FORMATS,
            size: WIDE,
            max_bytes: LIVE4_BYTES,
            automatic: true,
            evidence: Evidence::Documented,
            source: "yandex-direct-live4 4",
        },
    ],
    name: NameRule {
        max_chars: 255,
        extension_required: false,
        evidence: Evidence::Assumed,
        source: "yandex-direct-live4 4",
    },
    images_per_album: None,
};

// 20,000,000 characters of base64.
const LIVE4_BYTES: u64 = 20_000_000 / 4 * 3;

/// Facebook ad images.
pub(crate) static FACEBOOK: Rules = Rules {
    classes: &[ImageClass {
        name: "AD_IMAGE",
        formats: &[Format::Jpeg, Format::Png, Format::Gif, Format::Bmp, Format::Tiff],
        size: SizeRule::Any,
        max_bytes: 30 * MIB,
        automatic: true,
        evidence: Evidence::Measured,
        source: "facebook 11",
    }],
    name: NameRule { max_chars: 100, extension_required: true, evidence: Evidence::Documented, source: "facebook 7.1" },
    images_per_album: None,
};

/// Evotor product images.
pub(crate) static EVOTOR: Rules = Rules {
    classes: &[ImageClass {
        name: "PRODUCT_IMAGE",
        formats: &[Format::Png],
        size: SizeRule::Exact(&[size(300, 300)]),
        // So in the documentation: not 5,242,880.
        max_bytes: 5_242_800,
        automatic: true,
        evidence: Evidence::Documented,
        source: "evotor 5.1",
    }],
    name: NameRule { max_chars: 255, extension_required: false, evidence: Evidence::Assumed, source: "evotor 5.3" },
    images_per_album: Some(1),
};

const fn size(width: u32, height: u32) -> Pixels {
    Pixels { width, height }
}

const FIXED_SIZES: &[Pixels] = &[
    size(240, 400),
    size(300, 250),
    size(300, 500),
    size(300, 600),
    size(320, 50),
    size(320, 100),
    size(320, 480),
    size(336, 280),
    size(480, 320),
    size(480, 800),
    size(600, 500),
    size(600, 1000),
    size(600, 1200),
    size(640, 100),
    size(640, 200),
    size(640, 960),
    size(672, 560),
    size(720, 1200),
    size(728, 90),
    size(900, 750),
    size(900, 1500),
    size(900, 1800),
    size(960, 150),
    size(960, 300),
    size(960, 640),
    size(960, 1440),
    size(960, 1600),
    size(970, 250),
    size(1008, 840),
    size(1200, 1000),
    size(1200, 2000),
    size(1200, 2400),
    size(1280, 200),
    size(1280, 400),
    size(1280, 1920),
    size(1344, 1120),
    size(1440, 960),
    size(1456, 180),
    size(1920, 1280),
    size(1940, 500),
    size(2184, 270),
    size(2910, 750),
    size(2912, 360),
    size(3880, 1000),
];

#[cfg(test)]
mod tests {
    use super::*;
    use polyptych_wire_yandex::v5::AdImageSubtypeEnum;

    #[test]
    fn every_fixed_size_is_a_subtype_of_the_schema_and_none_comes_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for Pixels { width, height } in FIXED_SIZES {
            let subtype = format!("IMG_{width}_{height}");
            assert!(AdImageSubtypeEnum::NAMED.contains(&subtype.as_str()), "{subtype}");
            assert!(seen.insert(subtype));
        }
        assert_eq!(seen.len(), 44);
    }

    #[test]
    fn the_measured_boundaries_are_kept() {
        let accepted = |class: usize, width, height| YANDEX_V5.classes[class].size.accepts(size(width, height));
        for (width, height) in [(450, 450), (5000, 5000), (640, 480), (480, 640)] {
            assert!(accepted(0, width, height), "{width}x{height}");
        }
        for (width, height) in [(449, 449), (5001, 5001), (450, 700), (1000, 600)] {
            assert!(!accepted(0, width, height) && !accepted(1, width, height), "{width}x{height}");
        }
        for (width, height) in [(1080, 607), (5000, 2812), (1920, 1080)] {
            assert!(accepted(1, width, height), "{width}x{height}");
        }
        assert!(!accepted(1, 1079, 607));
    }
}
