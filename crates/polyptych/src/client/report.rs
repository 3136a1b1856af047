//! What a command prints of its items: a table as wide as the terminal, or one JSON object per line; failures and what may
//! help go to standard error. It counts, so that the exit code can tell.

use std::io;

use polyptych::proto::v1;
use serde::Serialize;

use super::costs::Spent;
use super::failure::Failure;
use crate::output::{print, table, tell, width};

/// How items are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table, for people.
    Table,
    /// One JSON object per line, for programs.
    Json,
}

/// What is printed of an item. Its JSON is part of what docs/cli.md promises.
pub(crate) trait Row: Serialize {
    /// The columns.
    const HEAD: &'static [&'static str];

    /// The column whose texts may be cut where the table is too wide.
    const CUT: Option<usize> = None;

    /// The cells, one per column.
    fn cells(&self) -> Vec<String>;

    /// Which item, for a failure's line.
    fn item(&self) -> String {
        self.cells().into_iter().next().unwrap_or_default()
    }

    /// What became of it.
    fn state(&self) -> State<'_> {
        State::Done
    }

    /// What may help where it failed.
    fn help(&self) -> Option<&'static str> {
        match self.state() {
            State::Failed(failure) => failure.help(),
            _ => None,
        }
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State<'a> {
    /// What was asked for.
    Done,
    /// It failed, or nobody knows.
    Failed(&'a Failure),
    /// It was looked at and is not in order.
    Wrong,
    /// It was not begun, since the command was interrupted.
    Left,
}

/// How many items there were of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// What was asked for.
    pub(crate) done: u64,
    /// It failed, nobody knows, or is not in order.
    pub(crate) failed: u64,
    /// Not begun.
    pub(crate) left: u64,
}

/// What is counted, where there is one.
const ONE: [(&str, &str); 8] = [
    ("albums", "album"),
    ("associations", "association"),
    ("events", "event"),
    ("figures", "figure"),
    ("images", "image"),
    ("libraries", "library"),
    ("operations", "operation"),
    ("steps", "step"),
];

/// Items that are being printed.
pub(crate) struct Report<R> {
    format: Format,
    rows: Vec<R>,
    tally: Tally,
    spent: Spent,
}

impl<R: Row> Report<R> {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, rows: Vec::new(), tally: Tally::default(), spent: Spent::default() }
    }

    /// Takes an item: JSON is printed at once, a table at the end.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub(crate) fn add(&mut self, row: R) -> io::Result<()> {
        match row.state() {
            State::Done => self.tally.done += 1,
            State::Failed(_) | State::Wrong => self.tally.failed += 1,
            State::Left => self.tally.left += 1,
        }
        match self.format {
            Format::Json => print(serde_json::to_string(&row)?)?,
            Format::Table => self.rows.push(row),
        }
        Ok(())
    }

    /// Takes what an operation has cost, or would.
    pub(crate) fn spend(&mut self, costs: Vec<v1::Cost>) {
        self.spent.add(costs);
    }

    /// What was spent so far.
    pub(crate) fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Ends what `filled` has filled: of what failed as a whole, what was done before is printed before it is told why.
    ///
    /// # Errors
    /// If it failed, or cannot be printed.
    pub(crate) fn close(self, filled: anyhow::Result<()>, done: &str, not: &str) -> anyhow::Result<Tally> {
        match filled {
            Err(error) if self.tally == Tally::default() => Err(error),
            filled => {
                let tally = self.end(done, not)?;
                filled.map(|()| tally)
            }
        }
    }

    /// Prints the table, the failures and what may help, what it cost, and how many items were `done` and how many `not`.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub(crate) fn end(self, done: &str, not: &str) -> io::Result<Tally> {
        let costs = self.spent.told();
        if self.format == Format::Json && !costs.is_empty() {
            print(serde_json::to_string(&serde_json::json!({ "result": "costs", "costs": costs }))?)?;
        }
        if self.format == Format::Table {
            // Of those that were not begun the number says enough.
            let shown: Vec<_> = self.rows.iter().filter(|row| !matches!(row.state(), State::Left)).collect();
            if !shown.is_empty() {
                let cells: Vec<_> = shown.iter().map(|row| row.cells()).collect();
                print(table(R::HEAD, &cells, R::CUT, width()))?;
            }
            let mut helps: Vec<&str> = Vec::new();
            for row in &self.rows {
                if let State::Failed(failure) = row.state() {
                    let item = row.item();
                    tell(format_args!("error: {item}: {}", failure.of(&item)));
                    for violation in failure.news() {
                        tell(format_args!("    {}: {}", violation.field, violation.description));
                    }
                    helps.extend(row.help().filter(|help| !helps.contains(help)));
                }
            }
            for help in helps {
                tell(format_args!("help: {help}"));
            }
            for cost in &costs {
                tell(cost);
            }
            let Tally { done: all, failed, left } = self.tally;
            let one = ONE.iter().find(|(many, _)| all == 1 && *many == done);
            let done = one.map_or(done, |(_, one)| one);
            let mut told = format!("{all} {done}");
            for (count, what) in [(failed, not), (left, "not begun")] {
                if count > 0 {
                    told.push_str(&format!(", {count} {what}"));
                }
            }
            tell(told);
        }
        Ok(self.tally)
    }
}
