//! Compares an inspected image and its name with a library's rules, and says everything that is wrong at once.

use super::{Advice, Case, ImageClass, NameRule, Rules, SizeRule, Violation};
use crate::{ColourSpace, Format, Inspection, Orientation, Pixels};

/// What the rules of a library say of an image and its name, as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The classes that take the image, the preferred first; empty when anything is violated.
    pub classes: Vec<&'static str>,
    /// Every violation of the name and of the whole library's rules, and those of the class that comes nearest.
    pub violations: Vec<Violation>,
    /// What would suit the places where the picture may appear; nothing is refused for it.
    pub advice: Vec<Violation>,
    /// The class that comes nearest, or the one that takes the image; absent when the class asked for does not exist.
    pub(super) nearest: Option<&'static ImageClass>,
}

impl Rules {
    /// The class that accepts the image under this name; `class` narrows the choice to the one asked for.
    ///
    /// # Errors
    /// The violations of [`judge`](Self::judge).
    pub fn check(
        &self,
        image: &Inspection,
        name: &str,
        class: Option<&str>,
    ) -> Result<&'static ImageClass, Vec<Violation>> {
        let Verdict { violations, nearest, .. } = self.judge(image, name, class);
        match nearest {
            Some(class) if violations.is_empty() => Ok(class),
            _ => Err(violations),
        }
    }

    /// Compares the image and its name with all rules; `class` narrows the choice to the one asked for.
    ///
    /// Sizes are compared as stored, before an EXIF orientation is applied, since that is what a provider that
    /// ignores EXIF sees. Of several classes that refuse the image, one that takes its size comes nearest, since
    /// another format or fewer bytes are easier to have. A class that does not exist is a violation, too.
    pub fn judge(&self, image: &Inspection, name: &str, class: Option<&str>) -> Verdict {
        let mut violations = self.check_name(name);
        violations.extend(self.check_cases(image, name));
        let candidates = || self.classes.iter().filter(|one| class.is_none_or(|class| class == one.name));
        let nearest = candidates()
            .map(|candidate| (candidate.check(image), candidate))
            .min_by_key(|(broken, _)| (broken.iter().any(|violation| violation.rule == "pixels"), broken.len()));
        let nearest = match nearest {
            Some((broken, class)) => {
                violations.extend(broken);
                Some(class)
            }
            None => {
                violations.push(self.unknown_class(class.unwrap_or_default()));
                None
            }
        };
        let takes = |candidate: &&ImageClass| violations.is_empty() && candidate.check(image).is_empty();
        let classes = candidates().filter(takes).map(|class| class.name).collect();
        let advice = self.advice.iter().filter_map(|advice| advice.check(image.pixels)).collect();
        Verdict { classes, violations, advice, nearest }
    }

    /// What of the name this library does not accept.
    pub fn check_name(&self, name: &str) -> Vec<Violation> {
        self.name.check(name, self.classes)
    }

    /// What is wrong with a class that images are to have; nothing if there is such a one.
    pub fn check_class(&self, class: &str) -> Option<Violation> {
        (!self.classes.iter().any(|known| known.name == class)).then(|| self.unknown_class(class))
    }

    fn check_cases(&self, image: &Inspection, name: &str) -> Vec<Violation> {
        let refused = self.cases.iter().filter(|rule| !rule.accepted && rule.case.applies(image, name));
        refused.map(|rule| rule.case.violation(image)).collect()
    }

    pub(super) fn unknown_class(&self, class: &str) -> Violation {
        let names: Vec<_> = self.classes.iter().map(|class| class.name).collect();
        Violation {
            rule: "class".into(),
            class: None,
            limit: names.join(", "),
            found: class.chars().take(100).collect(),
        }
    }
}

impl Case {
    /// Whether the image is of this case.
    pub fn applies(self, image: &Inspection, name: &str) -> bool {
        match self {
            Self::Animated => image.animated(),
            Self::Cmyk => image.colour == ColourSpace::Cmyk,
            Self::Deep => image.bit_depth > 8,
            Self::Rotated => image.orientation != Orientation::Normal,
            Self::Misnamed => Format::ALL.iter().any(|other| *other != image.format && has_extension(name, *other)),
        }
    }

