//! Operations kept in memory, for programs that end with their operations, and for tests. What is given back is due at
//! once, and of operations that have ended only the latest are kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    ClientId, Ending, Failure, ItemOutcome, ItemRecord, Lease, MOST_TRIES, NewOperation, Operation, OperationFilter,
    OperationId, Operations, Phase, Progress, Request, Standing,
};
use crate::{Applied, Costs, Error, ErrorKind, Page, PageRequest, Sha256};

/// Operations that are kept at most; beyond them, those that ended are forgotten, the oldest first.
const MOST: usize = 10_000;

/// Keeps operations in memory. See [`Operations`].
pub struct MemoryOperations {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    rows: BTreeMap<u64, Row>,
    numbers: HashMap<OperationId, u64>,
    requests: HashMap<(ClientId, String), (Sha256, u64)>,
    last: u64,
    waiting: Vec<Waker>,
}

struct Row {
    operation: Operation,
    request: Option<Request>,
    items: BTreeMap<u64, Option<ItemOutcome>>,
    token: i64,
    held: bool,
    /// Why the latest try that told of it came to nothing.
    story: Option<Failure>,
}

impl Default for MemoryOperations {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for MemoryOperations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryOperations").field("kept", &self.book().rows.len()).finish_non_exhaustive()
    }
}

fn not_found(id: &OperationId) -> Error {
    Error::new(ErrorKind::OperationNotFound, format!("there is no operation `{id}`; it may have been removed"))
}

impl Book {
    fn row(&mut self, id: &OperationId) -> Result<&mut Row, Error> {
        let number = self.numbers.get(id).ok_or_else(|| not_found(id))?;
        self.rows.get_mut(number).ok_or_else(|| not_found(id))
    }

    /// The row of a lease that is held.
    fn held(&mut self, lease: &Lease) -> Option<&mut Row> {
        self.row(&lease.operation).ok().filter(|row| row.held && row.token == lease.token)
    }

    /// What a request has made.
    fn repeated(&self, client: &ClientId, request: &Request) -> Result<Option<Operation>, Error> {
        let Some((digest, number)) = self.requests.get(&(client.clone(), request.id.clone())) else { return Ok(None) };
        if *digest != request.digest {
            let message = "another request was made under this request id; give each request an id of its own";
            return Err(Error::new(ErrorKind::RequestMismatch, message));
        }
        Ok(self.rows.get(number).map(|row| row.operation.clone()))
    }

