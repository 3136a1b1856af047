//! Many images into many albums: what is known to be there is left out, the rest is grouped into as few calls as each
//! library takes, and every image has an outcome, in the order in which they came.

use std::collections::BTreeMap;
use std::pin::Pin;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use super::meter::{Meter, Meters};
use super::put::{Landed, Ready, Stored, Turn, key, lane};
use super::sending::{Outgoing, Told, send};
use super::twins::{self, Firsts, Twin};
use super::{Service, UploadCommand, UploadPolicy, UploadReceipt, album, located, prepare, put};
use crate::workers::on_workers;
use crate::{AlbumId, AlbumName, Applied, AuditEvent, Budget, Cost, Error, ErrorKind, ImageLibrary, LibraryId, Verb};

/// What became of a batch.
#[derive(Debug)]
pub struct BatchReport<T = UploadReceipt> {
    /// One outcome per item, in the order in which they came. Of a failure, [`Error::applied`] tells whether it may have
    /// been done all the same.
    pub outcomes: Vec<Result<T, Error>>,
    /// What it has cost in each library, by outcomes and price lists.
    pub costs: BTreeMap<LibraryId, Cost>,
}

/// What would become of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// Nothing would be sent: the album is known to hold it, or an earlier image of the batch is the same.
    Reuse,
    /// It would be sent.
    Upload,
}

/// An image for an album of one library.
pub(super) struct Work {
    /// Where its outcome goes.
    pub(super) place: usize,
    pub(super) album: AlbumId,
    pub(super) source: Source,
}

/// An image as it comes.
pub(super) enum Source {
    /// It has to be checked and fitted first.
    Command(Box<UploadCommand>),
    /// It has to be fetched first. Nothing happens before its turn comes.
    Coming(BoxFuture<'static, Result<UploadCommand, Error>>),
    /// It satisfies the library's rules.
    Ready(Ready),
}

/// An image that is not known to be in its album.
struct Missing {
    place: usize,
    album: AlbumId,
    ready: Ready,
}

/// An outcome and its place in the batch.
pub(super) type Settled<T> = (usize, Result<T, Error>);

/// An image once it was checked and looked up.
enum Seen {
    Settled(usize, Box<Result<(Ready, Stored), Error>>),
    Twin(Twin),
    Missing(Missing),
}

/// What one call is for, and what was found to need none on the way.
#[derive(Default)]
struct Step {
    settled: Vec<Settled<(Ready, Stored)>>,
    twins: Vec<Twin>,
    group: Vec<Missing>,
}

impl Service {
    /// Uploads many images, to any libraries and albums. Images that an album is known to hold are not sent; the others
    /// share calls as far as the library lets them. The same content for the same album is sent once, and its outcome is
    /// that of all who ask for it alike. `budget` holds for each library by itself: what it does not allow
    /// fails with `BudgetSpent` before it is sent.
    pub async fn upload_many(&self, commands: Vec<UploadCommand>, budget: Budget) -> BatchReport {
        let (places, refused, work) = self.distribute(commands);
        self.run(places, refused, work, &Meters::new(budget)).await
    }

    /// Says what [`Service::upload_many`] would do and cost if every image were taken, without a call. Images are checked
    /// and fitted as for an upload; what `Verify` would ask for is counted as one reading each.
    pub async fn estimate(&self, commands: Vec<UploadCommand>) -> BatchReport<Planned> {
        let (places, refused, work) = self.distribute(commands);
        let plans = work.into_iter().map(|(id, work)| self.plan(id, work));
        let mut costs = BTreeMap::new();
        let mut settled: Vec<Settled<Planned>> = refused;
        for (id, outcomes, cost) in join_all(plans).await {
            settled.extend(outcomes);
            costs.insert(id, cost);
        }
        BatchReport { outcomes: in_order(places, settled), costs }
    }

