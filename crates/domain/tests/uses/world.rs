//! Processes that share a store in memory and libraries, and can be killed between any two steps.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use polyptych_domain::*;

use crate::shelf::{Shelf, pauses, picture};

/// A store that takes a moment before and after each step.
pub(crate) struct Store {
    pub(crate) operations: MemoryOperations,
    pub(crate) catalogue: Arc<MemoryCatalogue>,
    pub(crate) claims: MemoryClaims,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) slowness: AtomicU32,
    /// How many of the next steps of operations fail.
    pub(crate) failing: AtomicU32,
}

impl Store {
    async fn moment(&self) -> Result<(), Error> {
        pauses(&self.slowness).await;
        match self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Err(Error::new(ErrorKind::Internal, "the store is away")),
            Err(_) => Ok(()),
        }
    }
}

macro_rules! slowly {
    ($self:ident, $call:expr) => {{
        $self.moment().await?;
        let told = $call.await;
        pauses(&$self.slowness).await;
        told
    }};
}

#[async_trait]
impl Operations for Store {
    async fn submit(&self, new: NewOperation) -> Result<Operation, Error> {
        self.operations.submit(new).await
    }
    async fn repeated(&self, client: &ClientId, request: &Request) -> Result<Option<Operation>, Error> {
        self.operations.repeated(client, request).await
    }
    async fn get(&self, id: &OperationId) -> Result<Operation, Error> {
        self.operations.get(id).await
    }
    async fn list(&self, filter: &OperationFilter, page: &PageRequest) -> Result<Page<Operation>, Error> {
        self.operations.list(filter, page).await
    }
    async fn items(&self, id: &OperationId, from: u64, limit: u32) -> Result<Vec<ItemRecord>, Error> {
        slowly!(self, self.operations.items(id, from, limit))
    }
    async fn changed(&self, id: &OperationId, seen: i64) -> Result<Operation, Error> {
        self.operations.changed(id, seen).await
    }
    async fn cancel(&self, id: &OperationId) -> Result<Operation, Error> {
        self.operations.cancel(id).await
    }
    async fn remove(&self, id: &OperationId) -> Result<(), Error> {
        self.operations.remove(id).await
    }
    async fn take(&self, id: &OperationId) -> Result<Option<(Lease, Operation)>, Error> {
        slowly!(self, self.operations.take(id))
    }
    async fn begin(&self, lease: &Lease, places: &[u64]) -> Result<Standing, Error> {
        slowly!(self, self.operations.begin(lease, places))
    }
    async fn settle(&self, lease: &Lease, outcomes: &[(u64, ItemOutcome)], costs: &Costs) -> Result<Standing, Error> {
        slowly!(self, self.operations.settle(lease, outcomes, costs))
    }
    async fn finish(&self, lease: &Lease, ending: Ending) -> Result<Standing, Error> {
        slowly!(self, self.operations.finish(lease, ending.clone()))
    }
    async fn give_back(&self, lease: &Lease, failure: &Failure) -> Result<Standing, Error> {
        slowly!(self, self.operations.give_back(lease, failure))
    }
    async fn release(&self, lease: &Lease) -> Result<Standing, Error> {
        slowly!(self, self.operations.release(lease))
    }
    fn abandon(&self, lease: &Lease) {
        self.operations.abandon(lease);
    }
}

#[async_trait]
impl Claims for Store {
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error> {
        pauses(&self.slowness).await;
        self.claims.claim(key).await
    }
    async fn sending(&self, claim: &Claim, name: &str, class: Option<&str>) -> Result<bool, Error> {
        pauses(&self.slowness).await;
        self.claims.sending(claim, name, class).await
    }
    async fn settle(&self, claim: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error> {
        pauses(&self.slowness).await;
        let settled = self.claims.settle(claim, known).await;
        pauses(&self.slowness).await;
        settled
    }
    async fn leave(&self, claim: &Claim) -> Result<(), Error> {
        pauses(&self.slowness).await;
        self.claims.leave(claim).await
    }
    fn abandon(&self, claim: &Claim) {
        self.claims.abandon(claim);
    }
}

/// Time does not pass.
struct Timeless;

#[async_trait]
impl Pauses for Timeless {
    async fn pause(&self, _: Duration) {}
}

/// Serves the picture whose number the address ends in.
struct Gallery(Arc<AtomicU32>);

#[async_trait]
impl Fetcher for Gallery {
    async fn fetch(&self, url: &PictureUrl, _: u64) -> Result<Fetched, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let number = url.as_str().rsplit('/').next().and_then(|name| name.strip_suffix(".png")?.parse().ok());
        let unknown = || Error::new(ErrorKind::SourceUnavailable, "there is no such picture");
        let bytes = picture(number.ok_or_else(unknown)?);
        Ok(Fetched { len: None, pieces: futures_util::stream::iter([Ok(bytes.into())]).boxed() })
    }
}

