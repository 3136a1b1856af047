//! Counts what work costs in each library, and stops it before it would cost more than it may. It never calls a library.
//!
//! The most that a call may cost is set aside before it is made, and what it has cost is booked when it has ended. Where
//! the work outlives its process and has a budget, what is set aside is kept first, so that whoever goes on after a crash
//! counts it. A call that fits into the budget once the calls in progress have cost less than they might waits for them.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use futures_util::lock;

use crate::{AlbumId, Applied, Budget, Cost, Costs, Error, ErrorKind, LibraryId, Prices};

/// Where it is kept what work costs that outlives its process.
#[async_trait]
pub(crate) trait Ledger: Send + Sync {
    /// Keeps what it has cost so far, with the most that the calls in progress may cost.
    ///
    /// # Errors
    /// If that cannot be kept, or is another's to keep by now; then no call may be made.
    async fn keep(&self, costs: &Costs) -> Result<(), Error>;
}

/// The accounts of one piece of work in all libraries that it touches, under one budget. A clone is the same accounts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meters(Arc<Accounts>);

#[derive(Default)]
struct Accounts {
    budget: Budget,
    books: Mutex<Books>,
    ledger: Option<Box<dyn Ledger>>,
    /// What was kept last. One at a time keeps costs, so that what is kept is the latest.
    kept: lock::Mutex<Costs>,
}

#[derive(Debug, Default)]
struct Books {
    of: BTreeMap<LibraryId, Book>,
    /// Whose calls do not fit beside what is set aside.
    waiting: Vec<Waker>,
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

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("budget", &self.budget).field("books", &self.books()).finish_non_exhaustive()
    }
}

impl Accounts {
    /// The books are whole between calls, so that a panic elsewhere does not spoil them.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn booked(&self) -> Costs {
        let books = self.books();
        let booked = books.of.iter().map(|(library, book)| (library.clone(), book.spent + book.reserved));
        booked.filter(|(_, cost)| *cost != Cost::default()).collect()
    }
}

impl Meters {
    pub(crate) fn new(budget: Budget) -> Self {
        Self(Arc::new(Accounts { budget, ..Accounts::default() }))
    }

    /// The accounts of work that has cost so much already, and whose costs are kept in `ledger`.
    pub(crate) fn lasting(budget: Budget, spent: &Costs, ledger: impl Ledger + 'static) -> Self {
        let book = |(library, spent): (&LibraryId, &Cost)| (library.clone(), Book { spent: *spent, ..Book::default() });
        let books = Mutex::new(Books { of: spent.iter().map(book).collect(), waiting: Vec::new() });
        let kept = lock::Mutex::new(spent.clone());
        Self(Arc::new(Accounts { budget, books, ledger: Some(Box::new(ledger)), kept }))
    }

    /// The account in one library.
    pub(crate) fn of(&self, library: &LibraryId) -> Meter {
        self.0.books().of.entry(library.clone()).or_default();
        Meter { accounts: Arc::clone(&self.0), library: library.clone(), points: Arc::default() }
    }

    /// What was spent, by library.
    pub(crate) fn spent(&self) -> Costs {
        self.0.books().of.iter().map(|(library, book)| (library.clone(), book.spent)).collect()
    }

    /// What was spent, with the most that the calls in progress may cost, by library; nothing for those that cost nothing.
    pub(crate) fn booked(&self) -> Costs {
        self.0.booked()
    }

    /// What was kept last, for whoever keeps costs next; others wait until the guard is dropped.
    pub(crate) async fn kept(&self) -> lock::MutexGuard<'_, Costs> {
        self.0.kept.lock().await
    }
}

/// The account of one piece of work in one library.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    accounts: Arc<Accounts>,
    library: LibraryId,
    /// Points spent through this meter and its clones.
    points: Arc<AtomicU64>,
}

impl Meter {
    /// The same account, with a count of points of its own.
    pub(super) fn apart(&self) -> Self {
        Self { points: Arc::default(), ..self.clone() }
    }