    async fn plan(&self, id: LibraryId, work: Vec<Work>) -> (LibraryId, Vec<Settled<Planned>>, Cost) {
        let Ok(library) = self.library(&id).map(AsRef::as_ref) else { return (id, Vec::new(), Cost::default()) };
        let (prices, mut cost) = (&library.capabilities().prices, Cost::default());
        let (mut planned, mut same) = (Vec::with_capacity(work.len()), Vec::new());
        let meter = Meter::default();
        let mut steps = self.steps(library, work, &meter, false);
        while let Some(Step { settled, twins, group }) = steps.next().await {
            same.extend(twins);
            for (place, outcome) in settled {
                if matches!(&outcome, Ok((ready, _)) if ready.policy == UploadPolicy::Verify) {
                    cost += Cost { calls: 1, points: prices.get.of(1), bytes: 0 };
                }
                planned.push((place, outcome.map(|_| Planned::Reuse)));
            }
            if group.is_empty() {
                continue;
            }
            let bytes = group.iter().map(|missing| missing.ready.sent.bytes).fold(0, u64::saturating_add);
            cost += Cost { calls: 1, points: prices.upload.of(group.len() as u64), bytes };
            planned.extend(group.iter().map(|missing| (missing.place, Ok(Planned::Upload))));
        }
        drop(steps);
        twins::share(&mut planned, same, |_, _| Planned::Reuse);
        (id, planned, cost)
    }

    /// Commands by library; those that name no library or album are refused at once.
    fn distribute<T>(&self, commands: Vec<UploadCommand>) -> (usize, Vec<Settled<T>>, BTreeMap<LibraryId, Vec<Work>>) {
        let (places, mut refused) = (commands.len(), Vec::new());
        let mut work = BTreeMap::<LibraryId, Vec<Work>>::new();
        for (place, command) in commands.into_iter().enumerate() {
            let library = self.library(&command.library);
            match library.and_then(|library| album(library.as_ref(), command.album.as_ref())) {
                Ok(album) => {
                    let id = command.library.clone();
                    work.entry(id).or_default().push(Work { place, album, source: Source::Command(command.into()) });
                }
                Err(error) => refused.push((place, Err(error))),
            }
        }
        (places, refused, work)
    }

    /// Does the work of all libraries at once, each within its account.
    pub(super) async fn run(
        &self,
        places: usize,
        refused: Vec<Settled<UploadReceipt>>,
        work: BTreeMap<LibraryId, Vec<Work>>,
        meters: &Meters,
    ) -> BatchReport {
        let runs = work.into_iter().map(|(id, work)| {
            async move {
                let meter = meters.of(&id);
                match self.library(&id) {
                    Ok(library) => self.run_one(library.as_ref(), work, &meter).await,
                    Err(error) => work.iter().map(|work| (work.place, Err(error.clone()))).collect(),
                }
            }
            .boxed()
        });
        let mut settled = refused;
        settled.extend(join_all(runs).await.into_iter().flatten());
        BatchReport { outcomes: in_order(places, settled), costs: meters.spent() }
    }