    fn violation(self, image: &Inspection) -> Violation {
        let (rule, limit, found) = match self {
            Self::Animated => ("frames", "one frame".to_owned(), format!("{} frames", image.frames)),
            Self::Cmyk => ("colour", "gray or RGB".to_owned(), image.colour.to_string()),
            Self::Deep => ("depth", "8 bits a sample".to_owned(), format!("{} bits", image.bit_depth)),
            Self::Rotated => {
                let found = format!("EXIF orientation {}", image.orientation.exif());
                ("orientation", "upright pixels".to_owned(), found)
            }
            Self::Misnamed => {
                ("name", "the extension of its format".to_owned(), format!("that of another than {}", image.format))
            }
        };
        Violation { rule: rule.into(), class: None, limit, found }
    }
}

impl Advice {
    /// What of a size does not suit this place.
    fn check(&self, pixels: Pixels) -> Option<Violation> {
        let Self { place, min, min_ratio, max_ratio, .. } = self;
        let (rule, limit, found) = if pixels.width < min.width || pixels.height < min.height {
            ("pixels", format!("at least {min}"), pixels.to_string())
        } else if !(*min_ratio..=*max_ratio).contains(&pixels.ratio()) {
            ("ratio", format!("width/height {min_ratio:.4} to {max_ratio:.4}"), format!("{:.4}", pixels.ratio()))
        } else {
            return None;
        };
        Some(Violation { rule: rule.into(), class: Some((*place).into()), limit, found })
    }
}

impl ImageClass {
    /// What of the image this class does not accept; empty if it accepts the image.
    fn check(&self, image: &Inspection) -> Vec<Violation> {
        let violation = |rule: &'static str, limit, found| Violation {
            rule: rule.into(),
            class: Some(self.name.into()),
            limit,
            found,
        };
        let mut broken = Vec::new();
        if !self.formats.contains(&image.format) {
            broken.push(violation("format", list(self.formats), image.format.to_string()));
        }
        if !self.size.accepts(image.pixels) {
            broken.push(violation("pixels", self.size.describe(), image.pixels.to_string()));
        }
        if image.bytes > self.max_bytes {
            let found = format!("{} bytes", image.bytes);
            broken.push(violation("bytes", format!("at most {} bytes", self.max_bytes), found));
        }
        broken
    }
}

impl SizeRule {
    /// Whether the size is accepted.
    pub fn accepts(&self, pixels: Pixels) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(sizes) => sizes.contains(&pixels),
            Self::Range { min, max, min_ratio, max_ratio } => {
                (min.width..=max.width).contains(&pixels.width)
                    && (min.height..=max.height).contains(&pixels.height)
                    && (*min_ratio..=*max_ratio).contains(&pixels.ratio())
            }
        }
    }

    /// The accepted sizes, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Any => "any size".to_owned(),
            Self::Exact([size]) => size.to_string(),
            Self::Exact(sizes) => format!("one of {}", list(sizes)),
            Self::Range { min, max, min_ratio, max_ratio } => {
                format!("{min} to {max} with width/height {min_ratio:.4} to {max_ratio:.4}")
            }
        }
    }
}

impl NameRule {
    fn check(&self, name: &str, classes: &[ImageClass]) -> Vec<Violation> {
        let violation = |limit, found| Violation { rule: "name".into(), class: None, limit, found };
        let mut broken = Vec::new();
        let chars = name.chars().count();
        if chars > self.max_chars as usize {
            broken.push(violation(format!("at most {} characters", self.max_chars), format!("{chars} characters")));
        }
        if self.extension_required {
            let formats: Vec<Format> = classes.iter().flat_map(|class| class.formats).copied().collect();
            if !formats.iter().any(|format| has_extension(name, *format)) {
                let limit = format!("a name with the extension of {}", list(&formats));
                broken.push(violation(limit, format!("`{}`", name.chars().take(100).collect::<String>())));
            }
        }
        broken
    }
}

/// Extensions in use for each format; the usual one is [`Format::extension`].
fn extensions(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jpeg => &["jpg", "jpeg"],
        Format::Png => &["png"],
        Format::Gif => &["gif"],
        Format::Bmp => &["bmp"],
        Format::Tiff => &["tif", "tiff"],
        Format::WebP => &["webp"],
    }
}

/// Whether `name` ends in an extension of `format`, in either case, with something before it.
pub(crate) fn has_extension(name: &str, format: Format) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    !stem.is_empty() && extensions(format).iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
