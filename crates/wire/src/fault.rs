//! What the providers' error codes mean: the shape of the generated tables and the look-up in them. It never decides
//! whether to retry: that also depends on how far a call got.

/// What to do about an error; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The same request fails again: correct it, or the rights.
    Never,
    /// Transient: try again after growing pauses.
    Backoff,
    /// Too many calls: slow down, and wait as long as the provider says.
    Throttle,
    /// A quota is used up: wait for its refill, which may take hours.
    Quota,
    /// The credential is not accepted: get another one first.
    Reauth,
    /// A write may have been carried out: look before a repetition. A read may just be repeated.
    UnknownOutcome,
    /// Too much was asked for at once: ask for less.
    Shrink,
    /// The called version of the API has ended: call a newer one.
    Upgrade,
    /// A person has to do something at the provider first (registration, payment, two-factor authentication).
    UserAction,
    /// The provider suspects abuse: stop for a long time and let a person look.
    LongPause,
}

/// What an error says about the request; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A parameter is missing, unknown or wrong.
    InvalidRequest,
    /// The file is damaged, or its format or pixel size is not accepted.
    InvalidImage,
    /// The file, or the request as a whole, holds too many bytes.
    TooLarge,
    /// The image's name is empty, too long or lacks an extension.
    NameInvalid,
    /// The image, or its owner, is not there.
    NotFound,
    /// The image is used by an ad and cannot be deleted.
    InUse,
    /// The place for the image is taken.
    AlreadyExists,
    /// The credential is missing, wrong or expired.
    Unauthenticated,
    /// The credential is good, but does not allow this.
    PermissionDenied,
    /// Points, or the room for images, are used up.
    QuotaExhausted,
    /// Too many calls at once or in a time.
    RateLimited,
    /// The provider, or a part of it, is down.
    Unavailable,
    /// The provider failed.
    Internal,
    /// The method, version or account does not support this.
    Unsupported,
}

/// What an error concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The whole request: nothing of it was done, unless the class says otherwise.
    Request,
    /// One item of a batch; the others are not affected.
    Item,
}

/// How well a row of a table is founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The provider's documentation, or its published schema, says so.
    Documented,
    /// Seen in a recorded exchange, or measured and published by a third party.
    Measured,
    /// Inferred, or taken from what other clients do.
    Assumed,
}

/// One row: what one code of a provider means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorEntry {
    /// What the error concerns.
    pub level: Level,
    /// The provider's code; the HTTP status where the provider has no codes; 0 for an error without a code.
    pub code: i64,
    /// The last code of a range that starts at `code`; equal to `code` for a single one.
    pub last: i64,
    /// The provider's second code, for a row that is about this pair only.
    pub subcode: Option<i64>,
    /// A part of the message, for a row that is about such messages only. Compared without regard to ASCII case.
    pub phrase: Option<&'static str>,
    /// The meaning in a few words, for people.
    pub meaning: &'static str,
    /// What to do.
    pub class: Class,
    /// What it says about the request.
    pub reason: Reason,
    /// How well the row is founded.
    pub evidence: Evidence,
    /// Section of the reference that the row comes from.
    pub source: &'static str,
}

/// All rows of one provider; generated from its `errors.toml`.
#[derive(Debug, Clone, Copy)]
pub struct ErrorTable {
    /// Rows for single codes, ordered by level, code, subcode (none first) and phrase (none first).
    pub codes: &'static [ErrorEntry],
    /// Rows for ranges of codes, ordered by level and code; they do not overlap.
    pub ranges: &'static [ErrorEntry],
}

impl ErrorTable {
    /// The row for an error; `None` if the table does not know its code, which is to be tolerated.
    ///
    /// The more precise row wins: code, subcode and phrase; code and subcode; code and phrase; code; range.
    pub fn find(&self, level: Level, code: i64, subcode: Option<i64>, message: &str) -> Option<&'static ErrorEntry> {
        let start = self.codes.partition_point(|row| (row.level, row.code) < (level, code));
        let rows = self.codes[start..].iter().take_while(|row| (row.level, row.code) == (level, code));
        rows.filter(|row| row.subcode.is_none() || row.subcode == subcode)
            .filter(|row| row.phrase.is_none_or(|phrase| contains(message, phrase)))
            .max_by_key(|row| (row.subcode.is_some(), row.phrase.is_some()))
            .or_else(|| self.ranges.iter().find(|row| row.level == level && (row.code..=row.last).contains(&code)))
    }
}

fn contains(message: &str, phrase: &str) -> bool {
    message.as_bytes().windows(phrase.len()).any(|part| part.eq_ignore_ascii_case(phrase.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn row(level: Level, code: i64, subcode: Option<i64>, phrase: Option<&'static str>) -> ErrorEntry {
        ErrorEntry {
            level,
            code,
            last: code,
            subcode,
            phrase,
            meaning: "",
            class: Class::Never,
            reason: Reason::Internal,
            evidence: Evidence::Assumed,
            source: "",
        }
    }

    const RANGE: ErrorEntry = ErrorEntry { last: 299, ..row(Level::Request, 200, None, None) };

    const TABLE: ErrorTable = ErrorTable {
        codes: &[
            row(Level::Request, 1, None, None),
            row(Level::Request, 1, None, Some("reduce the amount")),
            row(Level::Request, 1, Some(99), None),
            row(Level::Request, 270, None, None),
            row(Level::Item, 1, None, None),
        ],
        ranges: &[RANGE],
    };

    fn find(level: Level, code: i64, subcode: Option<i64>, message: &str) -> Option<ErrorEntry> {
        TABLE.find(level, code, subcode, message).copied()
    }

    #[test]
    fn the_more_precise_row_wins() {
        assert_eq!(find(Level::Request, 1, None, "oops"), Some(row(Level::Request, 1, None, None)));
        assert_eq!(find(Level::Request, 1, Some(99), "oops"), Some(row(Level::Request, 1, Some(99), None)));
        assert_eq!(find(Level::Request, 1, Some(7), "oops"), Some(row(Level::Request, 1, None, None)));
        let phrase = Some("reduce the amount");
        assert_eq!(
            find(Level::Request, 1, None, "Please Reduce the amount of data"),
            Some(row(Level::Request, 1, None, phrase))
        );
    }

    #[test]
    fn levels_are_kept_apart() {
        assert_eq!(find(Level::Item, 1, None, ""), Some(row(Level::Item, 1, None, None)));
        assert_eq!(find(Level::Item, 270, None, ""), None);
    }

    #[test]
    fn a_range_answers_for_codes_without_a_row() {
        assert_eq!(find(Level::Request, 270, None, ""), Some(row(Level::Request, 270, None, None)));
        assert_eq!(find(Level::Request, 271, None, ""), Some(RANGE));
        assert_eq!(find(Level::Request, 300, None, ""), None);
    }
}