    /// Points spent through this meter and its clones.
    pub(super) fn points(&self) -> u64 {
        self.points.load(Ordering::Acquire)
    }

    /// Sets aside the most that a call for an album may cost.
    ///
    /// # Errors
    /// `BudgetSpent` where the budget does not allow it; what [`Meter::stop`] was told; `Internal` where the costs outlive the
    /// process and cannot be kept.
    pub(super) async fn reserve(&self, album: &AlbumId, most: Cost) -> Result<Reserved<'_>, Error> {
        let reserved = poll_fn(|context| self.set_aside(album, most, context)).await?;
        if let Some(ledger) = self.accounts.ledger.as_ref().filter(|_| self.accounts.budget.is_limited()) {
            let mut kept = self.accounts.kept.lock().await;
            let costs = self.accounts.booked();
            if let Err(error) = ledger.keep(&costs).await {
                reserved.spend(Cost::default());
                return Err(error);
            }
            *kept = costs;
        }
        Ok(reserved)
    }

    /// Books one reading of one image, which costs the same however it ends, before it is made.
    ///
    /// # Errors
    /// Those of [`Meter::reserve`].
    pub(super) async fn pay_reading(&self, album: &AlbumId, prices: &Prices) -> Result<(), Error> {
        let cost = Cost { calls: 1, points: prices.get.of(1), bytes: 0 };
        self.reserve(album, cost).await?.spend(cost);
        Ok(())
    }

    fn set_aside(&self, album: &AlbumId, most: Cost, context: &Context<'_>) -> Poll<Result<Reserved<'_>, Error>> {
        let mut books = self.accounts.books();
        let budget = &self.accounts.budget;
        let spent = books.of.values().fold(most, |spent, book| spent + book.spent);
        let all = books.of.values().fold(spent, |all, book| all + book.reserved);
        let book = books.of.entry(self.library.clone()).or_default();
        if let Some(error) = book.stopped.as_ref().or_else(|| book.exhausted.get(album)) {
            return Poll::Ready(Err(error.clone()));
        }
        if budget.allows(all) {
            book.reserved += most;
            return Poll::Ready(Ok(Reserved { meter: self, most }));
        }
        if budget.allows(spent) {
            books.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        let message = "nothing was sent: the call might cost more than is left of the budget";
        Poll::Ready(Err(Error::new(ErrorKind::BudgetSpent, message)))
    }

    /// Lets nothing more be sent after a failure that every call would meet, and nothing more for an album whose account
    /// is exhausted: others may be of other accounts.
    pub(super) fn stop(&self, album: &AlbumId, error: &Error) {
        let unsent = || error.clone().with_applied(Applied::No);
        let mut books = self.accounts.books();
        let book = books.of.entry(self.library.clone()).or_default();
        match error.kind() {
            ErrorKind::CredentialRefused | ErrorKind::Configuration => {
                book.stopped.get_or_insert_with(unsent);
            }
            ErrorKind::QuotaExhausted => {
                book.exhausted.entry(album.clone()).or_insert_with(unsent);
            }
            _ => {}
        }
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
        let mut books = self.meter.accounts.books();
        if let Some(book) = books.of.get_mut(&self.meter.library) {
            // Dropping this releases `cost`, so that the difference is released here.
            book.reserved = book.reserved - most + cost;
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut books = self.meter.accounts.books();
        if let Some(book) = books.of.get_mut(&self.meter.library) {
            book.reserved = book.reserved - self.most;
            book.spent += self.most;
        }
        let waiting = std::mem::take(&mut books.waiting);
        drop(books);
        waiting.into_iter().for_each(Waker::wake);
        self.meter.points.fetch_add(self.most.points, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::task::Wake;

    use futures_executor::block_on;

    use super::*;

    const CALL: Cost = Cost { calls: 1, points: 40, bytes: 10 };

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn album(name: &str) -> AlbumId {
        AlbumId::new(name).unwrap()
    }

    fn library(name: &str) -> LibraryId {
        LibraryId::new(name).unwrap()
    }

    #[test]
    fn what_is_set_aside_counts_until_it_is_known_what_was_spent() {
        let meters = Meters::new(Budget { points: Some(80), ..Budget::default() });
        let meter = meters.of(&library("one"));
        let (a, waiting) = (album("a"), Arc::new(Woken::default()));
        let reserve = || Box::pin(meter.reserve(&a, CALL));
        let first = block_on(reserve()).unwrap();
        let second = block_on(reserve()).unwrap();
        // It would fit if these cost less than they may.
        let (mut third, waker) = (reserve(), Waker::from(Arc::clone(&waiting)));
        assert!(third.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        first.spend(Cost { points: 0, ..CALL });
        assert!(waiting.0.load(Ordering::SeqCst));
        let third = block_on(third).unwrap();
        drop((second, third));
        let spent = Cost { calls: 3, points: 80, bytes: 30 };
        assert_eq!((meters.spent(), meter.points()), (Costs::from([(library("one"), spent)]), 80));
        assert_eq!(block_on(reserve()).map(drop).map_err(|error| error.kind()), Err(ErrorKind::BudgetSpent));
    }

    #[test]
    fn a_budget_is_for_all_libraries_together() {
        let meters = Meters::new(Budget { calls: Some(2), ..Budget::default() });
        let reserve = |name| block_on(meters.of(&library(name)).reserve(&album("a"), CALL)).map(drop);
        assert!(reserve("one").is_ok() && reserve("two").is_ok());
        assert_eq!(reserve("three").map_err(|error| error.kind()), Err(ErrorKind::BudgetSpent));
    }

    /// Tells what it was given, and fails once it has been told to.
    struct Kept(Arc<Mutex<Vec<Costs>>>, usize);

    #[async_trait]
    impl Ledger for Kept {
        async fn keep(&self, costs: &Costs) -> Result<(), Error> {
            let mut all = self.0.lock().unwrap();
            all.push(costs.clone());
            if all.len() > self.1 { Err(Error::new(ErrorKind::Internal, "the store is away")) } else { Ok(()) }
        }
    }

    #[test]
    fn what_is_set_aside_is_kept_before_a_call_where_there_is_a_budget() {
        let (all, one) = (Arc::new(Mutex::new(Vec::new())), library("one"));
        let budget = Budget { calls: Some(9), ..Budget::default() };
        let before = Costs::from([(one.clone(), CALL)]);
        let meters = Meters::lasting(budget, &before, Kept(Arc::clone(&all), 1));
        let meter = meters.of(&one);
        drop(block_on(meter.reserve(&album("a"), CALL)).unwrap());
        assert_eq!(all.lock().unwrap().as_slice(), [Costs::from([(one.clone(), CALL + CALL)])]);
        // What cannot be kept is not spent.
        let error = block_on(meter.reserve(&album("a"), CALL)).map(drop).unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::Internal, Applied::No));
        assert_eq!(meters.booked(), Costs::from([(one.clone(), CALL + CALL)]));
        let unlimited = Meters::lasting(Budget::default(), &before, Kept(Arc::clone(&all), 0));
        drop(block_on(unlimited.of(&one).reserve(&album("a"), CALL)).unwrap());
        assert_eq!(all.lock().unwrap().len(), 2);
    }

    #[test]
    fn only_a_failure_that_every_call_would_meet_stops_the_work() {
        let meter = Meters::default().of(&library("one"));
        let kind = |name| block_on(meter.reserve(&album(name), CALL)).err().map(|error| error.kind());
        let stop = |name, kind| meter.stop(&album(name), &Error::new(kind, "no"));
        stop("a", ErrorKind::ProviderUnavailable);
        assert_eq!(kind("a"), None);
        stop("a", ErrorKind::QuotaExhausted);
        assert_eq!([kind("a"), kind("b")], [Some(ErrorKind::QuotaExhausted), None]);
        stop("b", ErrorKind::CredentialRefused);
        assert_eq!(kind("c"), Some(ErrorKind::CredentialRefused));
    }
}
