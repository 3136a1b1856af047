//! `rules.toml`: what a provider accepts as an image.

use serde::Deserialize;

use super::{EVIDENCE, Words, word};
use crate::ir::Origin;
use crate::source::toml::parse_toml;
use crate::{Error, ErrorKind, Errors};

/// The rules of a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Classes, the preferred first.
    pub classes: Vec<Class>,
    /// Characters of a name, at most.
    pub name_chars: u32,
    /// Whether a name needs an extension.
    pub name_extension: bool,
    /// Variant of `Evidence` for the rule of names.
    pub name_evidence: &'static str,
    /// Section of the reference for the rule of names.
    pub name_source: String,
    /// Images per album, at most.
    pub images_per_album: Option<u32>,
    /// What is settled of cases that no documentation tells.
    pub cases: Vec<Case>,
    /// What suits the places where a picture may appear.
    pub advice: Vec<Advice>,
}

/// Whether images of a case are accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Variant of `Case`.
    pub case: &'static str,
    /// Whether they are accepted.
    pub accepted: bool,
    /// Variant of `Evidence`.
    pub evidence: &'static str,
    /// Section of the reference.
    pub source: String,
}

/// What suits a place where a picture may appear.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The place in the provider's words.
    pub place: String,
    /// Smallest width and height.
    pub min: (u32, u32),
    /// Smallest and largest ratio, each as dividend and divisor.
    pub ratio: [(f64, f64); 2],
    /// Variant of `Evidence`.
    pub evidence: &'static str,
    /// Section of the reference.
    pub source: String,
}

/// A class of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// In the provider's words.
    pub name: String,
    /// Variants of `Format`.
    pub formats: Vec<&'static str>,
    /// Accepted sizes.
    pub size: Size,
    /// Largest file in bytes.
    pub max_bytes: u64,
    /// Whether fitting may choose the class.
    pub automatic: bool,
    /// Variant of `Evidence`.
    pub evidence: &'static str,
    /// Section of the reference.
    pub source: String,
}

