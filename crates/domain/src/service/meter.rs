//! Counts what work in one library costs, and stops it before it would cost more than it may. It never calls anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{AlbumId, Applied, Budget, Cost, Error, ErrorKind, LibraryId};

/// The accounts of one piece of work, a budget each for every library that it touches.
#[derive(Debug)]
pub(super) struct Meters {
    budget: Budget,
    meters: Mutex<BTreeMap<LibraryId, Arc<Meter>>>,
}

impl Meters {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, meters: Mutex::default() }
    }

    /// The account in one library.
    pub(super) fn of(&self, library: &LibraryId) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(library.clone()).or_insert_with(|| Arc::new(Meter::new(self.budget))))
    }

    /// What was spent, by library.
    pub(super) fn spent(&self) -> BTreeMap<LibraryId, Cost> {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.iter().map(|(library, meter)| (library.clone(), meter.spent())).collect()
    }
}

/// The account of one piece of work in one library.
#[derive(Debug, Default)]
pub(super) struct Meter {
    budget: Budget,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    spent: Cost,
    reserved: Cost,
    /// Why no more calls make sense.
    stopped: Option<Error>,
    /// Why no more calls for an album make sense: its account has nothing left.
    exhausted: BTreeMap<AlbumId, Error>,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets aside the most that a call for an album may cost.
    ///
    /// # Errors
    /// `BudgetSpent` where the budget does not allow it; what [`Meter::stop`] was told.
    pub(super) fn reserve(&self, album: &AlbumId, most: Cost) -> Result<Reserved<'_>, Error> {
        let mut book = self.book();
        if let Some(error) = book.stopped.as_ref().or_else(|| book.exhausted.get(album)) {
            return Err(error.clone());
        }
        if !self.budget.allows(book.spent + book.reserved + most) {
            let message = "nothing was sent: the call might cost more than is left of the budget";
            return Err(Error::new(ErrorKind::BudgetSpent, message));
        }
        book.reserved += most;
        Ok(Reserved { meter: self, most })
    }

    /// Lets nothing more be sent after a failure that every call would meet, and nothing more for an album whose account
    /// is exhausted: others may be of other accounts.
    pub(super) fn stop(&self, album: &AlbumId, error: &Error) {
        let unsent = || error.clone().with_applied(Applied::No);
        match error.kind() {
            ErrorKind::CredentialRefused | ErrorKind::Configuration => {
                self.book().stopped.get_or_insert_with(unsent);
            }
            ErrorKind::QuotaExhausted => {
                self.book().exhausted.entry(album.clone()).or_insert_with(unsent);
            }
            _ => {}
        }
    }

    pub(super) fn spent(&self) -> Cost {
        self.book().spent
    }
}

/// What is set aside for one call. Dropping it without a figure means that the call was given up on the way: the most
/// that it may have cost is then counted as spent.
pub(super) struct Reserved<'m> {
    meter: &'m Meter,
    most: Cost,
}

impl Reserved<'_> {
    /// The call has ended and cost so much.
    pub(super) fn spend(mut self, cost: Cost) {
        let most = std::mem::replace(&mut self.most, cost);
        let mut book = self.meter.book();
        // Dropping this releases `cost`, so that the difference is released here.
        book.reserved = book.reserved - most + cost;
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut book = self.meter.book();
        book.reserved = book.reserved - self.most;
        book.spent += self.most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Cost = Cost { calls: 1, points: 40, bytes: 10 };

    fn album(name: &str) -> AlbumId {
        AlbumId::new(name).unwrap()
    }

    #[test]
    fn what_is_set_aside_counts_until_it_is_known_what_was_spent() {
        let meter = Meter::new(Budget { points: Some(80), ..Budget::default() });
        let reserve = || meter.reserve(&album("a"), CALL);
        let first = reserve().unwrap();
        let second = reserve().unwrap();
        assert_eq!(reserve().err().map(|error| error.kind()), Some(ErrorKind::BudgetSpent));
        first.spend(Cost { points: 0, ..CALL });
        drop(second);
        assert_eq!(meter.spent(), Cost { calls: 2, points: 40, bytes: 20 });
        assert!(reserve().is_ok());
    }

    #[test]
    fn only_a_failure_that_every_call_would_meet_stops_the_work() {
        let meter = Meter::default();
        let kind = |name| meter.reserve(&album(name), CALL).err().map(|error| error.kind());
        let stop = |name, kind| meter.stop(&album(name), &Error::new(kind, "no"));
        stop("a", ErrorKind::ProviderUnavailable);
        assert_eq!(kind("a"), None);
        stop("a", ErrorKind::QuotaExhausted);
        assert_eq!([kind("a"), kind("b")], [Some(ErrorKind::QuotaExhausted), None]);
        stop("b", ErrorKind::CredentialRefused);
        assert_eq!(kind("c"), Some(ErrorKind::CredentialRefused));
    }
}
