//! An emulator, the six libraries at it, and the two ways of bringing pictures to one of them.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::{FutureExt, StreamExt, stream};
use polyptych::WorkerPool;
use polyptych::config::ProviderKind;
use polyptych::domain::{
    AlbumId, AlbumName, Budget, Cost, Error, ErrorKind, Format, ImageLibrary, LibraryId, PageRequest, Provider,
    Service, Upload, UploadCommand,
};
use polyptych::emulator::{Emulator, Running, Settings};

use crate::pictures::{Amounts, picture};

/// Calls at once of the client that checks nothing; no library gets more from the domain.
const AT_ONCE: usize = 4;

/// A running emulator and a service over the libraries at it.
pub struct World {
    emulator: Running,
    service: Service,
}

/// A place in the emulator's journal, and what was left of the points then.
struct Mark {
    sequence: u64,
    left: Option<f64>,
}

impl World {
    /// Starts an emulator whose clock stands still, so that no points come back.
    ///
    /// # Errors
    /// If it cannot be started.
    pub async fn start() -> Result<Self> {
        Self::start_with(None).await
    }

    /// The same with libraries of Yandex v5 that send this many images per call; absent means as many as they do by default.
    pub(crate) async fn start_with(uploads_per_call: Option<u32>) -> Result<Self> {
        let emulator = Emulator::new(Settings::default()).serve().await?;
        let mut config = polyptych::emulated::config(&emulator.base_url());
        for library in config.libraries.values_mut().filter(|library| library.provider == ProviderKind::YandexDirectV5)
        {
            library.uploads_per_call = uploads_per_call;
        }
        let libraries = polyptych::open_libraries(&config)?;
        Ok(Self { emulator, service: Service::new(libraries, Arc::new(WorkerPool::default()))? })
    }

    /// The six libraries.
    pub fn libraries(&self) -> Vec<LibraryId> {
        self.service.libraries().map(|library| library.id().clone()).collect()
    }

    /// What does the work.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The emulator's control and journal.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Brings the pictures as a batch of the domain. The estimate before must be what it then costs.
    pub(crate) async fn through_the_domain(&self, id: &LibraryId, amounts: Amounts) -> Result<Cost> {
        let library = self.service.library(id)?.as_ref();
        self.bring_present(library, amounts).await?;
        let commands = commands(library, 0..amounts.pictures, amounts)?;
        let mark = self.mark(library).await?;
        let estimate = self.service.estimate(commands.clone()).await;
        let report = self.service.upload_many(commands, Budget::default()).await;
        let cost = self.since(library, mark).await?;
        for (number, outcome) in (0..).zip(&report.outcomes) {
            let expected = match outcome {
                Ok(receipt) => !amounts.is_broken(number) && receipt.reused == (number < amounts.present),
                Err(error) => amounts.is_broken(number) && is_of_the_picture(error),
            };
            ensure!(expected, "{id}: picture {number} has the outcome {outcome:?}");
        }
        let (told, estimated) = (report.costs.get(id), estimate.costs.get(id));
        // At Evotor an upload looks first whether the product is empty: two requests for one call of the library.
        let requests = if library.provider() == Provider::Evotor { 2 } else { 1 };
        let expected = told.map(|told| Cost { calls: told.calls * requests, ..*told });
        ensure!(expected == Some(cost), "{id}: told to have cost {told:?}, counted {cost:?}");
        ensure!(estimated == told, "{id}: estimated {estimated:?}, told to have cost {told:?}");
        Ok(cost)
    }

