//! Images that a provider copies by itself, from one of its albums to another. Where the catalogue knows what an image of the
//! source holds, an album that holds the same gets nothing, and what was copied is remembered.

use std::collections::HashMap;

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};

use super::{CopyReceipt, Errand, Images, Part};
use crate::service::known::{Asked, Stored};
use crate::service::meter::{Meter, Meters};
use crate::service::put;
use crate::service::sending::has_arrived;
use crate::service::{Planned, Service, UploadPolicy, located};
use crate::{AlbumName, ContentKey, Cost, Error, ImageId, ImageLibrary, Known, Sha256, Uploaded, Verb};

/// The contents that images of the source are known to hold.
type Contents = HashMap<ImageId, Vec<Sha256>>;

/// What became of an image, and the points that asking the provider to copy it has cost.
struct Copied {
    outcome: Result<CopyReceipt, Error>,
    points: u64,
}

impl Errand {
    fn asked(&self) -> Asked<'_> {
        Asked { class: None, policy: self.terms.policy }
    }

    /// What the catalogue calls these contents in the target.
    fn keys(&self, contents: Option<&Vec<Sha256>>) -> Vec<ContentKey> {
        let library = self.library.as_ref();
        let album = AlbumName { library: library.id().clone(), album: library.canonical(&self.to) };
        let keys = contents.into_iter().flatten();
        keys.map(|sha256| ContentKey { album: album.clone(), sha256: *sha256 }).collect()
    }
}

impl Service {
    /// Lets the provider copy, image by image.
    pub(super) async fn copied(
        &self,
        errand: &Errand,
        from: &AlbumName,
        images: Images,
        meters: &Meters,
    ) -> Part<CopyReceipt> {
        let (library, to) = (errand.library.as_ref(), &errand.to);
        let contents = &match self.contents_of(library, from, &images).await {
            Ok(contents) => contents,
            Err(error) => return Part::failed(&images, &located(error, library, to)),
        };
        let meter = &meters.of(library.id());
        let copies = images.into_iter().map(|(id, places)| {
            async move {
                let keys = errand.keys(contents.get(&id));
                let Copied { outcome, points } = self.copied_once(errand, from, &id, &keys, meter).await;
                (places, Copied { outcome: outcome.map_err(|error| located(error, library, to)), points })
            }
            .boxed()
        });
        let copies: Vec<_> = copies.collect();
        let at_once = library.capabilities().calls_at_once.max(1) as usize;
        let done: Vec<(Vec<usize>, Copied)> = stream::iter(copies).buffer_unordered(at_once).collect().await;
        let name = AlbumName { library: library.id().clone(), album: to.clone() };
        let changes = done.iter().filter(|(_, copied)| !copied.outcome.as_ref().is_ok_and(|receipt| receipt.reused));
        let events = changes.map(|(_, Copied { outcome, points })| {
            let image = outcome.as_ref().ok().map(|receipt| &receipt.image.id);
            let told = outcome.as_ref().map(|receipt| receipt.request_id.as_deref());
            self.event(Verb::Upload, &name, image, told, *points)
        });
        self.audit(events.collect()).await;
        let mut part = Part::default();
        for (places, Copied { outcome, .. }) in done {
            part.settled.extend(places.into_iter().map(|place| (place, outcome.clone())));
        }
        part
    }

