//! The same content for the same album, under the same terms, more than once in a batch: the first one is worked on, the
//! others share its outcome. It keeps places in the batch and never calls anything.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::put::{Ready, Terms, key};
use crate::{AlbumId, ContentKey, Error, ImageLibrary, Sent};

/// The images of a batch that have to be sent, by what they ask for.
#[derive(Default)]
pub(super) struct Firsts(HashMap<(ContentKey, Terms), usize>);

impl Firsts {
    /// The place of an earlier image that asks for the same; `None` for the first one.
    pub(super) fn of(
        &mut self,
        library: &dyn ImageLibrary,
        place: usize,
        album: &AlbumId,
        ready: &Ready,
    ) -> Option<usize> {
        match self.0.entry((key(library, album, ready), ready.terms())) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(new) => {
                new.insert(place);
                None
            }
        }
    }
}

/// An image whose outcome is that of another.
pub(super) struct Twin {
    pub(super) place: usize,
    /// The place of the other.
    pub(super) of: usize,
    pub(super) sent: Sent,
}

/// Adds the outcomes of twins to those of the others: `share` makes theirs of a success.
pub(super) fn share<T>(settled: &mut Vec<(usize, Result<T, Error>)>, twins: Vec<Twin>, share: impl Fn(&T, Sent) -> T) {
    if twins.is_empty() {
        return;
    }
    let firsts: HashMap<usize, usize> = settled.iter().enumerate().map(|(index, (place, _))| (*place, index)).collect();
    for Twin { place, of, sent } in twins {
        let first = firsts.get(&of).and_then(|index| settled.get(*index));
        if let Some((_, outcome)) = first {
            let outcome = outcome.as_ref().map(|done| share(done, sent)).map_err(Error::clone);
            settled.push((place, outcome));
        }
    }
}
