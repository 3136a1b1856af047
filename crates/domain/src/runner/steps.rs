//! The steps of a try: a group of items is begun, carried out and settled, and nothing is begun once the try has to end.
//! A crash leaves at most the groups in progress without an outcome.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};

use super::{Runner, Stop};
use crate::service::{Ledger, Meters};
use crate::work::{Failure, ItemOutcome, Lease, MOST_TRIES, Operation, Operations, Standing};
use crate::{AlbumName, Costs, Error, ErrorKind, ImageName, LibraryId, Service};

/// Items that are read at once.
const PAGE: u32 = 1000;

/// Why a try ends before every item has an outcome.
#[derive(Debug)]
pub(super) enum Halt {
    /// Another worker has the operation, or may have it.
    Lost,
    /// The operation was asked to end.
    Cancelled,
    /// The worker was.
    Stopped,
    /// Something failed that may pass.
    Passing(Error),
    /// The task is not carried out, for a reason that another try would meet.
    Failed(Error),
}

/// What became of items, by their places.
pub(super) type Outcomes = Vec<(u64, Result<ItemOutcome, Error>)>;

/// An image and its places in the task.
pub(super) type Named = (ImageName, Vec<u64>);

/// Items that are begun and settled together, and what has to be done for them.
pub(super) struct Group<'g> {
    pub(super) places: Vec<u64>,
    pub(super) work: BoxFuture<'g, Outcomes>,
}

/// A try of an operation.
pub(super) struct Try<'r> {
    pub(super) runner: &'r Runner,
    pub(super) service: Service,
    /// What the operation has cost and may cost, over all tries.
    pub(super) meters: Meters,
    lease: Lease,
    stop: &'r Stop,
    /// Items that an earlier try has begun, and of which it has told nothing.
    begun: BTreeSet<u64>,
    settled: BTreeSet<u64>,
    /// Whether another try may follow.
    patient: bool,
    /// How many items have no outcome yet.
    open: AtomicU64,
    halt: Mutex<Option<Halt>>,
}

impl<'r> Try<'r> {
    /// Reads how far earlier tries came.
    pub(super) async fn new(
        runner: &'r Runner,
        service: Service,
        lease: Lease,
        operation: &Operation,
        stop: &'r Stop,
    ) -> Result<Self, Error> {
        let (mut begun, mut settled, mut from) = (BTreeSet::new(), BTreeSet::new(), 0);
        loop {
            let items = runner.operations.items(&operation.id, from, PAGE).await?;
            let Some(last) = items.last() else { break };
            from = last.place.saturating_add(1);
            for item in items {
                let known = if item.outcome.is_some() { &mut settled } else { &mut begun };
                known.insert(item.place);
            }
        }
        let patient = operation.tries < MOST_TRIES;
        let open = AtomicU64::new(operation.task.items().saturating_sub(settled.len() as u64));
        let ledger = Lasting { operations: Arc::clone(&runner.operations), lease: lease.clone() };
        let meters = Meters::lasting(operation.budget, &operation.costs, ledger);
        Ok(Self { runner, service, meters, lease, stop, begun, settled, patient, open, halt: Mutex::default() })
    }

    /// Whether an item still wants an outcome.
    pub(super) fn is_open(&self, place: u64) -> bool {
        !self.settled.contains(&place)
    }

