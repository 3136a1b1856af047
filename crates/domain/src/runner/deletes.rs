//! Deletions of an operation: as many images per group as the library deletes in one call. An image that an earlier try
//! may have deleted and that is gone was deleted.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt;

use super::steps::{Group, Outcomes, Try};
use crate::work::{DeleteTask, ItemOutcome};
use crate::{AlbumName, Budget, ErrorKind, ImageName, LibraryId};

/// An image and its places in the task.
pub(super) type Named = (ImageName, Vec<u64>);

impl Try<'_> {
    pub(super) async fn delete(&self, task: &DeleteTask) {
        // An image that is named twice is deleted once, and has two outcomes.
        let mut albums = BTreeMap::<&AlbumName, Vec<Named>>::new();
        let mut known = HashMap::<&ImageName, usize>::new();
        for (place, name) in (0u64..).zip(&task.images).filter(|(place, _)| self.is_open(*place)) {
            let named = albums.entry(&name.album).or_default();
            let position = *known.entry(name).or_insert(named.len());
            match named.get_mut(position) {
                Some((_, places)) => places.push(place),
                None => named.push((name.clone(), vec![place])),
            }
        }
        let mut work = BTreeMap::<LibraryId, Vec<Group<'_>>>::new();
        for (album, named) in albums {
            let library = self.service.library(&album.library);
            let most = library.map_or(1, |library| library.capabilities().deletes_per_call).max(1) as usize;
            let groups = work.entry(album.library.clone()).or_default();
            groups.extend(named.chunks(most).map(|chunk| self.deletion(chunk.to_vec())));
        }
        self.carry_out(work).await;
    }

    pub(super) fn deletion(&self, chunk: Vec<Named>) -> Group<'_> {
        let places = chunk.iter().flat_map(|(_, places)| places).copied().collect();
        let work = async move {
            let (names, places): (Vec<_>, Vec<_>) = chunk.into_iter().unzip();
            let report = self.service.delete_many(&names, Budget::default()).await;
            let mut outcomes = Outcomes::with_capacity(names.len());
            for (places, outcome) in places.into_iter().zip(report.outcomes) {
                let begun = places.iter().any(|place| self.was_begun(*place));
                let outcome = match outcome {
                    Err(error) if begun && error.kind() == ErrorKind::ImageNotFound => Ok(()),
                    outcome => outcome,
                };
                outcomes
                    .extend(places.into_iter().map(|place| (place, outcome.clone().map(|()| ItemOutcome::Deleted))));
            }
            outcomes
        };
        Group { places, work: work.boxed() }
    }
}
