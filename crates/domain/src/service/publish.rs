//! One picture into many albums: it is verified once and fitted once for each set of rules, and what an album holds already is not sent.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::batch::{BatchReport, Source, Work, in_order};
use super::meter::Meters;
use super::put::Ready;
use super::{Planned, Service, UploadCommand, UploadPolicy, UploadReceipt, album, located, prepare};
use crate::workers::on_workers;
use crate::{
    AlbumId, AlbumName, Animation, Budget, Content, Costs, Error, ErrorKind, Fit, ImageLibrary, Inspection, LibraryId,
    Rgb, Rules,
};

/// An album that is to get a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishTarget {
    /// The library.
    pub library: LibraryId,
    /// The album in it; absent means the library's default album.
    pub album: Option<AlbumId>,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
}

impl From<LibraryId> for PublishTarget {
    /// The default album of a library.
    fn from(library: LibraryId) -> Self {
        Self { library, album: None, class: None }
    }
}

impl From<AlbumName> for PublishTarget {
    fn from(album: AlbumName) -> Self {
        Self { library: album.library, album: Some(album.album), class: None }
    }
}

/// One picture for many albums.
#[derive(Debug, Clone)]
pub struct PublishCommand {
    /// Name to keep, with an extension; where fitting changes the format, the extension follows.
    pub name: String,
    /// The bytes as received.
    pub content: Content,
    /// Where to. An album that is named twice has two outcomes and gets the picture once.
    pub targets: Vec<PublishTarget>,
    /// What may be done to the picture; [`PublishCommand::FIT`] is the usual way.
    pub fit: Fit,
    /// What the fit does with several frames; without a fit, they are sent.
    pub animation: Animation,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// What an upload may rely on.
    pub policy: UploadPolicy,
    /// What it may cost, over all libraries.
    pub budget: Budget,
}

impl PublishCommand {
    /// How a picture is published unless told otherwise: whole, padded with white.
    pub const FIT: Fit = Fit::Contain { background: Rgb::WHITE };

    /// Puts `content` into albums in the usual way, [`PublishCommand::FIT`], without a limit of what it costs. A library
    /// alone means its default album.
    pub fn new(
        name: impl Into<String>,
        content: impl Into<Content>,
        targets: impl IntoIterator<Item: Into<PublishTarget>>,
    ) -> Self {
        Self {
            name: name.into(),
            content: content.into(),
            targets: targets.into_iter().map(Into::into).collect(),
            fit: Self::FIT,
            animation: Animation::default(),
            replace: false,
            policy: UploadPolicy::default(),
            budget: Budget::default(),
        }
    }
}

/// A picture as a library wants it, for one of its albums.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    library: LibraryId,
    album: AlbumId,
    ready: Ready,
}

impl Fitted {
    /// Says what its upload may rely on.
    #[must_use]
    pub(crate) fn with_policy(mut self, policy: UploadPolicy) -> Self {
        self.ready.policy = policy;
        self
    }
}

impl Service {
    /// Puts one picture into many albums: one outcome per target, in order. What goes wrong in one library leaves the
    /// others alone.
    pub async fn publish(&self, command: PublishCommand) -> BatchReport {
        let (mut places, mut refused) = (Vec::with_capacity(command.targets.len()), Vec::new());
        for (place, fitted) in self.fitted(&command).await.into_iter().enumerate() {
            match fitted {
                Ok(fitted) => places.push((place, fitted)),
                Err(error) => refused.push((place, Err(error))),
            }
        }
        self.put_in_places(command.targets.len(), refused, places, &Meters::new(command.budget)).await
    }

    /// The picture as each target's library wants it, in the order of the targets: verified once, fitted once for each
    /// set of rules.
    pub(crate) async fn fitted(&self, command: &PublishCommand) -> Vec<Result<Fitted, Error>> {
        let mut kinds = Kinds::default();
        let mut placed = Vec::with_capacity(command.targets.len());
        for target in &command.targets {
            let found = self.library(&target.library).and_then(|library| {
                let library = library.as_ref();
                Ok((library, album(library, target.album.as_ref())?))
            });
            placed.push(found.map(|(library, album)| {
                let number = kinds.number(library, target.class.as_deref());
                (library, album, number)
            }));
        }
        let ready = match kinds.all.is_empty() {
            true => Vec::new(),
            false => self.ready_for_all(command, &kinds.all).await,
        };
        let fitted = placed.into_iter().map(|placed| {
            let (library, album, number) = placed?;
            let unfitted = || Error::new(ErrorKind::Internal, "the picture was fitted for nobody");
            match ready.get(number).cloned().unwrap_or_else(|| Err(unfitted())) {
                Ok(ready) => Ok(Fitted { library: library.id().clone(), album, ready }),
                Err(error) => Err(located(error, library, &album)),
            }
        });
        fitted.collect()
    }

