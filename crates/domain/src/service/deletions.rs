//! Many images out of many albums, in as few calls as each library takes: every image has an outcome, in the order in
//! which they were named. The catalogue forgets what is gone.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt, stream};

use super::batch::BatchReport;
use super::meter::{Meter, Meters};
use super::sending::has_arrived;
use super::{Service, located, wrong_number};
use crate::{
    AlbumId, AlbumName, Applied, AuditEvent, Budget, Confirmed, Cost, Error, ErrorKind, ImageId, ImageLibrary,
    ImageName, Known, LibraryId, Prices, Sha256, Verb,
};

/// Images of one album by their first places, and the places of each.
#[derive(Default)]
struct Named {
    ids: Vec<ImageId>,
    places: HashMap<ImageId, Vec<usize>>,
}

impl Service {
    /// Deletes one image.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::delete`] tells.
    pub async fn delete(&self, name: &ImageName) -> Result<Confirmed, Error> {
        let library = self.library(&name.album.library)?.as_ref();
        let (album, images) = (&name.album.album, std::slice::from_ref(&name.image));
        let under_way = self.under_way(Verb::Delete, &name.album, [Some(name.image.clone())]);
        let outcome = async {
            let known = self.displaced(library, album, images).await?;
            let outcome = match library.delete(album, images).await {
                Ok(mut outcomes) => match (outcomes.pop(), outcomes.is_empty()) {
                    (Some(outcome), true) => outcome,
                    _ => Err(wrong_number("deletion")),
                },
                Err(error) => Err(error),
            };
            let forgotten = match may_be_gone(&outcome) {
                true => self.forget(library, album, images).await,
                false => {
                    self.restore(&self.canonical(library, album), known).await;
                    Ok(())
                }
            };
            outcome.and_then(|confirmed| forgotten.map(|()| confirmed).map_err(still_known))
        };
        let outcome = outcome.await.map_err(|error| located(error, library, album));
        under_way.end(self.deletion(library, name, &outcome)).await;
        outcome
    }

    /// The event of a deletion.
    fn deletion(
        &self,
        library: &dyn ImageLibrary,
        name: &ImageName,
        outcome: &Result<Confirmed, Error>,
    ) -> Vec<AuditEvent> {
        if !self.is_audited() {
            return Vec::new();
        }
        let prices = &library.capabilities().prices;
        let points = match outcome {
            Ok(_) => prices.delete.of(1),
            Err(error) => refused(prices, error),
        };
        let told = outcome.as_ref().map(|confirmed| confirmed.request_id.as_deref());
        vec![self.event(Verb::Delete, &name.album, Some(&name.image), told, points)]
    }

    /// Deletes many images of any libraries and albums. An image that is named twice is deleted once and has two outcomes.
    /// What `budget` does not allow fails with `BudgetSpent` before it is sent.
    pub async fn delete_many(&self, names: &[ImageName], budget: Budget) -> BatchReport<Confirmed> {
        self.delete_within(names, &Meters::new(budget)).await
    }

