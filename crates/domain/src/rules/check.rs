//! Compares an inspected image and its name with a library's rules, and says everything that is wrong at once.

use super::{ImageClass, NameRule, Rules, SizeRule, Violation};
use crate::{Format, Inspection, Pixels};

impl Rules {
    /// The class that accepts the image under this name; `class` narrows the choice to the one asked for.
    ///
    /// Sizes are compared as stored, before an EXIF orientation is applied, since that is what a provider that
    /// ignores EXIF sees.
    ///
    /// # Errors
    /// Every violation of the name, and those of the class that comes nearest: one that takes the size, if there is such a class, since
    /// another format or fewer bytes are easier to have. A class that does not exist is a violation, too.
    pub fn check(
        &self,
        image: &Inspection,
        name: &str,
        class: Option<&str>,
    ) -> Result<&'static ImageClass, Vec<Violation>> {
        let mut violations = self.name.check(name, self.classes);
        let nearest = self
            .classes
            .iter()
            .filter(|candidate| class.is_none_or(|class| class == candidate.name))
            .map(|candidate| (candidate.check(image), candidate))
            .min_by_key(|(broken, _)| (broken.iter().any(|violation| violation.rule == "pixels"), broken.len()));
        match nearest {
            Some((broken, class)) => {
                violations.extend(broken);
                if violations.is_empty() { Ok(class) } else { Err(violations) }
            }
            None => {
                violations.push(self.unknown_class(class.unwrap_or_default()));
                Err(violations)
            }
        }
    }

    pub(super) fn unknown_class(&self, class: &str) -> Violation {
        let names: Vec<_> = self.classes.iter().map(|class| class.name).collect();
        Violation { rule: "class", class: None, limit: names.join(", "), found: class.to_owned() }
    }
}

impl ImageClass {
    /// What of the image this class does not accept; empty if it accepts the image.
    fn check(&self, image: &Inspection) -> Vec<Violation> {
        let violation = |rule, limit, found| Violation { rule, class: Some(self.name), limit, found };
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

    fn describe(&self) -> String {
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
        let violation = |limit, found| Violation { rule: "name", class: None, limit, found };
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
