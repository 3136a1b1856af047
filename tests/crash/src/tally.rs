//! The figures of a run, and what was wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::told::Comparison;

/// A job has to go on within this time.
pub const RESUMED_WITHIN: Duration = Duration::from_secs(10);

/// Figures that add up over worlds.
#[derive(Debug, Default)]
pub struct Tally {
    /// Servers killed by us, at moments of our choice.
    pub kills: u64,
    /// Servers that died at a failpoint, by its name.
    pub failpoints: BTreeMap<String, u64>,
    /// Operations asked for, by what they do.
    pub operations: BTreeMap<&'static str, u64>,
    /// Items of them.
    pub items: u64,
    /// Items that were told as they are.
    pub true_items: u64,
    /// Items that were found by looking.
    pub found: u64,
    /// Items that were sent once more, which was told.
    pub resent: u64,
    /// Uploads that were applied a second time, and told.
    pub told_twice: u64,
    /// Operations that were known before the kill and have not ended, or are not known any more.
    pub lost: Vec<String>,
    /// Uploads that were applied a second time without being told.
    pub twice: Vec<String>,
    /// Items told wrongly or not done, and whatever else was wrong.
    pub wrong: Vec<String>,
    /// How long each job rested that a killed server left.
    pub resumed: Vec<Duration>,
    /// The most calls at once of each advertiser.
    pub at_once: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds what comparing an operation came to.
    pub fn add(&mut self, verb: &'static str, items: usize, comparison: Comparison) {
        *self.operations.entry(verb).or_default() += 1;
        self.items += items as u64;
        self.true_items += comparison.true_items;
        self.found += comparison.found;
        self.resent += comparison.resent;
        self.told_twice += comparison.told_twice;
        self.twice.extend(comparison.twice);
        self.wrong.extend(comparison.wrong);
    }

    /// Adds the figures of another world.
    pub fn merge(&mut self, other: Self) {
        self.kills += other.kills;
        for (point, deaths) in other.failpoints {
            *self.failpoints.entry(point).or_default() += deaths;
        }
        for (verb, operations) in other.operations {
            *self.operations.entry(verb).or_default() += operations;
        }
        self.items += other.items;
        self.true_items += other.true_items;
        self.found += other.found;
        self.resent += other.resent;
        self.told_twice += other.told_twice;
        self.lost.extend(other.lost);
        self.twice.extend(other.twice);
        self.wrong.extend(other.wrong);
        self.resumed.extend(other.resumed);
        for (login, most) in other.at_once {
            let known = self.at_once.entry(login).or_default();
            *known = most.max(*known);
        }
    }

    /// Jobs that rested for longer than they may.
    pub fn late(&self) -> usize {
        self.resumed.iter().filter(|rest| **rest > RESUMED_WITHIN).count()
    }

    /// Everything that must not be, one line each.
    pub fn problems(&self) -> Vec<String> {
        let late = self.resumed.iter().filter(|rest| **rest > RESUMED_WITHIN);
        let late = late.map(|rest| format!("a job rested for {:.1} s", rest.as_secs_f64()));
        let lost = self.lost.iter().map(|what| format!("lost: {what}"));
        let twice = self.twice.iter().map(|what| format!("second upload: {what}"));
        let wrong = self.wrong.iter().map(|what| format!("wrong: {what}"));
        lost.chain(twice).chain(wrong).chain(late).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deaths: u64 = self.failpoints.values().sum();
        let operations: u64 = self.operations.values().sum();
        let mut rests = self.resumed.clone();
        rests.sort_unstable();
        let at = |percent: usize| rests.get((rests.len() * percent / 100).min(rests.len().saturating_sub(1)));
        let seconds = |rest: Option<&Duration>| rest.map_or(0.0, Duration::as_secs_f64);
        write!(
            f,
            "{} kills and {deaths} deaths at failpoints, {operations} operations of {} items: {} lost, {} items true, \
             {} second uploads ({} told, {} sent once more, {} found by looking), {} otherwise wrong, {} jobs resumed \
             (median {:.1} s, longest {:.1} s), {} of them late",
            self.kills,
            self.items,
            self.lost.len(),
            self.true_items,
            self.twice.len(),
            self.told_twice,
            self.resent,
            self.found,
            self.wrong.len(),
            rests.len(),
            seconds(at(50)),
            seconds(rests.last()),
            self.late(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_worlds_add_up_and_what_is_late_is_a_problem() {
        let world = |rest: u64, most: u64| Tally {
            kills: 2,
            items: 3,
            resumed: vec![Duration::from_secs(rest)],
            at_once: BTreeMap::from([("shop".to_owned(), most)]),
            ..Tally::default()
        };
        let mut all = world(4, 5);
        assert!(all.problems().is_empty());
        all.merge(world(11, 3));
        assert_eq!((all.kills, all.items, all.late(), all.problems().len()), (4, 6, 1, 1));
        assert_eq!(all.at_once["shop"], 5);
    }
}