    fn remove(&mut self, number: u64) {
        let Some(row) = self.rows.remove(&number) else { return };
        self.numbers.remove(&row.operation.id);
        if let Some(request) = row.request {
            self.requests.remove(&(row.operation.client, request.id));
        }
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl Row {
    fn standing(&self) -> Standing {
        Standing::Held { cancelling: self.operation.cancelling }
    }

    fn end(&mut self, phase: Phase, failure: Option<Failure>) {
        self.held = false;
        (self.operation.phase, self.operation.failure) = (phase, failure);
    }
}

impl MemoryOperations {
    /// Keeps operations and takes the time from `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), book: Mutex::default() }
    }

    /// The book is whole between calls, so that a panic elsewhere does not spoil it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a row that its worker holds, and lets everybody know.
    fn change(&self, lease: &Lease, change: impl FnOnce(&mut Row)) -> Standing {
        let now = (self.now)();
        let mut book = self.book();
        let Some(row) = book.held(lease) else { return Standing::Lost };
        change(row);
        row.operation.version += 1;
        row.operation.updated = now;
        let standing = row.standing();
        book.wake();
        standing
    }

    /// Waits until an operation is due, and names the one that has waited longest.
    pub async fn due(&self) -> OperationId {
        poll_fn(|context| {
            let mut book = self.book();
            let due = |row: &&Row| !row.held && !row.operation.phase.has_ended();
            if let Some(row) = book.rows.values().find(due) {
                return Poll::Ready(row.operation.id.clone());
            }
            book.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Takes an operation's worker for dead, so that another one may take the operation.
    pub fn bury(&self, id: &OperationId) {
        let mut book = self.book();
        if let Ok(row) = book.row(id) {
            row.held = false;
            row.token += 1;
            book.wake();
        }
    }
}

#[async_trait]
impl Operations for MemoryOperations {
    async fn submit(&self, new: NewOperation) -> Result<Operation, Error> {
        let NewOperation { client, task, budget, request } = new;
        let now = (self.now)();
        let mut book = self.book();
        if let Some(request) = &request
            && let Some(made) = book.repeated(&client, request)?
        {
            return Ok(made);
        }
        while book.rows.len() >= MOST {
            let ended = book.rows.iter().find(|(_, row)| row.operation.phase.has_ended()).map(|(number, _)| *number);
            let Some(ended) = ended else { break };
            book.remove(ended);
        }
        book.last += 1;
        let number = book.last;
        let operation = Operation {
            id: OperationId::new(format!("op-{number}"))?,
            client: client.clone(),
            progress: Progress { total: task.items(), ..Progress::default() },
            task,
            budget,
            costs: Costs::new(),
            phase: Phase::Pending,
            cancelling: false,
            tries: 0,
            failure: None,
            created: now,
            updated: now,
            version: 1,
        };
        book.numbers.insert(operation.id.clone(), number);
        if let Some(request) = &request {
            book.requests.insert((client, request.id.clone()), (request.digest, number));
        }
        let row =
            Row { operation: operation.clone(), request, items: BTreeMap::new(), token: 0, held: false, story: None };
        book.rows.insert(number, row);
        book.wake();
        Ok(operation)
    }

    async fn repeated(&self, client: &ClientId, request: &Request) -> Result<Option<Operation>, Error> {
        self.book().repeated(client, request)
    }

    async fn get(&self, id: &OperationId) -> Result<Operation, Error> {
        self.book().row(id).map(|row| row.operation.clone())
    }

    async fn list(&self, filter: &OperationFilter, page: &PageRequest) -> Result<Page<Operation>, Error> {
        let wrong = |_| Error::new(ErrorKind::InvalidArgument, "the page token is not one of this list");
        let before: u64 = page.after.as_deref().map_or(Ok(u64::MAX), str::parse).map_err(wrong)?;
        let book = self.book();
        let wanted = |operation: &Operation| {
            filter.client.as_ref().is_none_or(|client| *client == operation.client)
                && (filter.phases.is_empty() || filter.phases.contains(&operation.phase))
        };
        let mut found = book.rows.range(..before).rev().filter(|(_, row)| wanted(&row.operation)).peekable();
        let (mut items, mut last) = (Vec::new(), before);
        while items.len() < page.size.max(1) as usize
            && let Some((number, row)) = found.next()
        {
            items.push(row.operation.clone());
            last = *number;
        }
        Ok(Page { items, next: found.peek().map(|_| last.to_string()) })
    }

    async fn items(&self, id: &OperationId, from: u64, limit: u32) -> Result<Vec<ItemRecord>, Error> {
        let mut book = self.book();
        let items = book.row(id)?.items.range(from..).take(limit as usize);
        Ok(items.map(|(place, outcome)| ItemRecord { place: *place, outcome: outcome.clone() }).collect())
    }

    async fn changed(&self, id: &OperationId, seen: i64) -> Result<Operation, Error> {
        poll_fn(|context| {
            let mut book = self.book();
            match book.row(id) {
                Ok(row) if row.operation.version == seen => {}
                found => return Poll::Ready(found.map(|row| row.operation.clone())),
            }
            book.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    async fn cancel(&self, id: &OperationId) -> Result<Operation, Error> {
        let now = (self.now)();
        let mut book = self.book();
        let row = book.row(id)?;
        if !row.operation.phase.has_ended() && !row.operation.cancelling {
            row.operation.cancelling = true;
            row.operation.version += 1;
            row.operation.updated = now;
            if !row.held {
                row.end(Phase::Cancelled, None);
            }
        }
        let operation = row.operation.clone();
        book.wake();
        Ok(operation)
    }

    async fn remove(&self, id: &OperationId) -> Result<(), Error> {
        let mut book = self.book();
        if !book.row(id)?.operation.phase.has_ended() {
            let message = format!("the operation `{id}` has not ended; cancel it first");
            return Err(Error::new(ErrorKind::OperationRunning, message));
        }
        if let Some(number) = book.numbers.get(id).copied() {
            book.remove(number);
        }
        book.wake();
        Ok(())
    }

    async fn take(&self, id: &OperationId) -> Result<Option<(Lease, Operation)>, Error> {
        let now = (self.now)();
        let mut book = self.book();
        let Ok(row) = book.row(id) else { return Ok(None) };
        if row.held || row.operation.phase.has_ended() {
            return Ok(None);
        }
        row.operation.version += 1;
        row.operation.updated = now;
        let taken = if row.operation.tries >= MOST_TRIES {
            let failure = worn_out(row);
            row.end(Phase::Failed, Some(failure));
            None
        } else {
            (row.held, row.token) = (true, row.token + 1);
            row.operation.tries += 1;
            row.operation.phase = Phase::Running;
            Some((Lease { operation: id.clone(), token: row.token }, row.operation.clone()))
        };
        book.wake();
        Ok(taken)
    }

    async fn begin(&self, lease: &Lease, places: &[u64]) -> Result<Standing, Error> {
        let mut book = self.book();
        let Some(row) = book.held(lease) else { return Ok(Standing::Lost) };
        if !row.operation.cancelling {
            for place in places {
                if let Some(before) = row.items.insert(*place, None).flatten() {
                    *row.operation.progress.count(&before) -= 1;
                }
            }
        }
        Ok(row.standing())
    }

    async fn settle(&self, lease: &Lease, outcomes: &[(u64, ItemOutcome)], costs: &Costs) -> Result<Standing, Error> {
        Ok(self.change(lease, |row| {
            row.operation.costs = costs.clone();
            for (place, outcome) in outcomes {
                if let Some(before) = row.items.insert(*place, Some(outcome.clone())).flatten() {
                    *row.operation.progress.count(&before) -= 1;
                }
                *row.operation.progress.count(outcome) += 1;
            }
            if !outcomes.is_empty() {
                row.operation.tries = 0;
            }
        }))
    }

    async fn finish(&self, lease: &Lease, ending: Ending) -> Result<Standing, Error> {
        Ok(self.change(lease, |row| match ending {
            Ending::Succeeded => row.end(Phase::Succeeded, None),
            Ending::Failed(failure) => row.end(Phase::Failed, Some(*failure)),
            Ending::Cancelled => row.end(Phase::Cancelled, None),
        }))
    }

    async fn give_back(&self, lease: &Lease, failure: &Failure) -> Result<Standing, Error> {
        Ok(self.change(lease, |row| {
            row.story = Some(failure.clone());
            match row.operation.tries >= MOST_TRIES {
                true => row.end(Phase::Failed, Some(failure.clone())),
                false => row.end(Phase::Pending, None),
            }
        }))
    }

    async fn release(&self, lease: &Lease) -> Result<Standing, Error> {
        Ok(self.change(lease, |row| {
            row.operation.tries = row.operation.tries.saturating_sub(1);
            row.end(Phase::Pending, None);
        }))
    }

    fn abandon(&self, lease: &Lease) {
        self.change(lease, |row| row.held = false);
    }
}

/// What an operation fails with whose workers died one after the other.
fn worn_out(row: &Row) -> Failure {
    let mut message = format!("{MOST_TRIES} tries in a row brought it no further, the last one was cut off");
    if let Some(earlier) = &row.story {
        message = format!("{message}; an earlier one failed: {}", earlier.message);
    }
    let begun = row.items.values().any(Option::is_none);
    let applied = if begun { Applied::Unknown } else { Applied::No };
    Failure::from(&Error::new(ErrorKind::Internal, message).with_applied(applied))
}
