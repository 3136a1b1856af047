//! The port behind which is kept what was answered to requests that their callers may repeat. An operation's request is
//! kept with the operation, by [`Operations::submit`](super::Operations::submit); this is for all other calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{ClientId, Request};
use crate::{Error, ErrorKind};

/// How long an answer is kept after its request was begun.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Most requests that [`MemoryRequests`] keeps.
const MOST: usize = 100_000;

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is the caller's to carry out, and to [finish](Requests::finish) or [abandon](Requests::abandon).
    Fresh,
    /// It was carried out: what was answered.
    Done(Vec<u8>),
    /// Another call is at it.
    Running,
}

/// Keeps requests of callers, and the answers to them, for 24 hours.
///
/// Every method fails with `Internal` where the store cannot be read or written; repeating the call is safe.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Begins a request, unless it was begun before. One that was abandoned is fresh again, and so is one whose process is
    /// taken for dead before it has ended.
    ///
    /// # Errors
    /// `RequestMismatch` where the client has asked for something else under this id; in a database, also for an operation.
    async fn begin(&self, client: &ClientId, request: &Request) -> Result<Begun, Error>;

    /// Keeps the answer to a request that was begun. Where it is not known any more, nothing is kept.
    async fn finish(&self, client: &ClientId, id: &str, answer: &[u8]) -> Result<(), Error>;

    /// Forgets a request that was begun and not finished, so that it can be begun again.
    async fn abandon(&self, client: &ClientId, id: &str) -> Result<(), Error>;
}

/// Keeps requests in memory, for one process; above 100,000 it forgets the oldest.
pub struct MemoryRequests {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    book: Mutex<BTreeMap<(ClientId, String), Entry>>,
}

struct Entry {
    request: Request,
    begun: Timestamp,
    answer: Option<Vec<u8>>,
}

impl Default for MemoryRequests {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl MemoryRequests {
    /// Keeps requests by this clock.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, BTreeMap<(ClientId, String), Entry>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRequests").field("kept", &self.book().len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Requests for MemoryRequests {
    async fn begin(&self, client: &ClientId, request: &Request) -> Result<Begun, Error> {
        let now = (self.now)();
        let mut book = self.book();
        let key = (client.clone(), request.id.clone());
        if let Some(entry) = book.get(&key).filter(|entry| now.duration_since(entry.begun) < KEPT) {
            if entry.request != *request {
                let message = "this request id was used for something else within the last 24 hours";
                return Err(Error::new(ErrorKind::RequestMismatch, message));
            }
            return Ok(entry.answer.clone().map_or(Begun::Running, Begun::Done));
        }
        if book.len() >= MOST {
            book.retain(|_, entry| now.duration_since(entry.begun) < KEPT);
            let oldest = book.iter().min_by_key(|(_, entry)| entry.begun).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest.filter(|_| book.len() >= MOST) {
                book.remove(&oldest);
            }
        }
        book.insert(key, Entry { request: request.clone(), begun: now, answer: None });
        Ok(Begun::Fresh)
    }

    async fn finish(&self, client: &ClientId, id: &str, answer: &[u8]) -> Result<(), Error> {
        if let Some(entry) = self.book().get_mut(&(client.clone(), id.to_owned())) {
            entry.answer = Some(answer.to_owned());
        }
        Ok(())
    }

    async fn abandon(&self, client: &ClientId, id: &str) -> Result<(), Error> {
        let (mut book, key) = (self.book(), (client.clone(), id.to_owned()));
        if book.get(&key).is_some_and(|entry| entry.answer.is_none()) {
            book.remove(&key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_executor::block_on;

    use super::*;
    use crate::Sha256;

    fn request(what: &str) -> Request {
        Request { id: "a".to_owned(), digest: Sha256::of(what.as_bytes()) }
    }

    fn client(id: &str) -> ClientId {
        ClientId::new(id).unwrap()
    }

    #[test]
    fn a_repetition_gets_the_answer_of_the_first_one_and_only_of_its_client() {
        let requests = MemoryRequests::default();
        let begin = |who: &str| block_on(requests.begin(&client(who), &request("x"))).unwrap();
        assert_eq!([begin("one"), begin("one")], [Begun::Fresh, Begun::Running]);
        block_on(requests.finish(&client("one"), "a", b"done")).unwrap();
        block_on(requests.abandon(&client("one"), "a")).unwrap();
        assert_eq!([begin("one"), begin("two")], [Begun::Done(b"done".to_vec()), Begun::Fresh]);
    }

    #[test]
    fn another_request_under_the_same_id_is_refused_and_an_abandoned_one_begins_again() {
        let requests = MemoryRequests::default();
        let begin = |what: &str| block_on(requests.begin(&client("one"), &request(what)));
        assert_eq!(begin("x").unwrap(), Begun::Fresh);
        assert_eq!(begin("y").unwrap_err().kind(), ErrorKind::RequestMismatch);
        block_on(requests.abandon(&client("one"), "a")).unwrap();
        assert_eq!(begin("y").unwrap(), Begun::Fresh);
    }

    #[test]
    fn an_answer_is_kept_for_a_day() {
        let second = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&second);
        let requests = MemoryRequests::new(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap());
        let begin = || block_on(requests.begin(&client("one"), &request("x"))).unwrap();
        assert_eq!(begin(), Begun::Fresh);
        block_on(requests.finish(&client("one"), "a", b"done")).unwrap();
        second.store(24 * 3600 - 1, Ordering::SeqCst);
        assert_eq!(begin(), Begun::Done(b"done".to_vec()));
        second.store(24 * 3600, Ordering::SeqCst);
        assert_eq!(begin(), Begun::Fresh);
    }
}
