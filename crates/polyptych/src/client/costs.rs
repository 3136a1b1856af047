//! What a command costs in each library, and the most that it may cost.

use std::fmt;

use clap::Args;
use polyptych::proto::v1;
use serde::Serialize;
use v1::image_class::Evidence;

use super::names::short;

/// The most that a command may cost.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Budget")]
pub(crate) struct Limits {
    /// Most points that all of it may cost; a call that might exceed them is not made
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    max_points: Option<i64>,
    /// Most calls of the libraries that all of it may need
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    max_calls: Option<i64>,
}

impl Limits {
    /// What the next operation may cost after so much was spent; absent where nothing is left.
    pub(crate) fn left(&self, spent: &Spent) -> Option<v1::Budget> {
        let of = |limit: Option<i64>, part: fn(&v1::Cost) -> i64| match limit {
            None => Some(None),
            Some(limit) => {
                let left = spent.0.iter().map(part).fold(limit, i64::saturating_sub);
                (left > 0).then_some(Some(left))
            }
        };
        let max_points = of(self.max_points, |cost| cost.points)?;
        Some(v1::Budget { max_points, max_calls: of(self.max_calls, |cost| cost.calls)? })
    }
}

/// What was spent, or would be, by library.
#[derive(Debug, Default)]
pub(crate) struct Spent(Vec<v1::Cost>);

impl Spent {
    /// Adds the costs of an operation.
    pub(crate) fn add(&mut self, costs: Vec<v1::Cost>) {
        for cost in costs {
            match self.0.iter_mut().find(|known| known.library == cost.library) {
                Some(known) => {
                    known.calls = known.calls.saturating_add(cost.calls);
                    known.points = known.points.saturating_add(cost.points);
                    known.sent_bytes = known.sent_bytes.saturating_add(cost.sent_bytes);
                }
                None => self.0.push(cost),
            }
        }
    }

    /// The costs as they are shown; none where nothing was called.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.0.iter().map(Told::from).collect()
    }
}

/// What was spent in a library, as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    library: String,
    calls: i64,
    points: i64,
    bytes: i64,
    /// `documented`, `measured` or `assumed`: how sure the prices are; absent where the server does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'static str>,
}

impl From<&v1::Cost> for Told {
    fn from(cost: &v1::Cost) -> Self {
        let evidence = match cost.evidence() {
            Evidence::Documented => Some("documented"),
            Evidence::Measured => Some("measured"),
            Evidence::Assumed => Some("assumed"),
            Evidence::Unspecified => None,
        };
        let library = short(&cost.library);
        Self { library, calls: cost.calls, points: cost.points, bytes: cost.sent_bytes, evidence }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: i64, one: &'static str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        write!(f, "{}: {}, {}", self.library, counted(self.calls, "call"), counted(self.points, "point"))?;
        let guessed = self.points > 0 && self.evidence == Some("assumed");
        f.write_str(if guessed { " (prices are assumed)" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_operations_have_spent_is_taken_from_what_the_next_one_may() {
        let cost = |library: &str, calls, points| v1::Cost {
            library: library.to_owned(),
            calls,
            points,
            ..Default::default()
        };
        let limits = Limits { max_points: Some(100), max_calls: None };
        let mut spent = Spent::default();
        assert_eq!(limits.left(&spent), Some(v1::Budget { max_points: Some(100), max_calls: None }));
        spent.add(vec![cost("libraries/a", 1, 40), cost("libraries/b", 1, 0)]);
        spent.add(vec![cost("libraries/a", 1, 20)]);
        assert_eq!(limits.left(&spent), Some(v1::Budget { max_points: Some(40), max_calls: None }));
        assert_eq!(Limits { max_calls: Some(3), ..limits.clone() }.left(&spent), None);
        let lines: Vec<_> = spent.told().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["a: 2 calls, 60 points", "b: 1 call, 0 points"]);
    }
}
