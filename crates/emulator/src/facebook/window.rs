//! A sum over a span of time that rolls: what was counted longer ago than the span no longer counts. It knows no limit.

use std::collections::VecDeque;

/// A span is cut into this many parts; what was counted within one part falls out of the sum together.
const PARTS: i64 = 20;

/// The amounts of one span, oldest part first.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    /// Number of the part, and what was counted in it.
    parts: VecDeque<(i64, u64)>,
    sum: u64,
}

impl Window {
    /// Counts `amount` at `now` and tells the sum of the `span` that ends now; both in milliseconds.
    pub(super) fn add(&mut self, amount: u64, now: i64, span: i64) -> u64 {
        let part = now.div_euclid(length(span));
        // Parts that lie ahead were counted before the clock was set back.
        self.parts.retain(|(counted, _)| (part - PARTS + 1..=part).contains(counted));
        match self.parts.back_mut() {
            Some((last, counted)) if *last == part => *counted = counted.saturating_add(amount),
            _ => self.parts.push_back((part, amount)),
        }
        self.sum = self.parts.iter().fold(0, |sum, (_, counted)| sum.saturating_add(*counted));
        self.sum
    }

    /// The sum when something was last counted.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// Milliseconds from `now` until the sum is below `bound`, if nothing more is counted; at a bound of 1, until it is 0.
    pub(super) fn below(&self, bound: u64, now: i64, span: i64) -> i64 {
        let (mut left, mut at) = (self.sum, now);
        for (part, counted) in &self.parts {
            if left < bound {
                break;
            }
            left = left.saturating_sub(*counted);
            at = (part + PARTS) * length(span);
        }
        (at - now).max(0)
    }
}

fn length(span: i64) -> i64 {
    (span / PARTS).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_a_span_ago_no_longer_counts_wherever_the_span_began() {
        let mut window = Window::default();
        let counted: Vec<u64> = [900, 1_500, 1_899, 1_900, 2_500].map(|now| window.add(1, now, 1_000)).into();
        assert_eq!(counted, [1, 2, 3, 3, 3]);
        assert_eq!(window.add(1, 0, 1_000), 1, "a clock that was set back begins anew");
    }

    #[test]
    fn a_window_tells_when_it_will_be_below_a_bound() {
        let mut window = Window::default();
        for (amount, now) in [(2, 0), (1, 400)] {
            window.add(amount, now, 1_000);
        }
        let below = |bound| window.below(bound, 500, 1_000);
        assert_eq!((window.sum(), below(4), below(3), below(2), below(1)), (3, 0, 500, 500, 900));
        assert_eq!(Window::default().below(1, 500, 1_000), 0);
    }
}
