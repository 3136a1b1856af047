//! A figure, what it stands beside, and what it has to reach.

use serde::Serialize;

/// The middle of several repetitions and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The median.
    pub(crate) median: f64,
    /// A quarter of the repetitions is below.
    pub(crate) low: f64,
    /// A quarter of the repetitions is above.
    pub(crate) high: f64,
}

/// The ratios of what was measured of two in the same rounds, round by round.
pub(crate) fn ratios(first: &[f64], second: &[f64]) -> Vec<f64> {
    first.iter().zip(second).map(|(first, second)| first / second).collect()
}

impl Spread {
    /// Of the repetitions, in any order; nothing of none.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        // The nearest of the repetitions, so that each figure is one that was measured.
        let at = |share: f64| sorted.get(((sorted.len() as f64 - 1.0) * share).round() as usize).copied();
        Some(Self { median: at(0.5)?, low: at(0.25)?, high: at(0.75)? })
    }

    /// A figure that is counted, and not measured.
    pub(crate) fn exact(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }

    /// In another unit.
    pub(crate) fn times(self, factor: f64) -> Self {
        let Self { median, low, high } = self;
        Self { median: median * factor, low: low * factor, high: high * factor }
    }

    /// As a rate: how much of `amount` in a unit of this. What was low becomes high.
    pub(crate) fn rate(self, amount: f64) -> Self {
        Self { median: amount / self.median, low: amount / self.high, high: amount / self.low }
    }

    /// Half of the middle half, in percent of the median.
    pub(crate) fn percent(self) -> f64 {
        (self.high - self.low) / 2.0 / self.median * 100.0
    }
}

/// What a figure stands beside.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Beside {
    /// The floor or the peer.
    pub(crate) name: String,
    /// In the unit of the row; absent where it is not installed.
    pub(crate) value: Option<Spread>,
    /// The figure divided by this one: the median of the ratios of rounds. Absent as the value is.
    pub(crate) ratio: Option<f64>,
}

/// What is compared with the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Of {
    /// The figure itself.
    This,
    /// Its ratio to what it stands beside.
    Ratio,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The part of the bench.
    pub(crate) group: &'static str,
    /// What was measured.
    pub(crate) figure: String,
    /// Of `this` and of what it stands beside; empty for mere numbers.
    pub(crate) unit: &'static str,
    /// What was measured.
    pub(crate) this: Spread,
    /// Absent for figures that stand alone.
    pub(crate) beside: Option<Beside>,
    /// Absent for rows that are there for orientation.
    pub(crate) goal: Option<(Of, Bound)>,
    /// Whether the goal is reached; absent without a goal, and where its peer is not installed.
    pub(crate) reached: Option<bool>,
}

impl Row {
    /// A figure that stands alone and has no goal.
    pub(crate) fn new(group: &'static str, figure: impl Into<String>, this: Spread, unit: &'static str) -> Self {
        Self { group, figure: figure.into(), unit, this, beside: None, goal: None, reached: None }
    }

    /// Puts it beside something in the same unit.
    pub(crate) fn beside(self, name: impl Into<String>, value: Spread, ratio: f64) -> Self {
        let beside = Beside { name: name.into(), value: Some(value), ratio: Some(ratio) };
        Self { beside: Some(beside), ..self }
    }

    /// Names what it would stand beside and that is not installed.
    pub(crate) fn beside_absent(self, name: impl Into<String>) -> Self {
        Self { beside: Some(Beside { name: name.into(), value: None, ratio: None }), ..self }
    }

    /// Gives it a goal.
    pub(crate) fn goal(self, of: Of, bound: Bound) -> Self {
        let value = match of {
            Of::This => Some(self.this.median),
            Of::Ratio => self.beside.as_ref().and_then(|beside| beside.ratio),
        };
        let reached = value.map(|value| match bound {
            Bound::AtMost(most) => value <= most,
            Bound::AtLeast(least) => value >= least,
        });
        Self { goal: Some((of, bound)), reached, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_figures_that_were_measured() {
        let spread = Spread::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).expect("of five");
        assert_eq!(spread, Spread { median: 3.0, low: 2.0, high: 4.0 });
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_rate_turns_around_what_is_low_and_high() {
        let spread = Spread { median: 2.0, low: 1.0, high: 4.0 }.rate(8.0);
        assert_eq!(spread, Spread { median: 4.0, low: 2.0, high: 8.0 });
    }

    #[test]
    fn a_goal_is_of_the_figure_or_of_its_ratio() {
        let row = Row::new("codec", "decode", Spread::exact(6.0), "ms").beside("serde_json", Spread::exact(4.0), 1.5);
        assert_eq!(row.clone().goal(Of::This, Bound::AtMost(6.0)).reached, Some(true));
        assert_eq!(row.goal(Of::Ratio, Bound::AtMost(1.4)).reached, Some(false));
    }

    #[test]
    fn a_ratio_to_an_absent_peer_is_neither_reached_nor_missed() {
        let row = Row::new("pictures", "fit", Spread::exact(90.0), "ms").beside_absent("libvips");
        assert_eq!(row.goal(Of::Ratio, Bound::AtMost(1.0)).reached, None);
    }
}
