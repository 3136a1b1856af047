//! Deletions of an operation: as many images per group as the library deletes in one call. An image that an earlier try
//! may have deleted and that is gone was deleted.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::steps::{Group, Named, Outcomes, Try};
use crate::work::{DeleteTask, ItemOutcome};
use crate::{AlbumName, Confirmed, ErrorKind, LibraryId};

impl Try<'_> {
    pub(super) async fn delete(&self, task: &DeleteTask) {
        let mut work = BTreeMap::new();
        self.add_deletions(&mut work, self.by_album(&task.images));
        self.carry_out(work).await;
    }

    /// Adds the groups in which these images are deleted.
    pub(super) fn add_deletions<'g>(
        &'g self,
        work: &mut BTreeMap<LibraryId, Vec<Group<'g>>>,
        albums: BTreeMap<&AlbumName, Vec<Named>>,
    ) {
        for (album, named) in albums {
            let library = self.service.library(&album.library);
            let most = library.map_or(1, |library| library.capabilities().deletes_per_call).max(1) as usize;
            let groups = work.entry(album.library.clone()).or_default();
            groups.extend(named.chunks(most).map(|chunk| self.deletion(chunk.to_vec())));
        }
    }

    fn deletion(&self, chunk: Vec<Named>) -> Group<'_> {
        let places = chunk.iter().flat_map(|(_, places)| places).copied().collect();
        let work = async move {
            let (names, places): (Vec<_>, Vec<_>) = chunk.into_iter().unzip();
            let report = self.service.delete_within(&names, &self.meters).await;
            let mut outcomes = Outcomes::with_capacity(names.len());
            for (places, outcome) in places.into_iter().zip(report.outcomes) {
                let begun = places.iter().any(|place| self.was_begun(*place));
                let outcome = match outcome {
                    Err(error) if begun && error.kind() == ErrorKind::ImageNotFound => Ok(Confirmed::default()),
                    outcome => outcome,
                };
                outcomes.extend(places.into_iter().map(|place| (place, outcome.clone().map(ItemOutcome::Deleted))));
            }
            outcomes
        };
        Group { places, work: work.boxed() }
    }
}
