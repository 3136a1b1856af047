//! What would be done to an image so that a library accepts it, told without doing it; and the nearest fit that would help where
//! none was asked for.

use std::fmt;

use polyptych_imaging::{Limits, Loss, Mode, Target};

use super::{Fit, NameRule, Rules, Verdict, Violation, has_extension};
use crate::{Animation, Format, Inspection, Orientation, Rgb};

/// What would be done to an image and what that costs it.
#[derive(Debug, Clone, PartialEq)]
pub struct FitPlan {
    /// The class that then takes it.
    pub class: &'static str,
    /// The name that it gets. Should the format turn out to be a later one of the target's, the extension follows.
    pub name: String,
    /// The fit; [`Fit::None`] when not a byte is to be changed, but only the name.
    pub fit: Fit,
    /// Size, limits and the formats in the order in which they are tried; absent when not a byte is to be changed.
    pub target: Option<Target>,
    /// What is lost in the first of these formats; metadata is lost in every fit.
    pub losses: Vec<Loss>,
}

/// Characters of a name that a line tells at most.
const SHOWN: usize = 100;

impl fmt::Display for FitPlan {
    /// `contain to 450x450 as JPEG named `a.jpg` would satisfy REGULAR`; ``the name `a.jpg` would satisfy REGULAR`` where
    /// not a byte is to be changed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            None => f.write_str("the name")?,
            Some(target) => {
                let mode = match target.mode {
                    Mode::Contain { .. } => "contain to",
                    Mode::Cover { .. } => "cover to",
                    Mode::Exact => "exact at",
                };
                write!(f, "{mode} {}", target.pixels)?;
                if let Some(format) = target.formats.first() {
                    write!(f, " as {format}")?;
                }
                if self.losses.contains(&Loss::Frames) {
                    f.write_str(", first frame only,")?;
                }
                f.write_str(" named")?;
            }
        }
        let (shown, rest) = match self.name.char_indices().nth(SHOWN) {
            Some((end, _)) => (self.name.get(..end).unwrap_or_default(), "…"),
            None => (self.name.as_str(), ""),
        };
        write!(f, " `{shown}{rest}` would satisfy {}", self.class)
    }
}

impl Rules {
    /// What a fit would do to an image that is not to be left as it is. An image that satisfies the rules and needs no turning is
    /// left as it is, whatever the fit.
    ///
    /// # Errors
    /// Why this fit does not make the image acceptable; for [`Fit::None`] what of the image is not.
    pub fn plan(
        &self,
        image: &Inspection,
        name: &str,
        fit: Fit,
        animation: Animation,
        class: Option<&str>,
    ) -> Result<FitPlan, Vec<Violation>> {
        let as_it_is = |class: &'static str, name: String| {
            Ok(FitPlan { class, name, fit: Fit::None, target: None, losses: Vec::new() })
        };
        let checked = self.check(image, name, class).map(|class| (class, name.to_owned()));
        let Some(mode) = fit.mode() else {
            return checked.and_then(|(class, name)| as_it_is(class.name, name));
        };
        // Where only the name's extension is wrong, the picture itself stays untouched.
        let named = checked.or_else(|_| {
            let name = renamed(name, image.format, &self.name);
            self.check(image, &name, class).map(|class| (class, name))
        });
        // A fit also turns the image upright, since not every provider reads EXIF.
        if let Ok((class, name)) = named
            && image.orientation == Orientation::Normal
        {
            return as_it_is(class.name, name);
        }
        let (class, mut target) = self.target(image, mode, animation, class)?;
        let planned = Limits::default().plan(image, &target).map_err(|error| {
            vec![Violation {
                rule: "pixels".into(),
                class: Some(class.name.into()),
                limit: "a picture that can be fitted".to_owned(),
                found: error.to_string(),
            }]
        })?;
        let name = renamed(name, planned.formats.first().copied().unwrap_or(image.format), &self.name);
        let broken = self.check_name(&name);
        if !broken.is_empty() {
            return Err(broken);
        }
        target.formats = planned.formats;
        Ok(FitPlan { class: class.name, name, fit, target: Some(target), losses: planned.losses })
    }

    /// The fit that would satisfy the rules with the least change: another name alone, else another format or compression of the
    /// same pixels, else padding with white. `None` when not even that helps: a class that does not exist.
    pub fn suggest(&self, image: &Inspection, name: &str, class: Option<&str>, verdict: &Verdict) -> Option<FitPlan> {
        let name = shortened(name, image.format, &self.name);
        let nearest = verdict.nearest?;
        let plan = |fit, class| self.plan(image, &name, fit, Animation::FirstFrame, class).ok();
        let renaming = renamed(&name, image.format, &self.name);
        self.plan(image, &renaming, Fit::None, Animation::FirstFrame, class)
            .ok()
            .or_else(|| plan(Fit::Exact, Some(nearest.name)))
            .or_else(|| plan(Fit::Contain { background: Rgb::WHITE }, class))
    }
}

/// The name cut to the most characters that the rule allows, its extension kept.
fn shortened(name: &str, format: Format, rule: &NameRule) -> String {
    let max = rule.max_chars as usize;
    if name.chars().count() <= max {
        return name.to_owned();
    }
    // Room for the longest extension that another format would bring.
    const EXTENSION: usize = 5;
    let stem: String = name.chars().take(max.saturating_sub(EXTENSION)).collect();
    renamed(&stem, format, rule)
}

/// The name with the extension of `format`, if it has that of another format or none. A name that is too long to get one
/// stays without, where none is required.
pub(crate) fn renamed(name: &str, format: Format, rule: &NameRule) -> String {
    if has_extension(name, format) {
        return name.to_owned();
    }
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if Format::ALL.iter().any(|other| has_extension(name, *other)) => stem,
        _ => name,
    };
    let extended = format!("{stem}.{}", format.extension());
    let too_long = extended.chars().count() > rule.max_chars as usize;
    if too_long && !rule.extension_required { name.to_owned() } else { extended }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evidence;

    #[test]
    fn a_plan_that_changes_the_name_alone_says_which_name_would_do() {
        let plan = |name: String| FitPlan { class: "ANY", name, fit: Fit::None, target: None, losses: Vec::new() };
        assert_eq!(plan("фото.jpg".to_owned()).to_string(), "the name `фото.jpg` would satisfy ANY");
        let (shown, long) = ("ф".repeat(SHOWN), "ф".repeat(SHOWN + 1));
        assert_eq!(plan(shown.clone()).to_string(), format!("the name `{shown}` would satisfy ANY"));
        assert_eq!(plan(long).to_string(), format!("the name `{shown}…` would satisfy ANY"));
    }

    #[test]
    fn an_extension_follows_the_format_and_is_added_where_there_is_room_or_need() {
        let rule = |extension_required| NameRule {
            max_chars: 9,
            extension_required,
            evidence: Evidence::Assumed,
            source: "this test",
        };
        for (name, required, expected) in [
            ("a.JPEG", false, "a.JPEG"),
            ("a.png", false, "a.jpg"),
            ("a.jpg.webp", false, "a.jpg.jpg"),
            ("фото", false, "фото.jpg"),
            ("v1.2", false, "v1.2.jpg"),
            ("фотокарт", false, "фотокарт"),
            ("фотокарт", true, "фотокарт.jpg"),
        ] {
            assert_eq!(renamed(name, Format::Jpeg, &rule(required)), expected);
        }
        assert_eq!(shortened("фотокарточка.png", Format::Png, &rule(true)), "фото.png");
    }
}
