//! How often, how much and how much at once the measured paths allocate, and whether that is what was counted before. It
//! depends on no clock and on no other work of the machine, so that a test can hold it. Who counts is the caller, since
//! counting takes the place of the allocator of a whole program.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use anyhow::{Context, Result};
use bytes::Bytes;
use polyptych_wire_yandex::Encoding;
use serde::{Deserialize, Serialize};

use crate::{messages, work};

/// The command that counts anew and replaces what was counted before.
pub const RENEW: &str = "cargo run --package polyptych-bench --bin polyptych-allocations -- --renew";

/// Images of an answer and hashes of a request.
const MANY: usize = 1_000;

/// Bytes of the picture in a body.
const PICTURE: usize = 10_000_000;

/// What one run of a piece of work asked of the allocator.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Calls that asked for memory; memory that grows asks once each time.
    pub allocations: u64,
    /// Bytes that were asked for.
    pub bytes: u64,
    /// The most bytes that were held at a time.
    pub peak: u64,
}

/// What a path allocates, in thousandths where it is told per item, so that it is compared as whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Allocations per thousand items.
    pub allocations: u64,
    /// Bytes per thousand items.
    pub bytes: u64,
    /// The most bytes held at a time, of the whole.
    pub peak: u64,
}

/// Counts every path with `count`, which runs what it is given once and tells what that allocated. By name.
///
/// # Errors
/// If a path does not do its work.
pub fn count_all(count: impl Fn(&mut dyn FnMut()) -> Counted) -> Result<BTreeMap<String, Share>> {
    let mut shares = BTreeMap::new();
    let mut take = |name: &str, items: usize, run: &mut dyn FnMut() -> Result<()>| -> Result<()> {
        // What is made once, such as tables, is made before.
        run().with_context(|| name.to_owned())?;
        let mut outcome = Ok(());
        let counted = count(&mut || outcome = run());
        outcome.with_context(|| name.to_owned())?;
        let per_thousand = |total: u64| (total * 1_000).div_ceil(items as u64);
        let Counted { allocations, bytes, peak } = counted;
        let share = Share { allocations: per_thousand(allocations), bytes: per_thousand(bytes), peak };
        shares.insert(name.to_owned(), share);
        Ok(())
    };
    let delete = work::delete(&messages::hashes(MANY));
    for (name, encoding) in [("JSON", Encoding::Json), ("SOAP", Encoding::Soap)] {
        take(&format!("encode v5 delete, {name}, per hash"), MANY, &mut || {
            work::encode_delete(encoding, &delete).map(drop)
        })?;
    }
    let (json, soap) = (messages::v5_get_json(MANY), messages::v5_get_soap(MANY));
    take("decode v5 get, JSON, per image", MANY, &mut || work::decode_get(Encoding::Json, json.as_bytes()).map(drop))?;
    take("decode v5 get, SOAP, per image", MANY, &mut || work::decode_get(Encoding::Soap, soap.as_bytes()).map(drop))?;
    let live4 = messages::live4_get_json(MANY);
    take("decode v4 Live get, JSON, per image", MANY, &mut || {
        work::decode_live4(Encoding::Json, live4.as_bytes()).map(drop)
    })?;
    let page = messages::facebook_page(MANY);
    take("decode Facebook page, per image", MANY, &mut || work::decode_facebook(page.as_bytes()).map(drop))?;
    let picture = Bytes::from(vec![0x5a; PICTURE]);
    let body = work::base64_body(&picture);
    take("base64 body, per MB of the picture", PICTURE / 1_000_000, &mut || work::drain(&body).map(drop))?;
    Ok(shares)
}

/// What was counted before, as it is kept in a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// By how many percent a figure may differ, and by at least one.
    pub tolerance_percent: u64,
    /// By name.
    pub paths: BTreeMap<String, Share>,
}

/// A figure that is not what it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    path: String,
    figure: &'static str,
    before: Option<u64>,
    now: Option<u64>,
}

impl Baseline {
    /// Reads the file's text.
    ///
    /// # Errors
    /// If it is not of this shape.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("the counts of before cannot be read")
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# What the codec and body paths allocate. Counted and written by\n\
             #   {RENEW}\n\
             # Allocations and bytes are per thousand of what the name tells, the peak is bytes of the whole.\n\
             tolerance_percent = {}\n",
            self.tolerance_percent
        );
        for (path, Share { allocations, bytes, peak }) in &self.paths {
            // Writing to a string does not fail.
            let _ = write!(text, "\n[paths.\"{path}\"]\nallocations = {allocations}\nbytes = {bytes}\npeak = {peak}\n");
        }
        text
    }

    /// Every figure that differs by more than the tolerance, and every path that came or went. Fewer is a change, too:
    /// the counts of before would else let it grow again.
    pub fn compare(&self, now: &BTreeMap<String, Share>) -> Vec<Change> {
        let names: std::collections::BTreeSet<&String> = self.paths.keys().chain(now.keys()).collect();
        let mut changes = Vec::new();
        for path in names {
            let figures = |shares: &BTreeMap<String, Share>| {
                shares.get(path).map(|share| [share.allocations, share.bytes, share.peak])
            };
            let (before, now) = (figures(&self.paths), figures(now));
            for (index, figure) in ["allocations", "bytes", "peak"].into_iter().enumerate() {
                let of = |figures: Option<[u64; 3]>| figures.and_then(|figures| figures.get(index).copied());
                let (before, now) = (of(before), of(now));
                let same = match (before, now) {
                    (Some(before), Some(now)) => before.abs_diff(now) <= (before * self.tolerance_percent / 100).max(1),
                    _ => false,
                };
                if !same {
                    changes.push(Change { path: path.clone(), figure, before, now });
                }
            }
        }
        changes
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |figure: Option<u64>| figure.map_or_else(|| "absent".to_owned(), |figure| figure.to_string());
        write!(f, "{}: {} were {}, are {}", self.path, self.figure, told(self.before), told(self.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(share: Share) -> BTreeMap<String, Share> {
        BTreeMap::from([("decode".to_owned(), share)])
    }

    const SHARE: Share = Share { allocations: 3_000, bytes: 400_000, peak: 500 };

    #[test]
    fn what_was_written_reads_the_same() {
        let before = Baseline { tolerance_percent: 2, paths: paths(SHARE) };
        let read = Baseline::parse(&before.to_text()).expect("our own text");
        assert_eq!((read.tolerance_percent, read.paths), (2, before.paths));
    }

    #[test]
    fn a_difference_within_the_tolerance_is_none() {
        let before = Baseline { tolerance_percent: 2, paths: paths(SHARE) };
        assert_eq!(before.compare(&paths(Share { allocations: 3_060, peak: 490, ..SHARE })), []);
    }

    #[test]
    fn more_and_fewer_are_told_with_both_figures() {
        let before = Baseline { tolerance_percent: 2, paths: paths(SHARE) };
        let changes = before.compare(&paths(Share { allocations: 4_000, bytes: 300_000, ..SHARE }));
        let told: Vec<String> = changes.iter().map(Change::to_string).collect();
        assert_eq!(told, ["decode: allocations were 3000, are 4000", "decode: bytes were 400000, are 300000"]);
    }

    #[test]
    fn a_path_that_came_is_told() {
        let before = Baseline { tolerance_percent: 2, paths: BTreeMap::new() };
        let told: Vec<String> = before.compare(&paths(SHARE)).iter().map(Change::to_string).collect();
        assert_eq!(told[0], "decode: allocations were absent, are 3000");
        assert_eq!(told.len(), 3);
    }
}