    /// Sends each picture in a call of its own, whatever it is and whatever is there.
    pub(crate) async fn one_per_call(&self, id: &LibraryId, amounts: Amounts) -> Result<Cost> {
        let library = self.service.library(id)?.as_ref();
        self.bring_present(library, amounts).await?;
        let mark = self.mark(library).await?;
        let commands = commands(library, 0..amounts.pictures, amounts)?;
        let bytes = commands.iter().map(|command| command.content.len()).sum();
        let calls = commands.into_iter().map(|command| {
            async move {
                let UploadCommand { album, name, content, .. } = command;
                let upload = Upload { name, format: Format::Png, class: None, content, replace: false };
                let album = album.context("a command without an album")?;
                let outcomes = library.upload(&album, &[upload]).await?;
                Ok::<_, anyhow::Error>(outcomes.into_iter().collect::<Result<Vec<_>, _>>()?)
            }
            .boxed()
        });
        let outcomes: Vec<_> = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        for (number, outcome) in (0..).zip(&outcomes) {
            let occupied = library.provider() == Provider::Evotor && number < amounts.present;
            ensure!(
                outcome.is_err() == (amounts.is_broken(number) || occupied),
                "{id}: picture {number} has the outcome {outcome:?}"
            );
        }
        let cost = self.since(library, mark).await?;
        match library.provider() {
            // Our library looks before it uploads; the client that stands for others does not.
            Provider::Evotor => Ok(Cost { calls: amounts.pictures.into(), bytes, ..cost }),
            _ => Ok(cost),
        }
    }

    /// Puts into the albums what is there before the comparison begins.
    async fn bring_present(&self, library: &dyn ImageLibrary, amounts: Amounts) -> Result<()> {
        let present = commands(library, 0..amounts.present, amounts)?;
        let report = self.service.upload_many(present, Budget::default()).await;
        report.outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(())
    }

    async fn mark(&self, library: &dyn ImageLibrary) -> Result<Mark> {
        let left = self.left(library).await?;
        let sequence = self.emulator.journal().last().map_or(0, |entry| entry.sequence);
        Ok(Mark { sequence, left })
    }

    /// Points that are left, where the API tells them; learnt by a list of one image.
    async fn left(&self, library: &dyn ImageLibrary) -> Result<Option<f64>> {
        if library.provider() != Provider::YandexDirectV5 {
            return Ok(None);
        }
        let album = library.default_album().context("a library without a default album")?;
        library.list(album, &PageRequest { size: 1, after: None }).await?;
        let quota = library.quota(album).await?;
        // Behind the name stands the login whose points they are.
        let gauge = quota.gauges.iter().find(|gauge| gauge.name.starts_with("Units"));
        let gauge = gauge.context("v5 does not tell its points")?;
        Ok(Some(gauge.left.context("v5 does not tell the points that are left")?))
    }

    /// What the emulator has counted since.
    async fn since(&self, library: &dyn ImageLibrary, mark: Mark) -> Result<Cost> {
        let entries = self.emulator.journal_after(mark.sequence);
        let (mut cost, mut by_prices) = (Cost::default(), 0);
        let prices = &library.capabilities().prices;
        for entry in &entries {
            let bytes: usize = entry.uploads.iter().map(|upload| upload.bytes).sum();
            cost += Cost { calls: 1, points: 0, bytes: bytes as u64 };
            by_prices += prices.upload.of(entry.uploads.len() as u64);
        }
        cost.points = match mark.left {
            None => by_prices,
            Some(before) => {
                let after = self.left(library).await?.context("v5 has stopped telling its points")?;
                // The list that tells it costs points of its own.
                (before - after) as u64 - prices.get.of(u64::from(!entries.is_empty()))
            }
        };
        Ok(cost)
    }
}

/// Whether a refusal is about the picture, so that nothing was sent.
fn is_of_the_picture(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::CorruptImage | ErrorKind::RulesViolated) && error.provider_error().is_none()
}

/// Uploads of these pictures. At Evotor each goes to a product of its own, since a product holds one image.
fn commands(library: &dyn ImageLibrary, numbers: std::ops::Range<u32>, amounts: Amounts) -> Result<Vec<UploadCommand>> {
    let album = library.default_album().context("a library without a default album")?;
    let of = |number: u32| -> Result<UploadCommand> {
        let album = match (library.provider(), album.as_str().split_once('~')) {
            (Provider::Evotor, Some((store, _))) => {
                AlbumId::new(format!("{store}~5e46f8de-ec4f-4f87-85de-{number:012x}"))?
            }
            _ => album.clone(),
        };
        let album = AlbumName { library: library.id().clone(), album };
        Ok(UploadCommand::new(album, format!("{number}.png"), picture(library.provider(), number, amounts)?))
    };
    numbers.map(of).collect()
}
