//! Chooses the size, format and limits to which an image must be brought so that a library accepts it.

use polyptych_imaging::{Mode, Target};

use super::{Fit, ImageClass, Rules, SizeRule, Violation};
use crate::{Animation, Inspection, Pixels};

impl Fit {
    /// How the imaging crate calls it; `None` where nothing may be done.
    pub(crate) fn mode(self) -> Option<Mode> {
        match self {
            Self::None => None,
            Self::Contain { background } => Some(Mode::Contain { background }),
            Self::Cover { focus } => Some(Mode::Cover { focus }),
            Self::Exact => Some(Mode::Exact),
        }
    }
}

impl Rules {
    /// The target of a fit and its class: of the automatic classes (or the one asked for) the one whose proportions are nearest.
    ///
    /// # Errors
    /// If no class can be reached with this kind of fit, or an animation is not to lose its frames.
    pub(super) fn target(
        &self,
        image: &Inspection,
        mode: Mode,
        animation: Animation,
        class: Option<&str>,
    ) -> Result<(&'static ImageClass, Target), Vec<Violation>> {
        if image.animated() && animation == Animation::Refuse {
            let limit = "one frame, unless the fit may take the first frame".to_owned();
            return Err(vec![Violation {
                rule: "frames".into(),
                class: None,
                limit,
                found: format!("{} frames", image.frames),
            }]);
        }
        let shown = image.oriented();
        let candidates = || {
            self.classes.iter().filter(|candidate| class.map_or(candidate.automatic, |class| class == candidate.name))
        };
        let nearest = candidates()
            .filter_map(|candidate| candidate.size.nearest(shown, mode).map(|pixels| (candidate, pixels)))
            .min_by(|(_, a), (_, b)| distance(shown, *a).total_cmp(&distance(shown, *b)));
        match nearest {
            Some((class, pixels)) => {
                let (formats, max_bytes) = (class.formats.to_vec(), class.max_bytes);
                Ok((class, Target { pixels, formats, max_bytes, mode, animation }))
            }
            None => Err(vec![match class {
                Some(class) if !self.classes.iter().any(|known| known.name == class) => self.unknown_class(class),
                _ => Violation {
                    rule: "pixels".into(),
                    class: None,
                    limit: candidates().map(|candidate| candidate.size.describe()).collect::<Vec<_>>().join(" or "),
                    found: shown.to_string(),
                },
            }]),
        }
    }
}

/// How much the proportions change; 0 is not at all.
fn distance(from: Pixels, to: Pixels) -> f64 {
    (from.ratio() / to.ratio()).ln().abs()
}

impl SizeRule {
    /// The accepted size that is reached from `shown` with the least change; `None` if this mode reaches none.
    fn nearest(&self, shown: Pixels, mode: Mode) -> Option<Pixels> {
        if mode == Mode::Exact {
            return self.accepts(shown).then_some(shown);
        }
        match self {
            Self::Any => Some(shown),
            Self::Exact(sizes) => sizes.iter().copied().min_by(|a, b| {
                distance(shown, *a)
                    .total_cmp(&distance(shown, *b))
                    .then(shown.area().abs_diff(a.area()).cmp(&shown.area().abs_diff(b.area())))
            }),
            Self::Range { min, max, min_ratio, max_ratio } => {
                let ratio = shown.ratio().clamp(*min_ratio, *max_ratio);
                let (width, height) = (f64::from(shown.width), f64::from(shown.height));
                let grows_in_width = (ratio > shown.ratio()) == matches!(mode, Mode::Contain { .. });
                let (width, height) = if grows_in_width { (height * ratio, height) } else { (width, width / ratio) };
                let largest = (f64::from(max.width) / width).min(f64::from(max.height) / height);
                let smallest = (f64::from(min.width) / width).max(f64::from(min.height) / height);
                // Where both bounds cannot be met the largest wins, and the rounding below decides.
                let scale = 1.0_f64.max(smallest).min(largest);
                self.rounded(width * scale, height * scale, *min, *max, *min_ratio, *max_ratio)
            }
        }
    }

