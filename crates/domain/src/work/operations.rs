//! The port behind which operations are kept and handed to workers.

use async_trait::async_trait;

use super::{ClientId, Failure, ItemOutcome, ItemRecord, Operation, OperationId, Phase, Task};
use crate::{Budget, Costs, Error, Page, PageRequest, Sha256};

/// How often an operation is tried in a row without an item getting an outcome.
pub const MOST_TRIES: u32 = 5;

/// An operation that is asked for.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Who asks.
    pub client: ClientId,
    /// What for.
    pub task: Task,
    /// The most that it may cost: what would exceed it is not sent, and its items fail with `BudgetSpent`.
    pub budget: Budget,
    /// What makes a repetition of the request known as such; absent where the caller gave none.
    pub request: Option<Request>,
}

/// A request that its caller may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `request_id` of the caller, unique per client.
    pub id: String,
    /// Digest of everything that was asked for.
    pub digest: Sha256,
}

/// Which operations are wanted.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Of this client; absent means of any.
    pub client: Option<ClientId>,
    /// In one of these phases; empty means any.
    pub phases: Vec<Phase>,
}

/// A worker's hold on an operation. It is lost when the worker's process is taken for dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The operation.
    pub operation: OperationId,
    /// Rises with each lease of the operation, so that an earlier holder can be told from the present one.
    pub token: i64,
}

/// Whether a worker still holds its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Held {
        /// Whether the operation was asked to end.
        cancelling: bool,
    },
    /// Another worker has the operation, or may have it, or the operation is gone. Nothing was written.
    Lost,
}

/// How a worker ends an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Every item has an outcome.
    Succeeded,
    /// It cannot go on.
    Failed(Box<Failure>),
    /// It was asked to end.
    Cancelled,
}

/// Keeps operations, and hands each to one worker at a time, over any number of processes.
///
/// Every method fails with `Internal` where the store cannot be read or written (`ProviderUnavailable` is never used for it);
/// then it may have been written or not, and repeating the call is safe unless said otherwise.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Keeps a new operation and makes it due, both or neither. A repetition of a [`Request`] returns the operation that
    /// the first one made.
    ///
    /// # Errors
    /// `RequestMismatch` where the client has asked for something else under this request id, in a database also by a call that
    /// makes no operation. `QuotaExhausted` where there is no room for it, or no more for this client; then nothing is kept.
    /// Repeating a call without a request after an `Internal` may make a second operation.
    async fn submit(&self, new: NewOperation) -> Result<Operation, Error>;

    /// The operation that this request of a client has made; `None` if it has not made one, or that was removed.
    ///
    /// # Errors
    /// `RequestMismatch` as of [`Self::submit`].
    async fn repeated(&self, client: &ClientId, request: &Request) -> Result<Option<Operation>, Error>;

    /// Reads an operation.
    ///
    /// # Errors
    /// `OperationNotFound`.
    async fn get(&self, id: &OperationId) -> Result<Operation, Error>;

    /// Lists operations, the newest first.
    ///
    /// # Errors
    /// `InvalidArgument` if `page.after` is no cursor of this port.
    async fn list(&self, filter: &OperationFilter, page: &PageRequest) -> Result<Page<Operation>, Error>;

    /// Items that were begun, in the order of their places, from `from` on, at most `limit`.
    ///
    /// # Errors
    /// `OperationNotFound`.
    async fn items(&self, id: &OperationId, from: u64, limit: u32) -> Result<Vec<ItemRecord>, Error>;

    /// Waits until the operation has another version than `seen`, and reads it. May return early with the same version;
    /// dropping the future ends the wait.
    ///
    /// # Errors
    /// `OperationNotFound`.
    async fn changed(&self, id: &OperationId, seen: i64) -> Result<Operation, Error>;

    /// Asks an operation to end. One that no worker has begun is cancelled at once; one that has ended stays as it is.
    ///
    /// # Errors
    /// `OperationNotFound`.
    async fn cancel(&self, id: &OperationId) -> Result<Operation, Error>;

    /// Removes an operation that has ended, with its items.
    ///
    /// # Errors
    /// `OperationNotFound`; `OperationRunning` for one that has not ended.
    async fn remove(&self, id: &OperationId) -> Result<(), Error>;

    /// Takes an operation that has not ended and that nobody holds, which counts as a try. `None`: there is nothing to do
    /// for this caller. An operation of which [`MOST_TRIES`] have come to nothing, since its workers died, is not handed
    /// out but has failed.
    async fn take(&self, id: &OperationId) -> Result<Option<(Lease, Operation)>, Error>;

    /// Keeps that these items are begun. Called right before each provider write: a worker that has lost its lease gets
    /// [`Standing::Lost`] and must not write. Where the operation was asked to end, no item is begun.
    async fn begin(&self, lease: &Lease, places: &[u64]) -> Result<Standing, Error>;

    /// Keeps outcomes of items, begun or not, and counts them in the operation's progress; tries are then counted anew. With
    /// them it keeps what the operation has cost so far in all, which may be all that there is to keep.
    async fn settle(&self, lease: &Lease, outcomes: &[(u64, ItemOutcome)], costs: &Costs) -> Result<Standing, Error>;

    /// Ends the operation and the lease.
    async fn finish(&self, lease: &Lease, ending: Ending) -> Result<Standing, Error>;

    /// Gives an operation back for another try, not before the store's pause between tries. After its last try the operation
    /// has failed with `failure`.
    async fn give_back(&self, lease: &Lease, failure: &Failure) -> Result<Standing, Error>;

    /// Gives an operation back as it is, to be taken by any worker at once: this one has to end. It does not count as a try.
    async fn release(&self, lease: &Lease) -> Result<Standing, Error>;

    /// Gives up a lease under which nothing more is done, for a worker that is dropped or could not say how its try ended: the
    /// operation is due again as if its process had died. It takes effect a moment later, or once the store can be written
    /// again.
    fn abandon(&self, lease: &Lease);
}