    fn run_one<'s>(
        &'s self,
        library: &'s dyn ImageLibrary,
        work: Vec<Work>,
        meter: &'s Meter,
    ) -> BoxFuture<'s, Vec<Settled<UploadReceipt>>> {
        async move {
            let (mut settled, mut same) = (Vec::with_capacity(work.len()), Vec::new());
            let mut done = self
                .steps(library, work, meter, true)
                .map(move |step| self.take(library, step, meter))
                .buffer_unordered(at_once(library));
            while let Some((outcomes, twins)) = done.next().await {
                settled.extend(outcomes);
                same.extend(twins);
            }
            twins::share(&mut settled, same, |first, sent| UploadReceipt { sent, reused: true, ..first.clone() });
            settled
        }
        .boxed()
    }

    /// Checks, fits and looks up each image, and forms the groups of those that have to be sent.
    fn steps<'s>(
        &'s self,
        library: &'s dyn ImageLibrary,
        mut work: Vec<Work>,
        meter: &'s Meter,
        verify: bool,
    ) -> BoxStream<'s, Step> {
        work.sort_by(|a, b| a.album.cmp(&b.album));
        let mut firsts = Firsts::default();
        let seen = stream::iter(work)
            .map(move |work| self.see(library, work, meter, verify))
            .buffered(at_once(library))
            .map(move |seen| match seen {
                Seen::Missing(Missing { place, album, ready }) => match firsts.of(library, place, &album, &ready) {
                    Some(of) => Seen::Twin(Twin { place, of, sent: ready.sent }),
                    None => Seen::Missing(Missing { place, album, ready }),
                },
                seen => seen,
            })
            .boxed();
        let capabilities = library.capabilities();
        grouped(seen, capabilities.uploads_per_call as usize, capabilities.upload_bytes_per_call)
    }

    fn see<'s>(
        &'s self,
        library: &'s dyn ImageLibrary,
        work: Work,
        meter: &'s Meter,
        verify: bool,
    ) -> BoxFuture<'s, Seen> {
        async move {
            let Work { place, album, source } = work;
            match self.looked_up(library, &album, source, meter, verify).await {
                Ok((ready, None)) => Seen::Missing(Missing { place, album, ready }),
                Ok((ready, Some(stored))) => Seen::Settled(place, Box::new(Ok((ready, stored)))),
                Err(error) => Seen::Settled(place, Box::new(Err(located(error, library, &album)))),
            }
        }
        .boxed()
    }

    async fn looked_up(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        source: Source,
        meter: &Meter,
        verify: bool,
    ) -> Result<(Ready, Option<Stored>), Error> {
        let command = match source {
            Source::Ready(ready) => return self.found(library, album, ready, meter, verify).await,
            Source::Command(command) => *command,
            Source::Coming(coming) => coming.await?,
        };
        let (rules, replace, policy) = (library.rules(), command.replace, command.policy);
        let prepared =
            on_workers(self.workers.as_ref(), move |cancelled| prepare::prepare(rules, command, cancelled)).await??;
        self.found(library, album, Ready::new(prepared, replace, policy), meter, verify).await
    }

    /// What is known of an image in its album, as far as its policy lets that count.
    async fn found(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        ready: Ready,
        meter: &Meter,
        verify: bool,
    ) -> Result<(Ready, Option<Stored>), Error> {
        let key = key(library, album, &ready);
        let stored = match verify {
            true => self.known(library, album, &key, &ready, meter).await?,
            false => self.known_meanwhile(&key, &ready).await?,
        };
        Ok((ready, stored))
    }

    /// Sends a group, save what others are sending; then waits for those.
    fn take<'s>(
        &'s self,
        library: &'s dyn ImageLibrary,
        step: Step,
        meter: &'s Meter,
    ) -> BoxFuture<'s, (Vec<Settled<UploadReceipt>>, Vec<Twin>)> {
        async move {
            let Step { settled, twins, group } = step;
            let receipt = |(ready, stored): (Ready, Stored)| ready.receipt(library, stored);
            let mut done: Vec<_> = settled.into_iter().map(|(place, outcome)| (place, outcome.map(receipt))).collect();
            let mut events: Vec<_> = done.iter().filter_map(|(_, outcome)| self.refusal(outcome)).collect();
            for (missing, outcome, points) in self.take_group(library, group, meter).await {
                let Missing { place, album, ready } = missing;
                let outcome = outcome.map_err(|error| located(error, library, &album));
                if !outcome.as_ref().is_ok_and(Stored::is_reused) {
                    let album = AlbumName { library: library.id().clone(), album };
                    let told = outcome.as_ref().map(|stored| Some(&stored.image().id));
                    events.push(self.event(Verb::Upload, &album, told, points));
                }
                done.push((place, outcome.map(|stored| ready.receipt(library, stored))));
            }
            self.audit(events).await;
            (done, twins)
        }
        .boxed()
    }

    /// The event of an upload that was refused before anything was sent.
    fn refusal(&self, outcome: &Result<UploadReceipt, Error>) -> Option<AuditEvent> {
        let error = outcome.as_ref().err()?;
        let album = AlbumName { library: error.library()?.clone(), album: error.album()?.clone() };
        Some(self.event(Verb::Upload, &album, Err(error), 0))
    }

    async fn take_group(
        &self,
        library: &dyn ImageLibrary,
        group: Vec<Missing>,
        meter: &Meter,
    ) -> Vec<(Missing, Result<Stored, Error>, u64)> {
        let Some(album) = group.first().map(|missing| missing.album.clone()) else { return Vec::new() };
        let (mut done, mut mine, mut others) = (Vec::with_capacity(group.len()), Vec::new(), Vec::new());
        for missing in group {
            let key = key(library, &missing.album, &missing.ready);
            match self.flights.try_lead(lane(library, &key)) {
                Some(flight) => mine.push((missing, key, flight)),
                None => others.push(missing),
            }
        }
        let (mut claimed, mut outgoing) = (Vec::with_capacity(mine.len()), Vec::with_capacity(mine.len()));
        for (missing, key, flight) in mine {
            match self.claimed(&key, &missing.ready).await {
                // An earlier upload is looked for one by one.
                Ok(Some(Turn::Ours(held))) if held.earlier().is_some() => {
                    held.end(Applied::Unknown).await;
                    others.push(missing);
                }
                Ok(Some(Turn::Ours(held))) => {
                    outgoing.push(Outgoing { upload: missing.ready.upload.clone(), held });
                    claimed.push((missing, key, flight));
                }
                Ok(Some(Turn::Known(stored))) => done.push((missing, Ok(stored), 0)),
                // Another process is at it; nothing is held while it is waited for.
                Ok(None) => others.push(missing),
                Err(error) => done.push((missing, Err(error), 0)),
            }
        }
        let told = send(library, &album, &outgoing, meter).await;
        for (((missing, key, flight), Outgoing { held, .. }), told) in claimed.into_iter().zip(outgoing).zip(told) {
            let Told { outcome: Some(outcome), points } = told else {
                held.lose();
                others.push(missing);
                continue;
            };
            let outcome = self.landed(library, &key, &missing.ready, outcome, held).await;
            flight.land(Landed { terms: missing.ready.terms(), outcome: outcome.clone() });
            done.push((missing, outcome, points));
        }
        let prices = &library.capabilities().prices;
        for missing in others {
            let outcome = self.put(library, &missing.album, &missing.ready, meter).await;
            let points = match &outcome {
                Ok(stored) if stored.is_reused() => 0,
                Ok(_) => prices.upload.of(1),
                Err(error) => put::points(prices, 1, &Err(error.clone())),
            };
            done.push((missing, outcome, points));
        }
        done
    }
}

