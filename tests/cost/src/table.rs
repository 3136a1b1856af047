//! Both ways side by side, for people; the last line is what the domain saves.

use std::fmt::Write;

use polyptych::domain::Cost;

/// What one library was brought in both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The library.
    pub library: String,
    /// Through the domain.
    pub ours: Cost,
    /// One per call, nothing checked.
    pub plain: Cost,
}

/// A table of the rows, their sums, and the ratio of the sums as the last line.
pub fn report(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<18} {:>7} {:>7} {:>8} {:>8} {:>11} {:>11}\n",
        "library", "calls", "plain", "points", "plain", "bytes", "plain"
    );
    let (mut ours, mut plain) = (Cost::default(), Cost::default());
    let sums = |library: &str, ours: Cost, plain: Cost| {
        format!(
            "{library:<18} {:>7} {:>7} {:>8} {:>8} {:>11} {:>11}\n",
            ours.calls, plain.calls, ours.points, plain.points, ours.bytes, plain.bytes
        )
    };
    for row in rows {
        ours += row.ours;
        plain += row.plain;
        text.push_str(&sums(&row.library, row.ours, row.plain));
    }
    text.push_str(&sums("all", ours, plain));
    text.push_str("points of v4 Live: by the price list of v5, since that API does not tell them\n");
    text.push_str("evotor: the other client is taken to look at nothing; ours looks whether a product is empty\n");
    let ratio = |ours: u64, plain: u64| ours as f64 / plain.max(1) as f64;
    let (calls, points, bytes) =
        (ratio(ours.calls, plain.calls), ratio(ours.points, plain.points), ratio(ours.bytes, plain.bytes));
    // Writing to a string does not fail.
    let _ = write!(text, "ratio to one per call: calls {calls:.3}, points {points:.3}, bytes {bytes:.3}");
    text
}
