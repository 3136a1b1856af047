//! The outcomes of one deletion of many images: which are known, which are still open, and for which of the images that
//! were named each stands. It sends nothing.

use std::collections::HashMap;

use polyptych_domain::{Applied, Confirmed, Error, ErrorKind, ImageId};

/// The outcomes of a deletion while they come in, in groups and in any order. Images that are named twice are asked for
/// once and have one outcome.
#[derive(Debug)]
pub(crate) struct Places<'i> {
    /// Each image once.
    images: Vec<&'i ImageId>,
    /// For each image that was named, which of `images` it is.
    named: Vec<usize>,
    outcomes: Vec<Option<Result<Confirmed, Error>>>,
}

impl<'i> Places<'i> {
    pub(crate) fn new(ids: &'i [ImageId]) -> Self {
        let mut first = HashMap::with_capacity(ids.len());
        let mut images = Vec::with_capacity(ids.len());
        let mut place = |id: &'i ImageId| {
            *first.entry(id).or_insert_with(|| {
                images.push(id);
                images.len() - 1
            })
        };
        let named: Vec<_> = ids.iter().map(&mut place).collect();
        let outcomes = images.iter().map(|_| None).collect();
        Self { images, named, outcomes }
    }

    /// How many images there are.
    pub(crate) fn len(&self) -> usize {
        self.images.len()
    }

    /// The places of all images.
    pub(crate) fn all(&self) -> Vec<usize> {
        (0..self.images.len()).collect()
    }

    /// Whether no outcome is known.
    pub(crate) fn is_untouched(&self) -> bool {
        self.outcomes.iter().all(Option::is_none)
    }

    /// The images at these places.
    pub(crate) fn ids(&self, places: &[usize]) -> Vec<&'i ImageId> {
        places.iter().filter_map(|place| self.images.get(*place).copied()).collect()
    }

    /// The places that failed in this way, each with its error.
    pub(crate) fn failed(&self, kind: ErrorKind) -> Vec<(usize, Error)> {
        let failed = |(place, outcome): (usize, &Option<Result<Confirmed, Error>>)| match outcome {
            Some(Err(error)) if error.kind() == kind => Some((place, error.clone())),
            _ => None,
        };
        self.outcomes.iter().enumerate().filter_map(failed).collect()
    }

    /// Notes one outcome per place.
    pub(crate) fn set(&mut self, places: &[usize], outcomes: Vec<Result<Confirmed, Error>>) {
        for (place, outcome) in places.iter().zip(outcomes) {
            if let Some(slot) = self.outcomes.get_mut(*place) {
                *slot = Some(outcome);
            }
        }
    }

    /// Notes the same outcome for all these places.
    pub(crate) fn set_all(&mut self, places: &[usize], outcome: &Result<Confirmed, Error>) {
        self.set(places, places.iter().map(|_| outcome.clone()).collect());
    }

    /// The outcomes of all images as they were named; every place has one by now.
    pub(crate) fn outcomes(self) -> Vec<Result<Confirmed, Error>> {
        let missing =
            || Error::new(ErrorKind::Internal, "a deletion was not carried out").with_applied(Applied::Unknown);
        let outcome = |place: &usize| match self.outcomes.get(*place) {
            Some(Some(outcome)) => outcome.clone(),
            _ => Err(missing()),
        };
        self.named.iter().map(outcome).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_are_named_twice_are_asked_for_once_and_told_twice() {
        let ids: Vec<_> = ["a", "b", "a", "c"].into_iter().map(|id| ImageId::new(id).unwrap()).collect();
        let mut places = Places::new(&ids);
        assert_eq!((places.len(), places.all()), (3, vec![0, 1, 2]));
        assert!(places.is_untouched());
        places.set(&[0], vec![Err(Error::new(ErrorKind::ImageNotFound, "no"))]);
        assert_eq!(places.ids(&[1, 2]), [&ids[1], &ids[3]]);
        assert_eq!(places.failed(ErrorKind::ImageNotFound).len(), 1);
        assert!(places.failed(ErrorKind::ImageInUse).is_empty() && !places.is_untouched());
        places.set_all(&[1, 2], &Ok(Confirmed::default()));
        let told: Vec<_> = places.outcomes().iter().map(Result::is_ok).collect();
        assert_eq!(told, [false, true, false, true]);
    }
}
