//! Several ways of doing the same, measured in turns, A B A B, so that whatever else the machine does meets all of them
//! alike. A ratio is the median of the ratios of the rounds.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::row::{Spread, ratios};

/// One repetition: the seconds that the work took once.
pub(crate) type Contender<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds in which each contender has one turn.
    pub(crate) rounds: usize,
    /// What a turn takes at least; short work is done several times in it.
    pub(crate) turn: Duration,
}

/// What each contender took in each round, in seconds.
pub(crate) struct Contest {
    /// By contender.
    samples: Vec<Vec<f64>>,
}

/// Work within this process, done as often in a turn as fills it.
pub(crate) fn timed<'a>(effort: Effort, mut work: impl FnMut() -> Result<()> + 'a) -> Contender<'a> {
    let mut times = 0_u32;
    Box::new(move || {
        if times == 0 {
            // The first time warms up, the second one tells how long it takes.
            work()?;
            let began = Instant::now();
            work()?;
            let once = began.elapsed().max(Duration::from_nanos(1));
            times = (effort.turn.as_nanos() / once.as_nanos()).clamp(1, 100_000) as u32;
        }
        let began = Instant::now();
        for _ in 0..times {
            work()?;
        }
        Ok(began.elapsed().as_secs_f64() / f64::from(times))
    })
}

impl Contest {
    /// Gives each a turn in each round, after one that does not count.
    ///
    /// # Errors
    /// The first of a contender.
    pub(crate) fn run(effort: Effort, mut contenders: Vec<Contender<'_>>) -> Result<Self> {
        let mut samples = vec![Vec::with_capacity(effort.rounds); contenders.len()];
        for contender in &mut contenders {
            contender()?;
        }
        for _ in 0..effort.rounds {
            for (contender, samples) in contenders.iter_mut().zip(&mut samples) {
                samples.push(contender()?);
            }
        }
        Ok(Self { samples })
    }

    /// Of one contender, in seconds.
    pub(crate) fn seconds(&self, contender: usize) -> Result<Spread> {
        let samples = self.samples.get(contender).and_then(|samples| Spread::of(samples));
        samples.ok_or_else(|| anyhow::anyhow!("contender {contender} had no turn"))
    }

    /// Of one contender, in milliseconds.
    pub(crate) fn millis(&self, contender: usize) -> Result<Spread> {
        Ok(self.seconds(contender)?.times(1e3))
    }

    /// What the first takes of what the second takes, round by round.
    pub(crate) fn ratios(&self, first: usize, second: usize) -> Vec<f64> {
        let of = |contender: usize| self.samples.get(contender).map(Vec::as_slice).unwrap_or_default();
        ratios(of(first), of(second))
    }

    /// What the first takes of what the second takes.
    pub(crate) fn ratio(&self, first: usize, second: usize) -> Result<f64> {
        let spread = Spread::of(&self.ratios(first, second));
        Ok(spread.ok_or_else(|| anyhow::anyhow!("no round with {first} and {second}"))?.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort { rounds: 3, turn: Duration::ZERO };

    #[test]
    fn contenders_take_turns_and_the_first_turn_does_not_count() {
        let turns = std::cell::RefCell::new(Vec::new());
        let contender = |name: char, seconds: f64| -> Contender<'_> {
            let turns = &turns;
            Box::new(move || {
                turns.borrow_mut().push(name);
                Ok(seconds)
            })
        };
        let contest = Contest::run(EFFORT, vec![contender('a', 3.0), contender('b', 2.0)]).expect("a contest");
        assert_eq!(contest.ratio(0, 1).expect("rounds"), 1.5);
        assert_eq!(contest.seconds(0).expect("turns"), Spread::exact(3.0));
        drop(contest);
        assert_eq!(turns.into_inner(), ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
    }

    #[test]
    fn a_ratio_is_that_of_the_middle_round() {
        let mut rounds = [9.0, 1.0, 8.0, 2.0].into_iter();
        let slow: Contender<'_> = Box::new(move || Ok(rounds.next().expect("a round")));
        let contest = Contest::run(EFFORT, vec![slow, Box::new(|| Ok(1.0))]).expect("a contest");
        assert_eq!(contest.ratio(0, 1).expect("rounds"), 2.0);
    }
}