    /// Puts pictures into their albums within these accounts: one outcome each, in order.
    pub(crate) async fn put_fitted(&self, fitted: Vec<Fitted>, meters: &Meters) -> BatchReport {
        self.put_in_places(fitted.len(), Vec::new(), fitted.into_iter().enumerate().collect(), meters).await
    }

    async fn put_in_places(
        &self,
        places: usize,
        refused: Vec<(usize, Result<UploadReceipt, Error>)>,
        fitted: Vec<(usize, Fitted)>,
        meters: &Meters,
    ) -> BatchReport {
        self.run(places, refused, by_library(fitted), meters).await
    }

    /// Says what [`Service::publish`] would do and cost if every picture were taken, without a call: the picture is fitted
    /// as it would be. What `Verify` would ask for is counted as one reading each.
    pub async fn estimate_publish(&self, command: &PublishCommand) -> BatchReport<Planned> {
        let (mut settled, mut places) = (Vec::new(), Vec::new());
        for (place, fitted) in self.fitted(command).await.into_iter().enumerate() {
            match fitted {
                Ok(fitted) => places.push((place, fitted)),
                Err(error) => settled.push((place, Err(error))),
            }
        }
        let plans = by_library(places).into_iter().map(|(id, work)| self.plan(id, work).boxed());
        let mut costs = Costs::new();
        for (id, planned, cost) in join_all(plans).await {
            settled.extend(planned);
            costs.insert(id, cost);
        }
        BatchReport { outcomes: in_order(command.targets.len(), settled), costs }
    }

    /// The picture as each kind wants it.
    async fn ready_for_all(&self, command: &PublishCommand, kinds: &[Kind<'_>]) -> Vec<Result<Ready, Error>> {
        let (name, content) = (command.name.clone(), command.content.clone());
        let verified = on_workers(self.workers.as_ref(), move |_| prepare::verified(&name, &content)).await;
        match verified.and_then(|verified| verified) {
            Ok(image) => join_all(kinds.iter().map(|kind| self.ready(command, kind, image).boxed())).await,
            Err(error) => vec![Err(error); kinds.len()],
        }
    }

    /// The picture as these rules want it.
    async fn ready(&self, command: &PublishCommand, kind: &Kind<'_>, image: Inspection) -> Result<Ready, Error> {
        let rules = kind.rules;
        let upload = UploadCommand {
            library: kind.library.clone(),
            album: None,
            name: command.name.clone(),
            content: command.content.clone(),
            fit: command.fit,
            animation: command.animation,
            class: kind.class.map(str::to_owned),
            replace: command.replace,
            policy: command.policy,
        };
        let prepared = on_workers(self.workers.as_ref(), move |cancelled| {
            prepare::prepare_verified(rules, upload, &image, cancelled)
        });
        Ok(Ready::new(prepared.await??, command.replace, command.policy))
    }
}

fn by_library(fitted: Vec<(usize, Fitted)>) -> BTreeMap<LibraryId, Vec<Work>> {
    let mut work = BTreeMap::<LibraryId, Vec<Work>>::new();
    for (place, Fitted { library, album, ready }) in fitted {
        work.entry(library).or_default().push(Work { place, album, source: Source::Ready(ready) });
    }
    work
}

/// Rules that a picture is fitted to, and the first library that has them.
#[derive(Debug, Clone, Copy)]
struct Kind<'k> {
    library: &'k LibraryId,
    rules: &'static Rules,
    class: Option<&'k str>,
}

/// The kinds of picture that targets want, each once.
#[derive(Default)]
struct Kinds<'k> {
    all: Vec<Kind<'k>>,
    /// Distinct rules, and which of them a library has.
    rules: Vec<&'static Rules>,
    of_library: HashMap<&'k LibraryId, usize>,
    numbers: HashMap<(usize, Option<&'k str>), usize>,
}

impl<'k> Kinds<'k> {
    /// The number of the kind that a library wants. Callers choose the classes, so that these are never compared one by one;
    /// libraries are few.
    fn number(&mut self, library: &'k dyn ImageLibrary, class: Option<&'k str>) -> usize {
        let (id, rules) = (library.id(), library.rules());
        let known = &mut self.rules;
        let of_library = *self.of_library.entry(id).or_insert_with(|| {
            let same = |other: &&'static Rules| std::ptr::eq(*other, rules) || *other == rules;
            known.iter().position(same).unwrap_or_else(|| {
                known.push(rules);
                known.len() - 1
            })
        });
        *self.numbers.entry((of_library, class)).or_insert_with(|| {
            self.all.push(Kind { library: id, rules, class });
            self.all.len() - 1
        })
    }
}
