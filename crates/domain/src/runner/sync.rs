//! A plan as an operation: nothing is begun unless the albums and pictures are as the plan found them; then the uploads are
//! done, and after them the deletions of those albums into which every picture could be brought. A try that goes on from an
//! earlier one does not compare again, since the operation itself has changed the albums.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::steps::{Group, Halt, Named, Outcomes, Try, may_pass};
use crate::sync::{ManifestPicture, Plan, PlanStep};
use crate::work::{Failure, ItemOutcome};
use crate::{AlbumName, Error, ErrorKind, ImageId, ImageName, LibraryId, Sha256, UploadCommand, UploadPolicy};

/// A picture to be uploaded, and its place in the plan.
struct Wanted<'p> {
    place: u64,
    picture: &'p ManifestPicture,
    fetched: Option<&'p Sha256>,
    class: Option<String>,
    content: Sha256,
    replace: bool,
}

impl Try<'_> {
    pub(super) async fn sync(&self, plan: &Plan) {
        if self.is_first() {
            let (blobs, pictures) = (self.runner.blobs.as_ref(), &self.runner.pictures);
            match self.service.confirm_within(plan, blobs, pictures, &self.meters).await {
                Ok(()) => {}
                Err(error) if may_pass(&error) => return self.halt(Halt::Passing(error)),
                Err(error) => return self.halt(Halt::Failed(error)),
            }
        }
        self.bring_all(plan).await;
        if !self.is_halted() {
            match self.outcomes().await {
                Ok(outcomes) => self.delete_others(plan, &outcomes).await,
                Err(error) => self.halt(Halt::Passing(error)),
            }
        }
    }

    async fn bring_all(&self, plan: &Plan) {
        let pictures: BTreeMap<&str, &ManifestPicture> =
            plan.manifest.pictures.iter().map(|picture| (picture.key.as_str(), picture)).collect();
        let mut albums = BTreeMap::<&AlbumName, Vec<Wanted<'_>>>::new();
        for (place, step) in (0..).zip(&plan.steps).filter(|(place, _)| self.is_open(*place)) {
            let PlanStep::Upload { album, picture, class, content, replace, .. } = step else { continue };
            let Some(picture) = pictures.get(picture.as_str()).copied() else {
                let message = format!("the plan has no picture `{picture}`");
                return self.halt(Halt::Failed(Error::new(ErrorKind::InvalidArgument, message)));
            };
            let fetched = plan.fetched.get(&picture.key);
            let wanted = Wanted { place, picture, fetched, class: class.clone(), content: *content, replace: *replace };
            albums.entry(album).or_default().push(wanted);
        }
        let mut work = BTreeMap::<LibraryId, Vec<Group<'_>>>::new();
        for (album, mut wanted) in albums {
            let library = self.service.library(&album.library);
            let most = library.map_or(1, |library| library.capabilities().uploads_per_call).max(1) as usize;
            let groups = work.entry(album.library.clone()).or_default();
            while !wanted.is_empty() {
                let rest = wanted.split_off(most.min(wanted.len()));
                groups.push(self.arrival(album, std::mem::replace(&mut wanted, rest)));
            }
        }
        self.carry_out(work).await;
    }

    fn arrival<'g>(&'g self, album: &'g AlbumName, wanted: Vec<Wanted<'g>>) -> Group<'g> {
        let places = wanted.iter().map(|wanted| wanted.place).collect();
        let work = async move {
            let brought = wanted.into_iter().map(|wanted| async move {
                let place = wanted.place;
                (place, self.content(album, wanted).await)
            });
            let (mut outcomes, mut commands) = (Outcomes::new(), Vec::new());
            for (place, brought) in join_all(brought.map(FutureExt::boxed)).await {
                match brought {
                    Ok(command) => commands.push((place, command)),
                    Err(error) => outcomes.push((place, Err(error))),
                }
            }
            outcomes.extend(self.upload_all(commands).await);
            outcomes
        };
        Group { places, work: work.boxed() }
    }

    async fn content(&self, album: &AlbumName, wanted: Wanted<'_>) -> Result<UploadCommand, Error> {
        let Wanted { picture, fetched, class, content: planned, replace, .. } = wanted;
        let (blobs, pictures) = (self.runner.blobs.as_ref(), &self.runner.pictures);
        let content = self.service.content_of(picture, fetched, blobs, pictures).await?;
        if content.sha256() != planned {
            let message = format!("the picture `{}` is not the one that was planned; make another plan", picture.key);
            return Err(Error::new(ErrorKind::PlanOutdated, message));
        }
        Ok(UploadCommand {
            library: album.library.clone(),
            album: Some(album.album.clone()),
            name: picture.name().unwrap_or_default(),
            content,
            fit: picture.fit,
            animation: picture.animation,
            class,
            replace,
            policy: UploadPolicy::Reuse,
        })
    }

    /// Deletes what the plan deletes, save what an upload turned out to be, and save from albums into which a picture could not
    /// be brought, through whichever entry of the manifest.
    async fn delete_others(&self, plan: &Plan, outcomes: &BTreeMap<u64, ItemOutcome>) {
        let (mut stored, mut failed) = (BTreeMap::<(&AlbumName, &ImageId), &ItemOutcome>::new(), BTreeMap::new());
        for (place, step) in (0..).zip(&plan.steps) {
            let PlanStep::Upload { album, picture, .. } = step else { continue };
            match outcomes.get(&place) {
                Some(outcome @ ItemOutcome::Stored(record)) => {
                    stored.insert((album, &record.image.id), outcome);
                }
                Some(ItemOutcome::Failed(failure)) => {
                    failed.entry(album).or_insert((picture, failure));
                }
                Some(ItemOutcome::Deleted(_) | ItemOutcome::Planned(_)) | None => {}
            }
        }
        let same: BTreeMap<&AlbumName, &[AlbumName]> =
            plan.albums.iter().map(|planned| (&planned.album, planned.same.as_slice())).collect();
        let mut work = BTreeMap::<LibraryId, Vec<Group<'_>>>::new();
        let mut albums = BTreeMap::<&AlbumName, Vec<Named>>::new();
        for (place, step) in (0..).zip(&plan.steps).filter(|(place, _)| self.is_open(*place)) {
            let PlanStep::Delete { album, image, .. } = step else { continue };
            let all = || [album].into_iter().chain(same.get(album).copied().unwrap_or_default());
            let failed = all().find_map(|album| failed.get(album));
            let outcome = match (failed, all().find_map(|album| stored.get(&(album, image)))) {
                (Some((picture, failure)), _) => Err(withheld(picture, failure)),
                (None, Some(outcome)) => Ok((*outcome).clone()),
                (None, None) => {
                    let name = ImageName { album: album.clone(), image: image.clone() };
                    albums.entry(album).or_default().push((name, vec![place]));
                    continue;
                }
            };
            let group = Group { places: vec![place], work: async move { vec![(place, outcome)] }.boxed() };
            work.entry(album.library.clone()).or_default().push(group);
        }
        self.add_deletions(&mut work, albums);
        self.carry_out(work).await;
    }
}

/// Why an image was not deleted.
fn withheld(picture: &str, failure: &Failure) -> Error {
    let message = format!("not deleted, since `{picture}` could not be brought into the album");
    let error = Error::new(failure.kind, message.clone());
    // That upload has its outcome, so that another try would meet the same.
    if may_pass(&error) { Error::new(ErrorKind::PlanOutdated, message) } else { error }
}
