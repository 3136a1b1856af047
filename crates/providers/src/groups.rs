//! Calls for many items that fail as a whole for one of them: which group to send next, within a bounded number of
//! calls. It sends nothing itself.

/// Items, by their places in a batch, on their way into calls.
#[derive(Debug)]
pub(crate) struct Groups {
    waiting: Vec<Vec<usize>>,
    calls: usize,
}

impl Groups {
    /// All `items` in one group, and at most so many calls.
    pub(crate) fn new(items: Vec<usize>, calls: usize) -> Self {
        let mut groups = Self { waiting: Vec::new(), calls };
        groups.push(items);
        groups
    }

    /// The group to send now; `None` when all were sent, or the calls are used up.
    pub(crate) fn next(&mut self) -> Option<Vec<usize>> {
        self.calls = self.calls.checked_sub(1)?;
        self.waiting.pop()
    }

    /// Takes one call for something else, if one is left.
    pub(crate) fn spend(&mut self) -> bool {
        let left = self.calls.checked_sub(1);
        self.calls = left.unwrap_or_default();
        left.is_some()
    }

    /// Sends a group in the next call. An empty one is none.
    pub(crate) fn push(&mut self, items: Vec<usize>) {
        if !items.is_empty() {
            self.waiting.push(items);
        }
    }

    /// Sends both halves of a group that failed as a whole, the first half first.
    pub(crate) fn split(&mut self, mut items: Vec<usize>) {
        let second = items.split_off(items.len() / 2);
        self.push(second);
        self.push(items);
    }

    /// The items that no call was left for.
    pub(crate) fn left(self) -> impl Iterator<Item = usize> {
        self.waiting.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends groups until none is left, where a group fails if it holds one of `bad`.
    fn run(items: usize, bad: &[usize], calls: usize) -> (usize, Vec<usize>, Vec<usize>) {
        let mut groups = Groups::new((0..items).collect(), calls);
        let (mut sent, mut failed) = (0, Vec::new());
        while let Some(group) = groups.next() {
            sent += 1;
            match (group.iter().any(|item| bad.contains(item)), group.len()) {
                (false, _) => {}
                (true, 1) => failed.extend(group),
                (true, _) => groups.split(group),
            }
        }
        (sent, failed, groups.left().collect())
    }

    #[test]
    fn a_group_without_a_bad_item_is_one_call() {
        assert_eq!(run(10_000, &[], 64), (1, vec![], vec![]));
        assert_eq!(run(0, &[], 64), (0, vec![], vec![]));
    }

    #[test]
    fn one_bad_item_among_ten_thousand_is_found_within_two_calls_per_halving() {
        for bad in [0, 4_999, 9_999] {
            let (sent, failed, left) = run(10_000, &[bad], 64);
            assert!(sent <= 29, "{sent}");
            assert_eq!((failed, left), (vec![bad], vec![]));
        }
    }

    #[test]
    fn the_number_of_calls_is_bounded_and_no_item_is_forgotten() {
        let bad: Vec<_> = (0..1_000).collect();
        let (sent, failed, left) = run(1_000, &bad, 64);
        assert_eq!(sent, 64);
        let mut all: Vec<_> = failed.into_iter().chain(left).collect();
        all.sort_unstable();
        assert_eq!(all, bad);
    }
}
