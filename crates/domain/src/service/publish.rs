//! One picture into many albums: it is fitted once for each set of rules, and what an album holds already is not sent.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::batch::{BatchReport, Source, Work};
use super::meter::Meters;
use super::put::Ready;
use super::{Service, UploadCommand, UploadPolicy, album, located, prepare};
use crate::workers::on_workers;
use crate::{AlbumId, Animation, Budget, Content, Error, Fit, LibraryId, Rgb, Rules};

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
    /// What it may cost in each library.
    pub budget: Budget,
}

impl PublishCommand {
    /// How a picture is published unless told otherwise: whole, padded with white.
    pub const FIT: Fit = Fit::Contain { background: Rgb::WHITE };
}

impl Service {
    /// Puts one picture into many albums: one outcome per target, in order. What goes wrong in one library leaves the
    /// others alone.
    pub async fn publish(&self, command: PublishCommand) -> BatchReport {
        let mut kinds = Vec::<Kind<'_>>::new();
        let mut placed = Vec::with_capacity(command.targets.len());
        let mut refused = Vec::new();
        for (place, target) in command.targets.iter().enumerate() {
            let found = self.library(&target.library).and_then(|library| {
                let library = library.as_ref();
                Ok((library, album(library, target.album.as_ref())?))
            });
            match found {
                Ok((library, album)) => {
                    let kind = Kind { library: library.id(), rules: library.rules(), class: target.class.as_deref() };
                    let number = kinds.iter().position(|other| other.is_same(&kind)).unwrap_or_else(|| {
                        kinds.push(kind);
                        kinds.len() - 1
                    });
                    placed.push((place, library, album, number));
                }
                Err(error) => refused.push((place, Err(error))),
            }
        }
        let ready = join_all(kinds.iter().map(|kind| self.ready(&command, kind).boxed())).await;
        let mut work = BTreeMap::<LibraryId, Vec<Work>>::new();
        for (place, library, album, number) in placed {
            match ready.get(number) {
                Some(Ok(ready)) => {
                    let source = Source::Ready(ready.clone());
                    work.entry(library.id().clone()).or_default().push(Work { place, album, source });
                }
                Some(Err(error)) => refused.push((place, Err(located(error.clone(), library, &album)))),
                None => {}
            }
        }
        self.run(command.targets.len(), refused, work, &Meters::new(command.budget)).await
    }

    /// The picture as these rules want it.
    async fn ready(&self, command: &PublishCommand, kind: &Kind<'_>) -> Result<Ready, Error> {
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
        let prepared =
            on_workers(self.workers.as_ref(), move |cancelled| prepare::prepare(rules, upload, cancelled)).await??;
        Ok(Ready::new(prepared, command.replace, command.policy))
    }
}

/// Rules that a picture is fitted to, and the first library that has them.
#[derive(Debug, Clone, Copy)]
struct Kind<'k> {
    library: &'k LibraryId,
    rules: &'static Rules,
    class: Option<&'k str>,
}

impl Kind<'_> {
    /// Whether a picture for one is a picture for the other.
    fn is_same(&self, other: &Kind<'_>) -> bool {
        self.class == other.class && (std::ptr::eq(self.rules, other.rules) || self.rules == other.rules)
    }
}
