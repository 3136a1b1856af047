//! Copies of an operation: some images of one album per group. A copy that a provider may have made for an earlier try is
//! looked for before it is asked for again; one that goes through here is an upload, which its claim knows.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::steps::{Group, Named, Outcomes, Try};
use crate::work::{CopyTask, ImageRecord, ItemOutcome, UploadTerms};
use crate::{
    Applied, Budget, Capability, CopyCommand, CopyReceipt, Error, ErrorKind, ImageName, LibraryId, UploadPolicy,
};

/// Images of a group: as many as are read in one call at a good price, and few enough to be done again.
pub(super) const GROUP: u32 = 50;

impl Try<'_> {
    pub(super) async fn copy(&self, task: &CopyTask) {
        let albums = self.by_album(&task.images);
        // A group does as many calls at once as the library takes, so that groups follow each other.
        let groups = albums.values().flat_map(|named| named.chunks(GROUP as usize));
        let groups = groups.map(|chunk| self.copying(task, chunk.to_vec())).collect();
        let library: LibraryId = task.target.album.library.clone();
        self.carry_out_in_turn(BTreeMap::from([(library, groups)])).await;
    }

    fn copying<'g>(&'g self, task: &'g CopyTask, chunk: Vec<Named>) -> Group<'g> {
        let places = chunk.iter().flat_map(|(_, places)| places).copied().collect();
        let work = async move {
            let (mut outcomes, mut images, mut places) = (Outcomes::new(), Vec::new(), Vec::new());
            let mut policy = task.terms.policy;
            for (name, at) in chunk {
                if at.iter().any(|place| self.was_begun(*place)) {
                    match self.copied_before(task, &name).await {
                        Ok(None) => {}
                        Ok(Some(outcome)) => {
                            outcomes.extend(at.into_iter().map(|place| (place, Ok(outcome.clone()))));
                            continue;
                        }
                        Err(error) => {
                            outcomes.extend(at.into_iter().map(|place| (place, Err(error.clone()))));
                            continue;
                        }
                    }
                    if policy == UploadPolicy::Force {
                        policy = UploadPolicy::Verify;
                    }
                }
                images.push(name);
                places.push(at);
            }
            let UploadTerms { fit, animation, replace, .. } = task.terms;
            let target = task.target.clone().into();
            let budget = Budget::default();
            let command = CopyCommand { images, target, fit, animation, replace, policy, budget };
            let report = self.service.copy_within(command, &self.meters).await;
            for (places, outcome) in places.into_iter().zip(report.outcomes) {
                let begun = places.iter().any(|place| self.was_begun(*place));
                let outcome = outcome.map(|receipt| stored(receipt, begun));
                outcomes.extend(places.into_iter().map(|place| (place, outcome.clone())));
            }
            outcomes
        };
        Group { places, work: work.boxed() }
    }

    /// The copy that the provider may have made by itself for an earlier try. An image has the same id in all albums of a
    /// library that copies.
    async fn copied_before(&self, task: &CopyTask, name: &ImageName) -> Result<Option<ItemOutcome>, Error> {
        let target = &task.target;
        let library = self.service.library(&target.album.library)?;
        let native = library.capabilities().copy == Capability::Native && target.class.is_none();
        if !native || name.album.library != target.album.library {
            return Ok(None);
        }
        let copy = ImageName { album: target.album.clone(), image: name.image.clone() };
        match self.service.get_within(&copy, &self.meters).await {
            Ok(image) => Ok(Some(ItemOutcome::Stored(Box::new(ImageRecord {
                library: copy.album.library,
                image,
                sent: None,
                reused: false,
                found: true,
                resent: 0,
                request_id: None,
            })))),
            Err(error) if error.kind() == ErrorKind::ImageNotFound => Ok(None),
            Err(error) => Err(error.with_applied(Applied::Unknown)),
        }
    }
}

/// A copy's outcome. What an earlier try has stored was not there before the operation.
fn stored(receipt: CopyReceipt, begun: bool) -> ItemOutcome {
    let CopyReceipt { album, image, sent, found, resent, reused, request_id, .. } = receipt;
    let found = found || (reused && begun);
    let reused = reused && !found;
    let record = ImageRecord { library: album.library, image, sent, reused, found, resent, request_id };
    ItemOutcome::Stored(Box::new(record))
}
