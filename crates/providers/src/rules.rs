//! What each library demands of an image: tables from `schemas/*/rules.toml`. The domain checks and fits.

pub(crate) use crate::generated::rules::{EVOTOR, FACEBOOK, YANDEX_LIVE4, YANDEX_V5};

#[cfg(all(test, feature = "yandex"))]
mod tests {
    use super::*;
    use polyptych_domain::{Pixels, SizeRule};
    use polyptych_wire_yandex::v5::AdImageSubtypeEnum;

    #[test]
    fn every_fixed_size_is_a_subtype_of_the_schema_and_none_comes_twice() {
        let mut seen = std::collections::BTreeSet::new();
        let SizeRule::Exact(sizes) = YANDEX_V5.classes[2].size else { panic!("fixed sizes") };
        for Pixels { width, height } in sizes {
            let subtype = format!("IMG_{width}_{height}");
            assert!(AdImageSubtypeEnum::NAMED.contains(&subtype.as_str()), "{subtype}");
            assert!(seen.insert(subtype));
        }
        assert_eq!(seen.len(), 44);
    }

    #[test]
    fn the_measured_boundaries_are_kept() {
        let accepted = |class: usize, width, height| YANDEX_V5.classes[class].size.accepts(Pixels { width, height });
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
