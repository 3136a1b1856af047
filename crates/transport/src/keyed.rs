//! State per account in bounded room: accounts come and go, and a caller may name as many as it likes.

use std::collections::HashMap;

/// Accounts that are kept before those are dropped that hold nothing of use.
const MAX: usize = 4096;

/// One `T` per account; calls without an account share one of their own.
#[derive(Default)]
pub(crate) struct Keyed<T> {
    none: T,
    some: HashMap<Box<str>, T>,
}

impl<T: Default> Keyed<T> {
    /// The state of `account`, new if there was none. Where there are too many, those that `is_idle` calls so go
    /// first, and if that is not enough, all: losing what was learned is safer than growing without an end.
    pub(crate) fn get(&mut self, account: Option<&str>, mut is_idle: impl FnMut(&mut T) -> bool) -> &mut T {
        let Some(account) = account else { return &mut self.none };
        if self.some.len() >= MAX && !self.some.contains_key(account) {
            self.some.retain(|_, state| !is_idle(state));
            if self.some.len() >= MAX {
                self.some.clear();
            }
        }
        self.some.entry(account.into()).or_default()
    }

    /// The state of `account`, if there is one.
    pub(crate) fn find(&mut self, account: Option<&str>) -> Option<&mut T> {
        match account {
            None => Some(&mut self.none),
            Some(account) => self.some.get_mut(account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_accounts_than_there_is_room_for_push_out_the_idle_ones() {
        let mut kept = Keyed::<u32>::default();
        for number in 0..MAX as u32 {
            *kept.get(Some(&number.to_string()), |_| false) = number;
        }
        *kept.get(Some("new"), |state| *state < 4000) = 9999;
        assert_eq!(kept.find(Some("3999")), None);
        assert_eq!(kept.find(Some("new")), Some(&mut 9999));
        assert_eq!(kept.find(Some("4000")), Some(&mut 4000));
        assert_eq!(kept.some.len(), MAX - 4000 + 1);
    }

    #[test]
    fn the_room_is_bounded_though_nothing_is_idle() {
        let mut kept = Keyed::<u32>::default();
        for number in 0..3 * MAX {
            kept.get(Some(&number.to_string()), |_| false);
            assert!(kept.some.len() <= MAX);
        }
    }

    #[test]
    fn calls_without_an_account_are_apart_from_the_empty_account() {
        let mut kept = Keyed::<u32>::default();
        *kept.get(None, |_| false) = 1;
        *kept.get(Some(""), |_| false) = 2;
        assert_eq!(kept.find(None), Some(&mut 1));
    }
}
