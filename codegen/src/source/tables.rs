//! Tables that people keep: `errors.toml`, what the codes of a provider mean, and `rules.toml`. Every word of a closed set is checked
//! here, so that a misspelt class stops the generator and not the build.

mod rules;

use serde::Deserialize;

use super::toml::parse_toml;
use crate::ir::Origin;
use crate::{Error, ErrorKind, Errors};

pub use rules::{Advice, Case, Class, Rules, Size, parse_rules};

/// One row of an `errors.toml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorRow {
    /// `Request` or `Item`, as in `polyptych_wire::fault::Level`.
    pub level: &'static str,
    /// First code.
    pub code: i64,
    /// Last code; equal to `code` for a single one.
    pub last: i64,
    /// Second code.
    pub subcode: Option<i64>,
    /// Part of the message.
    pub phrase: Option<String>,
    /// For people.
    pub meaning: String,
    /// Variant of `Class`.
    pub class: &'static str,
    /// Variant of `Reason`.
    pub reason: &'static str,
    /// Variant of `Evidence`.
    pub evidence: &'static str,
    /// Section of the reference.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorFile {
    error: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: i64,
    through: Option<i64>,
    subcode: Option<i64>,
    phrase: Option<String>,
    level: String,
    class: String,
    reason: String,
    evidence: String,
    source: String,
    meaning: String,
}

/// Word of the table and variant of the runtime's enum.
type Words = &'static [(&'static str, &'static str)];

const LEVELS: Words = &[("request", "Request"), ("item", "Item")];

const CLASSES: Words = &[
    ("never", "Never"),
    ("backoff", "Backoff"),
    ("throttle", "Throttle"),
    ("quota", "Quota"),
    ("reauth", "Reauth"),
    ("unknown_outcome", "UnknownOutcome"),
    ("shrink", "Shrink"),
    ("upgrade", "Upgrade"),
    ("user_action", "UserAction"),
    ("long_pause", "LongPause"),
];

const REASONS: Words = &[
    ("invalid_request", "InvalidRequest"),
    ("invalid_image", "InvalidImage"),
    ("too_large", "TooLarge"),
    ("name_invalid", "NameInvalid"),
    ("not_found", "NotFound"),
    ("in_use", "InUse"),
    ("already_exists", "AlreadyExists"),
    ("unauthenticated", "Unauthenticated"),
    ("permission_denied", "PermissionDenied"),
    ("quota_exhausted", "QuotaExhausted"),
    ("rate_limited", "RateLimited"),
    ("unavailable", "Unavailable"),
    ("internal", "Internal"),
    ("unsupported", "Unsupported"),
];

const EVIDENCE: Words = &[("documented", "Documented"), ("measured", "Measured"), ("assumed", "Assumed")];

/// Parses an `errors.toml`: rows in the order in which the runtime looks them up.
///
/// # Errors
/// If it is not a table of errors, a word is not of its set, two rows have one key, or ranges overlap.
pub fn parse_errors(file: &str, content: &[u8]) -> Result<Vec<ErrorRow>, Errors> {
    let table: ErrorFile = parse_toml(file, content)?;
    let mut rows = Vec::new();
    let mut errors = Errors::default();
    for row in table.error {
        let at = Origin { file: file.to_owned(), place: format!("error.{}", row.code) };
        match read_row(row, &at) {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(error),
        }
    }
    // `Request` is declared before `Item` in the runtime, which orders by declaration.
    let key = |row: &ErrorRow| (row.level != "Request", row.code, row.subcode, row.phrase.clone());
    rows.sort_by_key(key);
    // A single code goes before a range that holds it, so that the two kinds are compared among themselves.
    for ranges in [false, true] {
        let alike: Vec<&ErrorRow> = rows.iter().filter(|row| (row.last > row.code) == ranges).collect();
        for pair in alike.windows(2) {
            let [first, second] = pair else { continue };
            let clash = match ranges {
                true => first.level == second.level && second.code <= first.last,
                false => key(first) == key(second),
            };
            if clash {
                let at = Origin { file: file.to_owned(), place: format!("error.{}", second.code) };
                errors.push(Error::new(ErrorKind::Clash, &at, "two rows speak of the same code"));
            }
        }
    }
    errors.into_result(rows)
}

fn read_row(row: Row, at: &Origin) -> Result<ErrorRow, Error> {
    let last = row.through.unwrap_or(row.code);
    if last < row.code || (row.through.is_some() && (row.subcode.is_some() || row.phrase.is_some())) {
        return Err(Error::new(ErrorKind::Syntax, at, "a range goes up, and has neither subcode nor phrase"));
    }
    if row.phrase.as_deref() == Some("") {
        return Err(Error::new(ErrorKind::Syntax, at, "an empty phrase is in every message"));
    }
    Ok(ErrorRow {
        level: word(LEVELS, &row.level, at)?,
        code: row.code,
        last,
        subcode: row.subcode,
        phrase: row.phrase,
        meaning: row.meaning,
        class: word(CLASSES, &row.class, at)?,
        reason: word(REASONS, &row.reason, at)?,
        evidence: word(EVIDENCE, &row.evidence, at)?,
        source: row.source,
    })
}

fn word(words: Words, text: &str, at: &Origin) -> Result<&'static str, Error> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, variant)| *variant);
    found.ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Error::new(ErrorKind::Unresolved, at, format!("`{text}` is not one of {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<Vec<ErrorRow>, Errors> {
        parse_errors("x/errors.toml", format!("error = [{rows}]").as_bytes())
    }

    fn row(keys: &str) -> String {
        format!(
            "{{ {keys}, level = \"request\", class = \"never\", reason = \"internal\", evidence = \"assumed\", \
             source = \"s\", meaning = \"m\" }},"
        )
    }

    #[test]
    fn rows_are_ordered_for_the_look_up() {
        let text =
            row("code = 2") + &row("code = 1, subcode = 5") + &row("code = 1, phrase = \"p\"") + &row("code = 1");
        let keys: Vec<_> = table(&text).unwrap().into_iter().map(|row| (row.code, row.subcode, row.phrase)).collect();
        assert_eq!(keys, [(1, None, None), (1, None, Some("p".to_owned())), (1, Some(5), None), (2, None, None)]);
    }

    #[test]
    fn two_rows_of_one_code_and_overlapping_ranges_are_refused() {
        let twice = table(&(row("code = 1") + &row("code = 1"))).unwrap_err();
        assert_eq!(twice.to_string(), "schemas/x/errors.toml:error.1: two rows speak of the same code");
        assert!(table(&(row("code = 1, through = 5") + &row("code = 5, through = 6"))).is_err());
        let apart = row("code = 1, through = 5") + &row("code = 3") + &row("code = 4, through = 6");
        assert!(table(&apart).is_err(), "a single code between two ranges does not hide that they overlap");
        let between = row("code = 3") + &row("code = 3, through = 5") + &row("code = 3");
        assert!(table(&between).is_err(), "a range between two rows does not hide that they are of one code");
        assert!(table(&(row("code = 1, through = 5") + &row("code = 5"))).is_ok(), "a code goes before a range");
    }

    #[test]
    fn a_misspelt_word_is_named_with_the_set() {
        let text = row("code = 1").replace("never", "nevr");
        let error = table(&text).unwrap_err().to_string();
        assert!(error.starts_with("schemas/x/errors.toml:error.1: `nevr` is not one of never, backoff"), "{error}");
    }
}
