//! Many images into many albums: what is known to be there is left out, the rest is grouped into as few calls as each
//! library takes, and every image has an outcome, in the order in which they came.

use std::collections::BTreeMap;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use super::group::{Missing, Seen, Step, grouped};
use super::known::Stored;
use super::meter::{Meter, Meters};
use super::put::{Ready, key};
use super::twins::{self, Firsts, Twin};
use super::{Service, UploadCommand, UploadReceipt, album, located, prepare};
use crate::workers::on_workers;
use crate::{AlbumId, AlbumName, AuditEvent, Budget, Costs, Error, ErrorKind, ImageLibrary, LibraryId, Verb};

/// What became of a batch.
#[derive(Debug)]
pub struct BatchReport<T = UploadReceipt> {
    /// One outcome per item, in the order in which they came. Of a failure, [`Error::applied`] tells whether it may have
    /// been done all the same.
    pub outcomes: Vec<Result<T, Error>>,
    /// What it has cost in each library that it touched, by outcomes and price lists.
    pub costs: Costs,
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

/// An outcome and its place in the batch.
pub(super) type Settled<T> = (usize, Result<T, Error>);

impl Service {
    /// Uploads many images, to any libraries and albums. Images that an album is known to hold are not sent; the others
    /// share calls as far as the library lets them. The same content for the same album is sent once, and its outcome is
    /// that of all who ask for it alike. What `budget` does not allow fails with `BudgetSpent` before it is sent.
    pub async fn upload_many(&self, commands: Vec<UploadCommand>, budget: Budget) -> BatchReport {
        self.upload_within(commands, &Meters::new(budget)).await
    }

    /// Uploads many images within these accounts.
    pub(crate) async fn upload_within(&self, commands: Vec<UploadCommand>, meters: &Meters) -> BatchReport {
        let (places, refused, work) = self.distribute(commands);
        self.run(places, refused, work, meters).await
    }

    /// Commands by library; those that name no library or album are refused at once.
    pub(super) fn distribute<T>(
        &self,
        commands: Vec<UploadCommand>,
    ) -> (usize, Vec<Settled<T>>, BTreeMap<LibraryId, Vec<Work>>) {
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
            twins::share(&mut settled, same, |first, sent| UploadReceipt {
                sent,
                reused: true,
                request_id: None,
                ..first.clone()
            });
            settled
        }
        .boxed()
    }

    /// Checks, fits and looks up each image, and forms the groups of those that have to be sent.
    pub(super) fn steps<'s>(
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
            true => self.known(library, album, &key, ready.asked(), meter).await?,
            false => self.known_meanwhile(&key, ready.asked()).await?,
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
                    let image = outcome.as_ref().ok().map(|stored| &stored.image().id);
                    let told = outcome.as_ref().map(|stored| stored.request_id.as_deref());
                    events.push(self.event(Verb::Upload, &album, image, told, points));
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
        Some(self.event(Verb::Upload, &album, None, Err(error), 0))
    }
}

fn at_once(library: &dyn ImageLibrary) -> usize {
    library.capabilities().calls_at_once.max(1) as usize
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