fn at_once(library: &dyn ImageLibrary) -> usize {
    library.capabilities().calls_at_once.max(1) as usize
}

/// Forms groups of neighbours in one album, of at most so many images and bytes; an image that is larger goes alone.
fn grouped<'s>(seen: BoxStream<'s, Seen>, most: usize, most_bytes: u64) -> BoxStream<'s, Step> {
    stream::unfold(seen.peekable(), move |mut seen| async move {
        let (mut step, mut bytes) = (Step::default(), 0u64);
        loop {
            let fits = |next: &Seen| match (next, step.group.first()) {
                (Seen::Missing(next), Some(first)) => {
                    let together = bytes.saturating_add(next.ready.sent.bytes);
                    step.group.len() < most && next.album == first.album && together <= most_bytes
                }
                _ => true,
            };
            match Pin::new(&mut seen).next_if(fits).await {
                Some(Seen::Settled(place, outcome)) => step.settled.push((place, *outcome)),
                Some(Seen::Twin(twin)) => step.twins.push(twin),
                Some(Seen::Missing(missing)) => {
                    bytes = bytes.saturating_add(missing.ready.sent.bytes);
                    step.group.push(missing);
                }
                None if step.group.is_empty() && step.settled.is_empty() && step.twins.is_empty() => return None,
                None => return Some((step, seen)),
            }
        }
    })
    .boxed()
}

/// The outcomes by place.
pub(super) fn in_order<T>(places: usize, settled: Vec<Settled<T>>) -> Vec<Result<T, Error>> {
    let mut outcomes: Vec<Option<Result<T, Error>>> = std::iter::repeat_with(|| None).take(places).collect();
    for (place, outcome) in settled {
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = Some(outcome);
        }
    }
    let forgotten = || Error::new(ErrorKind::Internal, "an image of the batch was lost sight of");
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Err(forgotten().with_applied(crate::Applied::Unknown))))
        .collect()
}
