//! One album: images by the provider's identifier, in the order in which they came.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

/// An ordered table of images. Lookup, insertion and removal do not depend on the number of images.
#[derive(Debug)]
pub(crate) struct Album<T> {
    places: HashMap<String, u64>,
    images: BTreeMap<u64, T>,
    next: u64,
}

impl<T> Default for Album<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), images: BTreeMap::new(), next: 0 }
    }
}

impl<T> Album<T> {
    /// Puts `image` last. An image of the same identifier is replaced and returned.
    pub(crate) fn insert(&mut self, id: String, image: T) -> Option<T> {
        let old = self.places.insert(id, self.next).and_then(|place| self.images.remove(&place));
        self.images.insert(self.next, image);
        self.next += 1;
        old
    }

    /// The image of this identifier.
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.places.get(id).and_then(|place| self.images.get(place))
    }

    /// The image of this identifier, to be changed in place.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.places.get(id).and_then(|place| self.images.get_mut(place))
    }

    /// Takes the image of this identifier out.
    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        self.places.remove(id).and_then(|place| self.images.remove(&place))
    }

    /// The images of these identifiers, oldest first; an identifier of none is passed over.
    pub(crate) fn chosen<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = &T> {
        let places: BTreeSet<u64> = ids.into_iter().filter_map(|id| self.places.get(id).copied()).collect();
        places.into_iter().filter_map(|place| self.images.get(&place))
    }

    /// All images, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.images.values()
    }

    /// The number of images.
    pub(crate) fn len(&self) -> usize {
        self.images.len()
    }
}

/// Takes an image out of the album of its owner. The last image takes the album with it, so that albums do not outnumber
/// images.
pub(crate) fn take_out<K, Q, T>(albums: &mut HashMap<K, Album<T>>, owner: &Q, id: &str) -> Option<T>
where
    K: Borrow<Q> + Eq + Hash,
    Q: Eq + Hash + ?Sized,
{
    let album = albums.get_mut(owner)?;
    let image = album.remove(id);
    if album.len() == 0 {
        albums.remove(owner);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_album_goes_with_its_last_image() {
        let mut albums: HashMap<String, Album<u8>> = HashMap::new();
        for id in ["a", "b"] {
            albums.entry("me".to_owned()).or_default().insert(id.to_owned(), 1);
        }
        assert_eq!(["a", "x", "b", "b"].map(|id| take_out(&mut albums, "me", id)), [Some(1), None, Some(1), None]);
        assert!(albums.is_empty());
    }

    #[test]
    fn images_keep_their_order_of_arrival_across_removals() {
        let mut album = Album::default();
        for id in ["a", "b", "c"] {
            assert_eq!(album.insert(id.to_owned(), id), None);
        }
        assert_eq!(album.remove("b"), Some("b"));
        assert_eq!(album.remove("b"), None);
        album.insert("d".to_owned(), "d");
        assert_eq!(album.iter().copied().collect::<Vec<_>>(), ["a", "c", "d"]);
        assert_eq!((album.len(), album.get("c")), (3, Some(&"c")));
        let ids = ["d", "b", "a", "d"].map(str::to_owned);
        assert_eq!(album.chosen(&ids).copied().collect::<Vec<_>>(), ["a", "d"]);
    }
}