    async fn copied_once(
        &self,
        errand: &Errand,
        from: &AlbumName,
        id: &ImageId,
        keys: &[ContentKey],
        meter: &Meter,
    ) -> Copied {
        let (library, to) = (errand.library.as_ref(), &errand.to);
        for key in keys {
            match self.known(library, to, key, errand.asked(), meter).await {
                Ok(None) => {}
                Ok(Some(stored)) => return Copied { outcome: Ok(known(library, stored)), points: 0 },
                Err(error) => return Copied { outcome: Err(error), points: 0 },
            }
        }
        let prices = &library.capabilities().prices;
        let reserved = match meter.reserve(to, Cost { calls: 1, points: prices.most_of_upload(1), bytes: 0 }).await {
            Ok(reserved) => reserved,
            Err(error) => return Copied { outcome: Err(error), points: 0 },
        };
        let copied = library.copy(&from.album, to, id).await;
        let points = put::points_of_one(prices, &copied);
        let arrived = copied.as_ref().err().is_none_or(has_arrived);
        reserved.spend(Cost { calls: u64::from(arrived), points, bytes: 0 });
        let outcome = match copied {
            Ok(uploaded) => Ok(self.remembered(library, keys, uploaded).await),
            Err(error) => {
                meter.stop(to, &error);
                Err(error)
            }
        };
        Copied { outcome, points }
    }

    /// Remembers a copy under every content that its source is known to hold.
    async fn remembered(&self, library: &dyn ImageLibrary, keys: &[ContentKey], uploaded: Uploaded) -> CopyReceipt {
        let Uploaded { image, found, resent, request_id } = uploaded;
        let album = AlbumName { library: library.id().clone(), album: image.album.clone() };
        let known = Known { image: image.id.clone(), name: image.name.clone(), class: None };
        let mut unrecorded = None;
        for key in keys {
            if let Err(error) = self.catalogue.record(key, &known).await {
                unrecorded.get_or_insert(error.to_string());
            }
        }
        CopyReceipt { album, image, sent: None, found, resent, reused: false, request_id, unrecorded }
    }

    /// Which of the images the provider would be asked to copy, and what that would cost.
    pub(super) async fn copies_planned(&self, errand: &Errand, from: &AlbumName, images: Images) -> Part<Planned> {
        let (library, to) = (errand.library.as_ref(), &errand.to);
        let contents = match self.contents_of(library, from, &images).await {
            Ok(contents) => contents,
            Err(error) => return Part::failed(&images, &located(error, library, to)),
        };
        let mut part = Part::default();
        let prices = &library.capabilities().prices;
        for (id, places) in images {
            let planned = self.copy_planned(errand, &errand.keys(contents.get(&id))).await;
            match &planned {
                Ok(Planned::Upload) => part.cost += Cost { calls: 1, points: prices.upload.of(1), bytes: 0 },
                Ok(Planned::Reuse) if errand.terms.policy == UploadPolicy::Verify => {
                    part.cost += Cost { calls: 1, points: prices.get.of(1), bytes: 0 };
                }
                _ => {}
            }
            let planned = planned.map_err(|error| located(error, library, to));
            part.settled.extend(places.into_iter().map(|place| (place, planned.clone())));
        }
        part
    }

    async fn copy_planned(&self, errand: &Errand, keys: &[ContentKey]) -> Result<Planned, Error> {
        for key in keys {
            if self.known_meanwhile(key, errand.asked()).await?.is_some() {
                return Ok(Planned::Reuse);
            }
        }
        Ok(Planned::Upload)
    }

    /// What the catalogue knows of images of the source.
    async fn contents_of(
        &self,
        library: &dyn ImageLibrary,
        from: &AlbumName,
        images: &Images,
    ) -> Result<Contents, Error> {
        let album = AlbumName { library: from.library.clone(), album: library.canonical(&from.album) };
        let ids: Vec<ImageId> = images.iter().map(|(id, _)| id.clone()).collect();
        let mut contents = Contents::new();
        for (sha256, known) in self.catalogue.contents(&album, &ids).await? {
            contents.entry(known.image).or_default().push(sha256);
        }
        Ok(contents)
    }
}

fn known(library: &dyn ImageLibrary, stored: Stored) -> CopyReceipt {
    let Stored { image, found, resent, reused, request_id, unrecorded } = stored;
    let album = AlbumName { library: library.id().clone(), album: image.album.clone() };
    CopyReceipt { album, image, sent: None, found, resent, reused, request_id, unrecorded }
}