/// Accepted sizes, as width and height.
#[derive(Debug, Clone, PartialEq)]
pub enum Size {
    /// Any.
    Any,
    /// One of these.
    Exact(Vec<(u32, u32)>),
    /// Within bounds.
    Range {
        /// Smallest.
        min: (u32, u32),
        /// Largest.
        max: (u32, u32),
        /// Smallest and largest ratio, each as dividend and divisor.
        ratio: [(f64, f64); 2],
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    images_per_album: Option<u32>,
    name: NameTable,
    class: Vec<ClassTable>,
    #[serde(default)]
    case: Vec<CaseTable>,
    #[serde(default)]
    advice: Vec<AdviceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTable {
    case: String,
    accepted: bool,
    evidence: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdviceTable {
    place: String,
    min: String,
    ratio: [String; 2],
    evidence: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameTable {
    max_chars: u32,
    extension_required: bool,
    evidence: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassTable {
    name: String,
    formats: Vec<String>,
    exact: Option<Vec<String>>,
    min: Option<String>,
    max: Option<String>,
    ratio: Option<[String; 2]>,
    max_bytes: u64,
    automatic: bool,
    evidence: String,
    source: String,
}

const FORMATS: Words =
    &[("jpeg", "Jpeg"), ("png", "Png"), ("gif", "Gif"), ("bmp", "Bmp"), ("tiff", "Tiff"), ("webp", "WebP")];

const CASES: Words =
    &[("animated", "Animated"), ("cmyk", "Cmyk"), ("deep", "Deep"), ("rotated", "Rotated"), ("misnamed", "Misnamed")];

/// Parses a `rules.toml`.
///
/// # Errors
/// If it is not a table of rules, a word is not of its set, or a class accepts nothing.
pub fn parse_rules(file: &str, content: &[u8]) -> Result<Rules, Errors> {
    let table: File = parse_toml(file, content)?;
    let at = Origin { file: file.to_owned(), place: "name".to_owned() };
    let name_evidence = word(EVIDENCE, &table.name.evidence, &at)?;
    let mut classes = Vec::new();
    let mut errors = Errors::default();
    for class in table.class {
        let at = Origin { file: file.to_owned(), place: format!("class.{}", class.name) };
        match read_class(class, &at) {
            Ok(class) => classes.push(class),
            Err(error) => errors.push(error),
        }
    }
    let mut cases: Vec<Case> = Vec::new();
    for row in table.case {
        let at = Origin { file: file.to_owned(), place: format!("case.{}", row.case) };
        match read_case(row, &at) {
            Ok(case) if cases.iter().any(|known| known.case == case.case) => {
                errors.push(Error::new(ErrorKind::Syntax, &at, "the case is settled twice"));
            }
            Ok(case) => cases.push(case),
            Err(error) => errors.push(error),
        }
    }
    let mut advice = Vec::new();
    for row in table.advice {
        let at = Origin { file: file.to_owned(), place: format!("advice.{}", row.place) };
        match read_advice(row, &at) {
            Ok(row) => advice.push(row),
            Err(error) => errors.push(error),
        }
    }
    errors.into_result(())?;
    if classes.is_empty() {
        return Err(Error::in_file(ErrorKind::Syntax, file, "there is no class").into());
    }
    Ok(Rules {
        classes,
        name_chars: table.name.max_chars,
        name_extension: table.name.extension_required,
        name_evidence,
        name_source: table.name.source,
        images_per_album: table.images_per_album,
        cases,
        advice,
    })
}

fn read_case(row: CaseTable, at: &Origin) -> Result<Case, Error> {
    let case = word(CASES, &row.case, at)?;
    let evidence = word(EVIDENCE, &row.evidence, at)?;
    Ok(Case { case, accepted: row.accepted, evidence, source: row.source })
}

fn read_advice(row: AdviceTable, at: &Origin) -> Result<Advice, Error> {
    let [low, high] = [ratio(&row.ratio[0], at)?, ratio(&row.ratio[1], at)?];
    if low.0 / low.1 > high.0 / high.1 {
        return Err(Error::new(ErrorKind::Syntax, at, "no size has such a ratio"));
    }
    let evidence = word(EVIDENCE, &row.evidence, at)?;
    Ok(Advice { min: size(&row.min, at)?, ratio: [low, high], evidence, place: row.place, source: row.source })
}

fn read_class(class: ClassTable, at: &Origin) -> Result<Class, Error> {
    let formats: Vec<_> = class.formats.iter().map(|format| word(FORMATS, format, at)).collect::<Result<_, _>>()?;
    let size = match (class.exact, class.min, class.max, class.ratio) {
        (None, None, None, None) => Size::Any,
        (Some(sizes), None, None, None) if !sizes.is_empty() => {
            Size::Exact(sizes.iter().map(|text| size(text, at)).collect::<Result<_, _>>()?)
        }
        (None, Some(min), Some(max), Some([low, high])) => {
            Size::Range { min: size(&min, at)?, max: size(&max, at)?, ratio: [ratio(&low, at)?, ratio(&high, at)?] }
        }
        _ => return Err(Error::new(ErrorKind::Syntax, at, "sizes are `exact`, or `min`, `max` and `ratio`, or any")),
    };
    let empty = match &size {
        Size::Range { min, max, ratio: [low, high] } => {
            min.0 > max.0 || min.1 > max.1 || low.0 / low.1 > high.0 / high.1
        }
        Size::Any | Size::Exact(_) => false,
    };
    if formats.is_empty() || class.max_bytes == 0 || empty {
        return Err(Error::new(ErrorKind::Syntax, at, "the class accepts nothing"));
    }
    let evidence = word(EVIDENCE, &class.evidence, at)?;
    let ClassTable { name, max_bytes, automatic, source, .. } = class;
    Ok(Class { name, formats, size, max_bytes, automatic, evidence, source })
}

/// `450x450`.
fn size(text: &str, at: &Origin) -> Result<(u32, u32), Error> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let sides = sides.filter(|(width, height)| *width > 0 && *height > 0);
    sides.ok_or_else(|| Error::new(ErrorKind::Syntax, at, format!("`{text}` is not a size")))
}

/// `4:3`.
fn ratio(text: &str, at: &Origin) -> Result<(f64, f64), Error> {
    let parts = text.split_once(':').and_then(|(over, under)| Some((over.parse().ok()?, under.parse().ok()?)));
    let parts = parts.filter(|(over, under): &(f64, f64)| over.is_normal() && *over > 0.0 && *under >= 1.0);
    parts.ok_or_else(|| Error::new(ErrorKind::Syntax, at, format!("`{text}` is not a ratio")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(size: &str) -> Result<Rules, Errors> {
        let text = format!(
            "[name]\nmax_chars = 1\nextension_required = false\nevidence = \"assumed\"\nsource = \"s\"\n\
             [[class]]\nname = \"C\"\nformats = [\"png\"]\nmax_bytes = 1\nautomatic = true\nevidence = \"assumed\"\n\
             source = \"s\"\n{size}\n"
        );
        parse_rules("x/rules.toml", text.as_bytes())
    }

    #[test]
    fn sizes_are_any_exact_or_a_range() {
        let size = |text| class(text).unwrap().classes.remove(0).size;
        assert_eq!(size(""), Size::Any);
        assert_eq!(size("exact = [\"240x400\"]"), Size::Exact(vec![(240, 400)]));
        let range = size("min = \"1x2\"\nmax = \"3x4\"\nratio = [\"3:4\", \"1.7828:1\"]");
        assert_eq!(range, Size::Range { min: (1, 2), max: (3, 4), ratio: [(3.0, 4.0), (1.7828, 1.0)] });
    }

    #[test]
    fn a_class_that_accepts_nothing_is_refused() {
        for size in [
            "exact = []",
            "min = \"1x1\"",
            "exact = [\"0x1\"]",
            "min = \"2x2\"\nmax = \"1x1\"\nratio = [\"1:1\", \"1:1\"]",
        ] {
            assert!(class(size).is_err(), "{size}");
        }
    }

    #[test]
    fn a_case_is_settled_once_and_by_its_name() {
        let case =
            |name| format!("[[case]]\ncase = \"{name}\"\naccepted = true\nevidence = \"assumed\"\nsource = \"s\"\n");
        assert_eq!(class(&case("deep")).unwrap().cases[0].case, "Deep");
        assert!(class(&[case("deep"), case("deep")].concat()).is_err());
        assert!(class(&case("deeper")).is_err());
    }
}