/// Keeps pictures in memory.
pub(crate) struct InMemory;

#[async_trait]
impl Spool for InMemory {
    async fn keep(&self, mut pieces: Pieces) -> Result<Content, Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(Content::from_bytes(bytes))
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) shelves: Vec<Arc<Shelf>>,
    /// How often a picture was fetched from an address.
    pub(crate) fetched: Arc<AtomicU32>,
}

impl World {
    pub(crate) fn new(shelves: Vec<Arc<Shelf>>) -> Self {
        let catalogue = Arc::new(MemoryCatalogue::default());
        let clock = AtomicI64::new(0);
        let now = move || jiff::Timestamp::from_second(clock.fetch_add(1, Ordering::SeqCst)).unwrap();
        let store = Store {
            operations: MemoryOperations::new(now),
            claims: MemoryClaims::new(Arc::clone(&catalogue) as _),
            catalogue,
            blobs: Arc::default(),
            slowness: AtomicU32::new(0),
            failing: AtomicU32::new(0),
        };
        Self { store: Arc::new(store), shelves, fetched: Arc::default() }
    }

    /// Lets each step of the store and of the libraries take a moment, in which a process can die.
    pub(crate) fn slow(self) -> Self {
        self.store.slowness.store(1, Ordering::SeqCst);
        for shelf in &self.shelves {
            shelf.pauses.store(1, Ordering::SeqCst);
            shelf.pauses_after.store(1, Ordering::SeqCst);
        }
        self
    }

    fn gallery(&self) -> Pictures {
        Pictures::new(Arc::new(Gallery(Arc::clone(&self.fetched))), Arc::new(InMemory), 1 << 20)
    }

    /// What another process calls.
    pub(crate) fn service(&self) -> Service {
        let libraries = self.shelves.iter().map(|shelf| Arc::clone(shelf) as _).collect();
        let (catalogue, store) = (Arc::clone(&self.store.catalogue), Arc::clone(&self.store));
        Service::new(libraries, Arc::new(InlineWorkers)).unwrap().with_claims(catalogue, store, Arc::new(Timeless))
    }

    /// Another process.
    pub(crate) fn runner(&self) -> Runner {
        let (service, store) = (self.service(), Arc::clone(&self.store));
        Runner::new(service, Arc::clone(&store) as _, Arc::clone(&store.blobs) as _, self.gallery(), Arc::new(Timeless))
    }

    pub(crate) fn plan(&self, manifest: &Manifest) -> Result<Plan, Error> {
        let blobs = self.store.blobs.as_ref();
        futures_executor::block_on(self.service().plan_sync(manifest, blobs, &self.gallery()))
    }

    pub(crate) fn submit(&self, task: Task) -> OperationId {
        self.submit_within(task, Budget::default())
    }

    pub(crate) fn submit_within(&self, task: Task, budget: Budget) -> OperationId {
        let new = NewOperation { client: ClientId::local(), task, budget, request: None };
        futures_executor::block_on(self.store.submit(new)).unwrap().id
    }

    /// Runs an operation until it does not go on by itself.
    pub(crate) fn run(&self, id: &OperationId) -> Operation {
        futures_executor::block_on(self.runner().run(id, &Stop::default())).unwrap();
        self.operation(id)
    }

    /// Runs an operation, try after try.
    pub(crate) fn run_to_its_end(&self, id: &OperationId) -> Operation {
        loop {
            let operation = self.run(id);
            if operation.phase.has_ended() {
                return operation;
            }
        }
    }

    pub(crate) fn operation(&self, id: &OperationId) -> Operation {
        futures_executor::block_on(self.store.get(id)).unwrap()
    }

    pub(crate) fn items(&self, id: &OperationId) -> Vec<ItemRecord> {
        futures_executor::block_on(self.store.operations.items(id, 0, 1000)).unwrap()
    }
}

/// Polls a future so many times; `None` if it has not ended then.
pub(crate) fn polled<F: Future + ?Sized>(mut future: Pin<&mut F>, times: usize) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

pub(crate) fn album(library: &str, album: &str) -> AlbumName {
    format!("libraries/{library}/albums/{album}").parse().unwrap()
}

pub(crate) fn terms(policy: UploadPolicy) -> UploadTerms {
    UploadTerms { fit: Fit::None, animation: Animation::Refuse, replace: false, policy }
}
