//! A log in memory, for programs that keep nothing, and for tests: it forgets the oldest events, and all when the process
//! ends.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{AuditEvent, AuditFilter, AuditLog};
use crate::{Error, ErrorKind, Page, PageRequest};

/// Events that are kept.
const MOST: usize = 10_000;

/// Keeps the latest 10,000 events. See [`AuditLog`].
pub struct MemoryAudit {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// The oldest first.
    events: VecDeque<AuditEvent>,
    /// Number of the oldest event.
    first: u64,
}

impl Default for MemoryAudit {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl MemoryAudit {
    /// Keeps events and takes the time from `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAudit").field("kept", &self.book().events.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl AuditLog for MemoryAudit {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), Error> {
        self.record_soon(events.to_vec());
        Ok(())
    }

    fn record_soon(&self, events: Vec<AuditEvent>) {
        let now = (self.now)();
        let mut book = self.book();
        book.events.extend(events.into_iter().map(|event| AuditEvent { time: event.time.or(Some(now)), ..event }));
        let surplus = book.events.len().saturating_sub(MOST);
        book.events.drain(..surplus);
        book.first += surplus as u64;
    }

    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Error> {
        let wrong = |_| Error::new(ErrorKind::InvalidArgument, "the page token is not one of this list");
        let before: u64 = page.after.as_deref().map_or(Ok(u64::MAX), str::parse).map_err(wrong)?;
        let book = self.book();
        let wanted = |event: &AuditEvent| {
            filter.client.as_ref().is_none_or(|client| *client == event.client)
                && filter.library.as_ref().is_none_or(|library| *library == event.album.library)
                && filter.since.is_none_or(|since| event.time.is_some_and(|time| time >= since))
        };
        let numbered = (book.first..).zip(&book.events).filter(|(number, event)| *number < before && wanted(event));
        let mut found: Vec<_> = numbered.collect();
        let size = page.size.max(1) as usize;
        let more = found.len() > size;
        let items: Vec<_> = found.split_off(found.len().saturating_sub(size));
        let next = items.first().filter(|_| more).map(|(number, _)| number.to_string());
        Ok(Page { items: items.into_iter().rev().map(|(_, event)| event.clone()).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;
    use crate::{AlbumId, AlbumName, ClientId, LibraryId, Verb};

    fn event(client: &str, library: &str, points: u64) -> AuditEvent {
        AuditEvent {
            time: None,
            client: ClientId::new(client).unwrap(),
            verb: Verb::Upload,
            album: AlbumName { library: LibraryId::new(library).unwrap(), album: AlbumId::new("a").unwrap() },
            image: None,
            operation: None,
            failure: None,
            request_id: None,
            points,
        }
    }

    #[test]
    fn events_are_listed_from_the_newest_page_by_page_as_the_filter_wants() {
        let log = MemoryAudit::new(|| Timestamp::UNIX_EPOCH);
        let events: Vec<_> =
            (0..6).map(|n| event(if n == 3 { "other" } else { "one" }, if n == 4 { "b" } else { "a" }, n)).collect();
        block_on(log.record(&events)).unwrap();
        let filter = AuditFilter { client: Some(ClientId::new("one").unwrap()), ..AuditFilter::default() };
        let page = |filter: &AuditFilter, after: Option<String>| {
            let page = block_on(log.list(filter, &PageRequest { size: 2, after })).unwrap();
            (page.items.iter().map(|event| event.points).collect::<Vec<_>>(), page.next)
        };
        let (first, next) = page(&filter, None);
        let (second, after) = page(&filter, next);
        let (third, last) = page(&filter, after);
        assert_eq!((first, second, third, last), (vec![5, 4], vec![2, 1], vec![0], None));
        let filter = AuditFilter { library: Some(LibraryId::new("b").unwrap()), ..AuditFilter::default() };
        assert_eq!(page(&filter, None), (vec![4], None));
        let later = Timestamp::from_second(1).unwrap();
        assert_eq!(page(&AuditFilter { since: Some(later), ..AuditFilter::default() }, None), (vec![], None));
        let wrong = PageRequest { size: 2, after: Some("x".to_owned()) };
        assert!(block_on(log.list(&filter, &wrong)).is_err());
    }

    #[test]
    fn the_oldest_events_are_forgotten_and_pages_go_on_all_the_same() {
        let log = MemoryAudit::default();
        let record = |n| block_on(log.record(&[event("one", "a", n)])).unwrap();
        (0..MOST as u64).for_each(record);
        let list = |after| block_on(log.list(&AuditFilter::default(), &PageRequest { size: 2, after })).unwrap();
        let first = list(None);
        (0..10).for_each(record);
        let points: Vec<_> = list(first.next).items.iter().map(|event| event.points).collect();
        assert_eq!((points, log.book().events.len()), (vec![MOST as u64 - 3, MOST as u64 - 4], MOST));
    }
}
