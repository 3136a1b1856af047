//! Entries of a manifest that are one album: one account behind two libraries, or two names for it. Their wishes count
//! together, so that none of them deletes what another one wants. Where a provider does not tell whose album it is, it may be
//! any of that provider's. It calls nothing.

use std::collections::{HashMap, HashSet};

use super::draft::Draft;
use crate::sync::{KeepReason, PlanStep};
use crate::{AlbumId, ImageId, Provider};

/// Whose albums, and which; no name where it is not known.
pub(super) type Account = (Provider, Option<AlbumId>);

/// Which entries are, or may be, the same album as others, by their places.
pub(super) struct Same {
    accounts: Vec<Account>,
    others: Vec<Vec<usize>>,
}

impl Same {
    /// For entries of these accounts, in their order.
    pub(super) fn new(accounts: Vec<Account>) -> Self {
        let (mut named, mut all) = (HashMap::<_, Vec<usize>>::new(), HashMap::<_, Vec<usize>>::new());
        for (place, (provider, name)) in accounts.iter().enumerate() {
            named.entry((provider, name)).or_default().push(place);
            all.entry(provider).or_default().push(place);
        }
        let nobody = Vec::new();
        let others = accounts.iter().enumerate().map(|(place, (provider, name))| {
            let found: Vec<usize> = match name {
                None => all.get(&provider).unwrap_or(&nobody).clone(),
                Some(_) => {
                    [name, &None].iter().filter_map(|name| named.get(&(provider, *name))).flatten().copied().collect()
                }
            };
            found.into_iter().filter(|other| *other != place).collect()
        });
        let others = others.collect();
        Self { accounts, others }
    }

    fn of<'d, 'm>(&self, place: usize, drafts: &'d [Draft<'m>]) -> impl Iterator<Item = (usize, &'d Draft<'m>)> {
        let others = self.others.get(place).map(Vec::as_slice).unwrap_or_default();
        others.iter().filter_map(|other| Some((*other, drafts.get(*other)?)))
    }

    /// Tells each entry of the others, and lets it keep the images that are pictures of theirs.
    pub(super) fn share(&self, drafts: &mut [Draft<'_>]) {
        let mut kept = Vec::new();
        for (place, draft) in drafts.iter().enumerate() {
            if self.of(place, drafts).next().is_none() {
                continue;
            }
            let held: HashSet<&ImageId> = draft.images.iter().map(|image| &image.id).collect();
            for (_, other) in self.of(place, drafts) {
                let wanted = other.kept.iter().filter(|kept| kept.reason == KeepReason::Wanted);
                let here = wanted.filter(|kept| held.contains(&kept.image));
                kept.extend(here.filter_map(|kept| Some((place, kept.image.clone(), kept.picture.clone()?))));
            }
        }
        for (place, image, picture) in kept {
            if let Some(draft) = drafts.get_mut(place) {
                draft.keep(image, picture);
            }
        }
        for place in 0..drafts.len() {
            let same = self.of(place, drafts).map(|(_, other)| other.wanted.album.clone()).collect();
            let keeping = self.of(place, drafts).find(|(_, other)| !other.wanted.delete_others);
            let keeping = keeping.map(|(_, other)| other.wanted.album.clone());
            if let Some(draft) = drafts.get_mut(place) {
                (draft.same, draft.keeping) = (same, keeping);
            }
        }
    }

    /// How many images earlier entries bring into the same album.
    pub(super) fn coming(&self, place: usize, drafts: &[Draft<'_>]) -> usize {
        self.of(place, drafts).filter(|(other, _)| *other < place).map(|(_, other)| other.uploads.len()).sum()
    }

    /// Whether another entry for the same album cannot be fulfilled, or lets the image of it give way.
    pub(super) fn holds_up(&self, place: usize, drafts: &[Draft<'_>]) -> bool {
        self.of(place, drafts).any(|(_, other)| !other.objections.is_empty() || other.gives_way())
    }

    /// Leaves out what is deleted from the same album already.
    pub(super) fn once(&self, place: usize, steps: &mut Vec<PlanStep>, gone: &mut HashSet<(Account, ImageId)>) {
        let Some(account) = self.accounts.get(place) else { return };
        if account.1.is_none() || self.others.get(place).is_none_or(Vec::is_empty) {
            return;
        }
        steps.retain(|step| match step {
            PlanStep::Delete { image, .. } => gone.insert((account.clone(), image.clone())),
            PlanStep::Upload { .. } => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_album_is_the_same_as_those_of_its_name_and_may_be_that_of_nobody_knows_whom() {
        use Provider::{Facebook, YandexDirectV5};
        let name = |name: &str| Some(AlbumId::new(name).unwrap());
        let same = Same::new(vec![
            (YandexDirectV5, name("a")),
            (YandexDirectV5, name("b")),
            (YandexDirectV5, name("a")),
            (YandexDirectV5, None),
            (Facebook, name("a")),
        ]);
        assert_eq!(same.others, [vec![2, 3], vec![3], vec![0, 3], vec![0, 1, 2], vec![]]);
    }
}
