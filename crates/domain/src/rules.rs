//! What a library demands of an image, as data; checked here from what the header says, before anything is spent.
//!
//! The tables are generated from `schemas/*/rules.toml`.

mod check;
mod fit;
mod plan;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use check::Verdict;
pub(crate) use check::has_extension;
pub use plan::FitPlan;
pub(crate) use plan::renamed;

use crate::{Focus, Format, Pixels, Rgb};

/// How sure a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The provider's documentation says it.
    Documented,
    /// Someone measured it.
    Measured,
    /// We assume it.
    Assumed,
}

/// The rules of a library. An image is accepted when at least one class accepts it.
#[derive(Debug, PartialEq)]
pub struct Rules {
    /// Classes of images, the preferred first; never empty.
    pub classes: &'static [ImageClass],
    /// What a name must be.
    pub name: NameRule,
    /// At most this many images in one album; absent where there is no such small number.
    pub images_per_album: Option<u32>,
    /// What no documentation tells of a case and is therefore settled here; a case that is not listed is accepted.
    pub cases: &'static [CaseRule],
    /// What suits the places where a picture may appear. Nothing is refused for it.
    pub advice: &'static [Advice],
}

/// Something that an image of an accepted format may be besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    /// It has more than one frame.
    Animated,
    /// Its colours are four inks.
    Cmyk,
    /// Its samples have more than 8 bits.
    Deep,
    /// An EXIF orientation turns it for showing.
    Rotated,
    /// Its name ends in the extension of another format.
    Misnamed,
}

/// Whether a provider takes images of a case.
#[derive(Debug, PartialEq)]
pub struct CaseRule {
    /// The case.
    pub case: Case,
    /// Whether such an image is accepted.
    pub accepted: bool,
    /// How sure this is.
    pub evidence: Evidence,
    /// Where it is written: reference section.
    pub source: &'static str,
}

/// What suits a place where a picture may appear.
#[derive(Debug, PartialEq)]
pub struct Advice {
    /// The place in the provider's words: `feed`.
    pub place: &'static str,
    /// Smallest width and height.
    pub min: Pixels,
    /// Smallest width / height, the provider's tolerance included.
    pub min_ratio: f64,
    /// Largest width / height, the provider's tolerance included.
    pub max_ratio: f64,
    /// How sure this is.
    pub evidence: Evidence,
    /// Where it is written: reference section.
    pub source: &'static str,
}

/// What a name must be.
#[derive(Debug, PartialEq)]
pub struct NameRule {
    /// At most this many characters.
    pub max_chars: u32,
    /// Whether the name must end in an extension of an accepted format.
    pub extension_required: bool,
    /// How sure this is.
    pub evidence: Evidence,
    /// Where it is written: reference section.
    pub source: &'static str,
}

/// A kind of image that a library accepts.
#[derive(Debug, PartialEq)]
pub struct ImageClass {
    /// In the provider's words: `REGULAR`.
    pub name: &'static str,
    /// Accepted formats, the preferred first; never empty.
    pub formats: &'static [Format],
    /// Accepted sizes.
    pub size: SizeRule,
    /// Largest file in bytes.
    pub max_bytes: u64,
    /// Whether fitting may choose the class by itself; else it must be asked for.
    pub automatic: bool,
    /// How sure this is.
    pub evidence: Evidence,
    /// Where it is written: reference section.
    pub source: &'static str,
}

/// Accepted sizes.
#[derive(Debug, PartialEq)]
pub enum SizeRule {
    /// Any size.
    Any,
    /// Exactly one of these.
    Exact(&'static [Pixels]),
    /// Each side within its bounds and width / height within the ratios, all inclusive.
    Range {
        /// Smallest width and height.
        min: Pixels,
        /// Largest width and height.
        max: Pixels,
        /// Smallest width / height.
        min_ratio: f64,
        /// Largest width / height.
        max_ratio: f64,
    },
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What is limited: `content`, `format`, `pixels`, `bytes`, `frames`, `colour`, `depth`, `orientation`, `name`, `class`; of advice
    /// also `ratio`.
    pub rule: Cow<'static, str>,
    /// The class (of advice: the place) whose rule it is; absent for rules of the whole library.
    pub class: Option<Cow<'static, str>>,
    /// The limit, for people.
    pub limit: String,
    /// What was found, for people.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.rule, self.found)?;
        match &self.class {
            Some(class) => write!(f, ", {class} takes {}", self.limit),
            None => write!(f, ", allowed is {}", self.limit),
        }
    }
}

/// What may be done to an image so that it satisfies the rules.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Nothing: what is sent is what is stored, or the upload is refused.
    #[default]
    None,
    /// Scale down or up and pad to an accepted size; nothing is cut off.
    Contain {
        /// Colour of the padding and behind transparency.
        background: Rgb,
    },
    /// Scale and cut to an accepted size; nothing is padded.
    Cover {
        /// The point that stays in sight.
        focus: Focus,
    },
    /// Keep the pixels, change only the format or the compression.
    Exact,
}