    /// The images that still want an outcome, by their albums. One that is named twice is there once, with both places.
    pub(super) fn by_album<'i>(&self, images: &'i [ImageName]) -> BTreeMap<&'i AlbumName, Vec<Named>> {
        let mut albums = BTreeMap::<&AlbumName, Vec<Named>>::new();
        let mut known = HashMap::<&ImageName, usize>::new();
        for (place, name) in (0u64..).zip(images).filter(|(place, _)| self.is_open(*place)) {
            let named = albums.entry(&name.album).or_default();
            let position = *known.entry(name).or_insert(named.len());
            match named.get_mut(position) {
                Some((_, places)) => places.push(place),
                None => named.push((name.clone(), vec![place])),
            }
        }
        albums
    }

    /// Whether an earlier try may have done it.
    pub(super) fn was_begun(&self, place: u64) -> bool {
        self.begun.contains(&place)
    }

    /// Whether no try has begun anything of the operation.
    pub(super) fn is_first(&self) -> bool {
        self.begun.is_empty() && self.settled.is_empty()
    }

    /// Whether the try has to end.
    pub(super) fn is_halted(&self) -> bool {
        self.slot().is_some()
    }

    /// What became of the items so far, over all tries.
    pub(super) async fn outcomes(&self) -> Result<BTreeMap<u64, ItemOutcome>, Error> {
        let (mut outcomes, mut from) = (BTreeMap::new(), 0);
        loop {
            let items = self.runner.operations.items(&self.lease.operation, from, PAGE).await?;
            let Some(last) = items.last() else { return Ok(outcomes) };
            from = last.place.saturating_add(1);
            outcomes.extend(items.into_iter().filter_map(|item| Some((item.place, item.outcome?))));
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Halt>> {
        self.halt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing more be begun. The first reason counts, save that a failure does not hide that the try has ended.
    pub(super) fn halt(&self, halt: Halt) {
        let mut slot = self.slot();
        if matches!(*slot, None | Some(Halt::Passing(_))) {
            *slot = Some(halt);
        }
    }

    /// Keeps what became of items, and what the operation has cost by then.
    async fn settle(&self, settled: &[(u64, ItemOutcome)]) -> Result<Standing, Error> {
        let mut kept = self.meters.kept().await;
        let (operations, costs) = (self.runner.operations.as_ref(), self.meters.booked());
        let told = self.runner.insist(self.stop, || operations.settle(&self.lease, settled, &costs)).await?;
        *kept = costs;
        Ok(told)
    }

    /// Keeps what calls have cost that brought no item an outcome.
    pub(super) async fn keep_costs(&self) {
        if *self.meters.kept().await == self.meters.booked() {
            return;
        }
        match self.settle(&[]).await {
            Ok(Standing::Held { .. }) => {}
            Ok(Standing::Lost) => self.halt(Halt::Lost),
            Err(error) => self.halt(Halt::Passing(error)),
        }
    }

    /// Why the try has ended; `None` where there is nothing left to do, whoever asked for its end.
    pub(super) fn into_halt(self) -> Option<Halt> {
        let halt = self.halt.into_inner().unwrap_or_else(PoisonError::into_inner);
        let done = self.open.into_inner() == 0;
        halt.filter(|halt| !done || matches!(halt, Halt::Lost))
    }

    /// Carries out groups of one call each: those of different libraries at once, and of one library as many at once as it
    /// takes calls.
    pub(super) async fn carry_out(&self, work: BTreeMap<LibraryId, Vec<Group<'_>>>) {
        let calls = |library: &LibraryId| {
            self.service.library(library).map_or(1, |library| library.capabilities().calls_at_once)
        };
        self.each_library(work, calls).await;
    }

    /// Carries out groups of many calls: those of different libraries at once, those of one library one by one.
    pub(super) async fn carry_out_in_turn(&self, work: BTreeMap<LibraryId, Vec<Group<'_>>>) {
        self.each_library(work, |_| 1).await;
    }

    async fn each_library(&self, work: BTreeMap<LibraryId, Vec<Group<'_>>>, at_once: impl Fn(&LibraryId) -> u32) {
        let libraries = work.into_iter().map(|(library, groups)| {
            let at_once = at_once(&library).max(1) as usize;
            async move {
                let down = AtomicBool::new(false);
                let down = &down;
                let steps = groups.into_iter().map(|group| async move {
                    // The other groups would meet the same failure; the next try is for them, too.
                    if !down.load(Ordering::Acquire) && self.step(group).await {
                        down.store(true, Ordering::Release);
                    }
                });
                let steps: Vec<_> = steps.map(FutureExt::boxed).collect();
                stream::iter(steps).buffer_unordered(at_once).collect::<()>().await;
            }
            .boxed()
        });
        join_all(libraries).await;
    }

    /// Begins, carries out and settles a group; tells whether all of it failed for something that may pass.
    pub(super) async fn step(&self, group: Group<'_>) -> bool {
        if self.stop.is_set() {
            self.halt(Halt::Stopped);
        }
        if matches!(*self.slot(), Some(Halt::Lost | Halt::Cancelled | Halt::Stopped | Halt::Failed(_))) {
            return false;
        }
        match self.runner.operations.begin(&self.lease, &group.places).await {
            Ok(Standing::Held { cancelling: false }) => {}
            Ok(Standing::Held { cancelling: true }) => {
                self.halt(Halt::Cancelled);
                return false;
            }
            Ok(Standing::Lost) => {
                self.halt(Halt::Lost);
                return false;
            }
            Err(error) => {
                self.halt(Halt::Passing(error));
                return true;
            }
        }
        let (mut settled, mut passing) = (Vec::with_capacity(group.places.len()), None);
        for (place, outcome) in group.work.await {
            match outcome {
                Ok(outcome) => settled.push((place, outcome)),
                Err(error) if self.patient && may_pass(&error) => passing = Some(error),
                Err(error) => settled.push((place, ItemOutcome::Failed(Box::new(Failure::from(&error))))),
            }
        }
        let failed = settled.is_empty();
        if let Some(error) = passing {
            self.halt(Halt::Passing(error));
        }
        if !failed {
            match self.settle(&settled).await {
                Ok(Standing::Held { cancelling }) => {
                    self.open.fetch_sub(settled.len() as u64, Ordering::AcqRel);
                    if cancelling {
                        self.halt(Halt::Cancelled);
                    }
                }
                Ok(Standing::Lost) => self.halt(Halt::Lost),
                Err(error) => self.halt(Halt::Passing(error)),
            }
        }
        failed
    }
}

/// The costs of an operation, kept with it by its worker.
struct Lasting {
    operations: Arc<dyn Operations>,
    lease: Lease,
}

#[async_trait]
impl Ledger for Lasting {
    async fn keep(&self, costs: &Costs) -> Result<(), Error> {
        match self.operations.settle(&self.lease, &[], costs).await? {
            Standing::Held { .. } => Ok(()),
            Standing::Lost => {
                Err(Error::new(ErrorKind::Internal, "nothing was sent: another worker has the operation"))
            }
        }
    }
}

/// Whether an item is worth another try of its operation. A library was there when the operation was asked for: that it is not
/// here means that processes take over another configuration one after the other.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ProviderUnavailable
            | ErrorKind::ProviderTimeout
            | ErrorKind::RateLimited
            | ErrorKind::LibraryNotFound
            | ErrorKind::Internal
    )
}
