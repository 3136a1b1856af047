//! Uploads of an operation: a picture for many albums, or pictures from addresses. An upload that an earlier try has begun
//! is found again by its claim or in the catalogue, and not sent twice.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::steps::{Group, Halt, Outcomes, Try};
use crate::service::Fitted;
use crate::work::{ImageRecord, ImportItem, ImportTask, ItemOutcome, PublishTask, UploadTerms};
use crate::{
    AlbumName, Budget, Error, ImportCommand, ImportStep, Imported, LibraryId, PictureUrl, PublishCommand,
    UploadCommand, UploadPolicy, UploadReceipt,
};

/// A picture from an address.
enum Brought {
    /// It is here, to be uploaded.
    Here(Box<UploadCommand>),
    /// The provider has fetched it.
    Stored(ItemOutcome),
}

impl Try<'_> {
    pub(super) async fn publish(&self, task: &PublishTask) {
        let content = match self.runner.blobs.open(&task.sha256).await {
            Ok(content) => content,
            Err(error) => return self.halt(Halt::Passing(error)),
        };
        let open: Vec<u64> = (0..task.targets.len() as u64).filter(|place| self.is_open(*place)).collect();
        let targets = (0..).zip(&task.targets).filter(|(place, _)| self.is_open(*place));
        let UploadTerms { fit, animation, replace, policy } = task.terms.clone();
        let command = PublishCommand {
            name: task.name.clone(),
            content,
            targets: targets.map(|(_, target)| target.clone().into()).collect(),
            fit,
            animation,
            replace,
            policy,
            budget: Budget::default(),
        };
        let fitted = self.service.fitted(&command).await;
        let mut albums = BTreeMap::<AlbumName, Vec<(u64, Result<Fitted, Error>)>>::new();
        for ((place, target), fitted) in open.into_iter().zip(&command.targets).zip(fitted) {
            let Some(album) = target.album.clone() else { continue };
            let fitted = fitted.map(|fitted| match self.policy(place, policy) {
                policy if policy == command.policy => fitted,
                policy => fitted.with_policy(policy),
            });
            let album = AlbumName { library: target.library.clone(), album };
            albums.entry(album).or_default().push((place, fitted));
        }
        let mut work = BTreeMap::<LibraryId, Vec<Group<'_>>>::new();
        for (album, fitted) in albums {
            work.entry(album.library).or_default().push(self.publication(fitted));
        }
        self.carry_out(work).await;
    }

    fn publication(&self, fitted: Vec<(u64, Result<Fitted, Error>)>) -> Group<'_> {
        let places = fitted.iter().map(|(place, _)| *place).collect();
        let work = async move {
            let (mut outcomes, mut ready, mut places) = (Outcomes::with_capacity(fitted.len()), Vec::new(), Vec::new());
            for (place, fitted) in fitted {
                match fitted {
                    Ok(fitted) => {
                        ready.push(fitted);
                        places.push(place);
                    }
                    Err(error) => outcomes.push((place, Err(error))),
                }
            }
            let report = self.service.put_fitted(ready, &self.meters).await;
            let stored = places.into_iter().zip(report.outcomes);
            outcomes.extend(stored.map(|(place, outcome)| (place, outcome.map(|receipt| self.stored(place, receipt)))));
            outcomes
        };
        Group { places, work: work.boxed() }
    }

    /// Pictures that may share a call of their library are brought and uploaded together.
    pub(super) async fn import(&self, task: &ImportTask) {
        let mut albums = BTreeMap::<&AlbumName, Vec<(u64, &ImportItem)>>::new();
        for (place, item) in (0..).zip(&task.items).filter(|(place, _)| self.is_open(*place)) {
            albums.entry(&item.target.album).or_default().push((place, item));
        }
        let mut work = BTreeMap::<LibraryId, Vec<Group<'_>>>::new();
        for (album, items) in albums {
            let library = self.service.library(&album.library);
            let most = library.map_or(1, |library| library.capabilities().uploads_per_call).max(1) as usize;
            let groups = work.entry(album.library.clone()).or_default();
            groups.extend(items.chunks(most).map(|chunk| {
                let chunk = chunk.iter().map(|(place, item)| (*place, (*item).clone())).collect();
                self.importation(chunk, &task.terms)
            }));
        }
        self.carry_out(work).await;
    }

    fn importation<'g>(&'g self, items: Vec<(u64, ImportItem)>, terms: &'g UploadTerms) -> Group<'g> {
        let places = items.iter().map(|(place, _)| *place).collect();
        let work = async move {
            let brought = items.into_iter().map(|(place, item)| async move {
                let brought = self.bring(place, item, terms).await;
                (place, brought)
            });
            let (mut outcomes, mut commands) = (Outcomes::new(), Vec::new());
            for (place, brought) in join_all(brought.map(FutureExt::boxed)).await {
                match brought {
                    Ok(Brought::Stored(outcome)) => outcomes.push((place, Ok(outcome))),
                    Ok(Brought::Here(command)) => commands.push((place, *command)),
                    Err(error) => outcomes.push((place, Err(error))),
                }
            }
            outcomes.extend(self.upload_all(commands).await);
            outcomes
        };
        Group { places, work: work.boxed() }
    }

    /// Uploads pictures that may share calls.
    pub(super) async fn upload_all(&self, commands: Vec<(u64, UploadCommand)>) -> Outcomes {
        let (places, commands): (Vec<_>, Vec<_>) = commands.into_iter().unzip();
        let report = self.service.upload_within(commands, &self.meters).await;
        let stored = places.into_iter().zip(report.outcomes);
        stored.map(|(place, outcome)| (place, outcome.map(|receipt| self.stored(place, receipt)))).collect()
    }

    /// Brings a picture here, or into its album where the provider fetches it by itself.
    async fn bring(&self, place: u64, item: ImportItem, terms: &UploadTerms) -> Result<Brought, Error> {
        let UploadTerms { fit, animation, replace, policy } = terms.clone();
        let AlbumName { library, album } = item.target.album;
        let command = ImportCommand {
            url: PictureUrl::new(item.url)?,
            name: item.name,
            library,
            album: Some(album),
            class: item.target.class,
            fit,
            animation,
            replace,
            policy: self.policy(place, policy),
        };
        match self.service.import_step(&self.runner.pictures, command).await? {
            ImportStep::Upload(command) => Ok(Brought::Here(command)),
            ImportStep::Native(native) => {
                let pauses = self.runner.pauses.as_ref();
                let begun = self.was_begun(place);
                let imported = self.service.import_within(pauses, &native, begun, &self.meters).await?;
                let Imported { album, image, sent, reused, found, resent, request_id, .. } = imported;
                let record = ImageRecord { library: album.library, image, sent, reused, found, resent, request_id };
                Ok(Brought::Stored(ItemOutcome::Stored(Box::new(record))))
            }
        }
    }

    /// What an upload may rely on. One that an earlier try has begun may have been sent already, whatever is asked for, so
    /// that the album is looked into before anything is sent.
    fn policy(&self, place: u64, asked: UploadPolicy) -> UploadPolicy {
        match asked {
            UploadPolicy::Force if self.was_begun(place) => UploadPolicy::Verify,
            asked => asked,
        }
    }

    /// An upload's outcome. What an earlier try has stored was not there before the operation.
    fn stored(&self, place: u64, receipt: UploadReceipt) -> ItemOutcome {
        let UploadReceipt { album, image, sent, found, resent, reused, request_id, .. } = receipt;
        let found = found || (reused && self.was_begun(place));
        let reused = reused && !found;
        ItemOutcome::Stored(Box::new(ImageRecord {
            library: album.library,
            image,
            sent: Some(sent),
            reused,
            found,
            resent,
            request_id,
        }))
    }
}