    /// Deletes many images within these accounts.
    pub(crate) async fn delete_within(&self, names: &[ImageName], meters: &Meters) -> BatchReport<Confirmed> {
        let mut work = BTreeMap::<&LibraryId, BTreeMap<AlbumId, Named>>::new();
        for (place, name) in names.iter().enumerate() {
            let albums = work.entry(&name.album.library).or_default();
            // Under two spellings of its album an image is still one.
            let album = match self.library(&name.album.library) {
                Ok(library) => library.canonical(&name.album.album),
                Err(_) => name.album.album.clone(),
            };
            let named = albums.entry(album).or_default();
            let places = named.places.entry(name.image.clone()).or_default();
            if places.is_empty() {
                named.ids.push(name.image.clone());
            }
            places.push(place);
        }
        let deletions = work.into_iter().map(|(id, albums)| {
            async move {
                let outcomes = self.delete_in(id, &albums, &meters.of(id)).await;
                spread(&albums, outcomes)
            }
            .boxed()
        });
        let forgotten =
            || Error::new(ErrorKind::Internal, "a deletion was lost sight of").with_applied(Applied::Unknown);
        let mut outcomes: Vec<Result<Confirmed, Error>> = names.iter().map(|_| Err(forgotten())).collect();
        for (place, outcome) in join_all(deletions).await.into_iter().flatten() {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = outcome;
            }
        }
        BatchReport { outcomes, costs: meters.spent() }
    }

    /// One outcome per distinct image of each album, in no order.
    async fn delete_in(
        &self,
        id: &LibraryId,
        albums: &BTreeMap<AlbumId, Named>,
        meter: &Meter,
    ) -> Vec<(AlbumId, ImageId, Result<Confirmed, Error>)> {
        let library = match self.library(id) {
            Ok(library) => library.as_ref(),
            Err(error) => {
                let refused = |(album, named): (&AlbumId, &Named)| {
                    let album = album.clone();
                    let ids = named.ids.clone().into_iter();
                    ids.map(|id| (album.clone(), id, Err(error.clone()))).collect::<Vec<_>>()
                };
                return albums.iter().flat_map(refused).collect();
            }
        };
        let capabilities = library.capabilities();
        let per_call = capabilities.deletes_per_call.max(1) as usize;
        let mut calls = Vec::new();
        for (album, named) in albums {
            for chunk in named.ids.chunks(per_call) {
                let call = async move {
                    let outcomes = self.delete_chunk(library, album, chunk, meter).await;
                    let each = chunk.iter().cloned().zip(outcomes);
                    each.map(|(image, outcome)| (album.clone(), image, outcome)).collect::<Vec<_>>()
                };
                calls.push(call.boxed());
            }
        }
        stream::iter(calls).buffer_unordered(capabilities.calls_at_once.max(1) as usize).concat().await
    }

    /// Deletes what fits into one call of the library: one outcome per id, in order.
    async fn delete_chunk(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        ids: &[ImageId],
        meter: &Meter,
    ) -> Vec<Result<Confirmed, Error>> {
        let (told, points) = self.delete_call(library, album, ids, meter).await;
        let outcomes = told.unwrap_or_else(|error| vec![Err(error); ids.len()]);
        let outcomes: Vec<_> =
            outcomes.into_iter().map(|outcome| outcome.map_err(|error| located(error, library, album))).collect();
        let name = AlbumName { library: library.id().clone(), album: album.clone() };
        // What the call has cost is told with its first image.
        let points = std::iter::once(points).chain(std::iter::repeat(0));
        let events = ids.iter().zip(&outcomes).zip(points).map(|((id, outcome), points)| {
            let told = outcome.as_ref().map(|confirmed| confirmed.request_id.as_deref());
            self.event(Verb::Delete, &name, Some(id), told, points)
        });
        self.audit(events.collect()).await;
        outcomes
    }

    /// The outcomes, and the points that the call has cost.
    async fn delete_call(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        ids: &[ImageId],
        meter: &Meter,
    ) -> (Result<Vec<Result<Confirmed, Error>>, Error>, u64) {
        let (prices, images) = (&library.capabilities().prices, ids.len() as u64);
        let most = prices
            .delete
            .of(images)
            .max(prices.delete.call.saturating_add(prices.refused_image.saturating_mul(images)));
        let most_of_all = Cost { calls: 1, points: most.max(prices.refused_call), bytes: 0 };
        let reserved = match meter.reserve(album, most_of_all).await {
            Ok(reserved) => reserved,
            Err(error) => return (Err(error), 0),
        };
        let known = match self.displaced(library, album, ids).await {
            Ok(known) => known,
            Err(error) => {
                reserved.spend(Cost::default());
                return (Err(error), 0);
            }
        };
        let told = library.delete(album, ids).await.and_then(|outcomes| {
            if outcomes.len() == ids.len() { Ok(outcomes) } else { Err(wrong_number("deletion")) }
        });
        let points = match &told {
            Ok(outcomes) => {
                let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count() as u64;
                prices.delete.of(images - refused).saturating_add(prices.refused_image.saturating_mul(refused))
            }
            Err(error) if error.applied() != Applied::No => most,
            Err(error) if error.provider_error().is_some() => prices.refused_call,
            Err(_) => 0,
        };
        let arrived = told.as_ref().err().is_none_or(has_arrived);
        reserved.spend(Cost { calls: u64::from(arrived), points, bytes: 0 });
        let told = match told {
            Ok(mut outcomes) => {
                let gone = ids.iter().zip(&outcomes).filter(|(_, outcome)| may_be_gone(outcome));
                let gone: Vec<ImageId> = gone.map(|(id, _)| id.clone()).collect();
                if let Err(error) = self.forget(library, album, &gone).await {
                    let error = still_known(error);
                    outcomes.iter_mut().filter(|outcome| outcome.is_ok()).for_each(|done| *done = Err(error.clone()));
                }
                let gone: HashSet<&ImageId> = gone.iter().collect();
                let there = known.into_iter().filter(|(_, known)| !gone.contains(&known.image)).collect();
                self.restore(&self.canonical(library, album), there).await;
                Ok(outcomes)
            }
            Err(error) => {
                meter.stop(album, &error);
                if error.applied() == Applied::No {
                    self.restore(&self.canonical(library, album), known).await;
                } else {
                    // What became of the images is told; that they may be known still is the lesser news.
                    let _ = self.forget(library, album, ids).await;
                }
                Err(error)
            }
        };
        (told, points)
    }

    /// Forgets what is about to be deleted, so that a deletion that is cut off leaves nothing untrue behind. What was known is
    /// returned, for one that comes to nothing.
    ///
    /// # Errors
    /// If the catalogue cannot be read or written; nothing was sent.
    async fn displaced(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        ids: &[ImageId],
    ) -> Result<Vec<(Sha256, Known)>, Error> {
        let name = self.canonical(library, album);
        let known = self.catalogue.contents(&name, ids).await?;
        if !known.is_empty() {
            self.catalogue.forget(&name, ids).await?;
        }
        Ok(known)
    }

    /// An album as the catalogue knows it.
    fn canonical(&self, library: &dyn ImageLibrary, album: &AlbumId) -> AlbumName {
        AlbumName { library: library.id().clone(), album: library.canonical(album) }
    }

    /// Takes images that are gone, or may be, out of the catalogue.
    ///
    /// # Errors
    /// `Internal` if the catalogue cannot be written: it still knows them.
    pub(super) async fn forget(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        gone: &[ImageId],
    ) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        self.catalogue.forget(&self.canonical(library, album), gone).await
    }
}

