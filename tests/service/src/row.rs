//! A figure, and what it has to reach.

use std::fmt;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    value: f64,
    bound: Bound,
    unit: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Row {
    /// A figure that may be as large as `most`.
    pub(crate) fn at_most(name: impl Into<String>, value: f64, most: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, bound: Bound::AtMost(most), unit }
    }

    /// A figure that has to be as large as `least`.
    pub(crate) fn at_least(name: impl Into<String>, value: f64, least: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, bound: Bound::AtLeast(least), unit }
    }

    /// Whether it is what it has to be.
    pub(crate) fn reached(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.value <= most,
            Bound::AtLeast(least) => self.value >= least,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::AtMost(most) => ("<=", most),
            Bound::AtLeast(least) => (">=", least),
        };
        let mark = if self.reached() { "ok" } else { "MISSED" };
        let Self { name, value, unit, .. } = self;
        write!(f, "{name:<62} {value:>9.1} {unit:<6} {sign} {bound:<7.1} {mark}")
    }
}