    /// The accepted whole numbers nearest to a size: the width may move by a few pixels to find a height in proportion.
    fn rounded(
        &self,
        width: f64,
        height: f64,
        min: Pixels,
        max: Pixels,
        min_ratio: f64,
        max_ratio: f64,
    ) -> Option<Pixels> {
        const STEPS: [f64; 9] = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0];
        STEPS.iter().find_map(|step| {
            let width = (width.round() + step).clamp(f64::from(min.width), f64::from(max.width));
            let lowest = (width / max_ratio).ceil().max(f64::from(min.height));
            let highest = (width / min_ratio).floor().min(f64::from(max.height));
            if lowest > highest {
                return None;
            }
            // Both are whole and within the class's bounds, which are u32.
            let pixels = Pixels { width: width as u32, height: height.round().clamp(lowest, highest) as u32 };
            self.accepts(pixels).then_some(pixels)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Focus, Rgb};
    use proptest::prelude::*;

    const RANGE: SizeRule = SizeRule::Range {
        min: Pixels { width: 450, height: 450 },
        max: Pixels { width: 5000, height: 5000 },
        min_ratio: 0.75,
        max_ratio: 4.0 / 3.0,
    };
    const WIDE: SizeRule = SizeRule::Range {
        min: Pixels { width: 1080, height: 607 },
        max: Pixels { width: 5000, height: 2812 },
        min_ratio: 1.7728,
        max_ratio: 1.7828,
    };
    const CONTAIN: Mode = Mode::Contain { background: Rgb::WHITE };
    const COVER: Mode = Mode::Cover { focus: Focus { x: 0.5, y: 0.5 } };

    fn nearest(rule: &SizeRule, width: u32, height: u32, mode: Mode) -> String {
        rule.nearest(Pixels { width, height }, mode).map_or("none".to_owned(), |pixels| pixels.to_string())
    }

    #[test]
    fn an_accepted_size_stays() {
        assert_eq!(nearest(&RANGE, 4000, 3000, CONTAIN), "4000x3000");
        assert_eq!(nearest(&SizeRule::Any, 17, 17, COVER), "17x17");
    }

    #[test]
    fn contain_grows_the_canvas_and_cover_cuts_it() {
        assert_eq!(nearest(&RANGE, 2000, 1000, CONTAIN), "2000x1500");
        assert_eq!(nearest(&RANGE, 2000, 1000, COVER), "1333x1000");
        assert_eq!(nearest(&RANGE, 1000, 2000, CONTAIN), "1500x2000");
    }

    #[test]
    fn small_images_are_scaled_up_and_large_ones_down_to_the_bounds() {
        assert_eq!(nearest(&RANGE, 100, 100, CONTAIN), "450x450");
        assert_eq!(nearest(&RANGE, 8000, 6000, CONTAIN), "5000x3750");
        assert_eq!(nearest(&WIDE, 160, 90, COVER), "1080x608");
    }

    #[test]
    fn exact_takes_the_size_as_it_is_or_not_at_all() {
        assert_eq!(nearest(&RANGE, 449, 449, Mode::Exact), "none");
        assert_eq!(nearest(&RANGE, 450, 450, Mode::Exact), "450x450");
    }

    proptest! {
        #[test]
        fn any_image_reaches_an_accepted_size_by_padding_and_by_cutting(width in 1u32..9000, height in 1u32..9000) {
            for rule in [&RANGE, &WIDE] {
                for mode in [CONTAIN, COVER] {
                    let pixels = rule.nearest(Pixels { width, height }, mode);
                    prop_assert!(pixels.is_some_and(|pixels| rule.accepts(pixels)), "{width}x{height} {mode:?} {pixels:?}");
                }
            }
        }
    }
}