/// What is told of an image that was deleted, and that the catalogue could not forget.
pub(super) fn still_known(error: Error) -> Error {
    error.with_applied(Applied::Yes)
}

/// What a deletion of one image cost that failed.
pub(super) fn refused(prices: &Prices, error: &Error) -> u64 {
    let most = prices.delete.of(1).max(prices.delete.call.saturating_add(prices.refused_image));
    match error.applied() {
        Applied::No if error.provider_error().is_some() => prices.refused_call.min(most),
        Applied::No => 0,
        Applied::Yes | Applied::Unknown => most,
    }
}

/// Whether an image is gone after its deletion, or nobody knows.
pub(super) fn may_be_gone(outcome: &Result<Confirmed, Error>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ImageNotFound || error.applied() != Applied::No,
    }
}

/// The outcome of each image at all of its places.
fn spread(
    albums: &BTreeMap<AlbumId, Named>,
    outcomes: Vec<(AlbumId, ImageId, Result<Confirmed, Error>)>,
) -> Vec<(usize, Result<Confirmed, Error>)> {
    let mut settled = Vec::with_capacity(outcomes.len());
    for (album, image, outcome) in outcomes {
        let places = albums.get(&album).and_then(|named| named.places.get(&image));
        settled.extend(places.into_iter().flatten().map(|place| (*place, outcome.clone())));
    }
    settled
}
