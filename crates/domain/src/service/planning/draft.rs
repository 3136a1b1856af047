//! What a plan has for one album while it is made: what is there, what goes there, what stays, what is deleted, and what that
//! costs. It calls nothing.

use std::collections::HashSet;

use sha2::{Digest, Sha256 as Hasher};

use crate::service::located;
use crate::sync::{KeepReason, Kept, ManifestAlbum, ManifestPicture, Objection, PlanStep};
use crate::work::Failure;
use crate::{AlbumName, Cost, Error, ErrorKind, Image, ImageId, ImageLibrary, Sha256};

/// An album while its plan is made.
pub(super) struct Draft<'m> {
    pub(super) wanted: &'m ManifestAlbum,
    pub(super) name: AlbumName,
    pub(super) images: Vec<Image>,
    /// Readings that the list took.
    pages: u64,
    /// Images that are wanted pictures.
    pub(super) known: HashSet<ImageId>,
    pub(super) compared: usize,
    pub(super) uploads: Vec<PlanStep>,
    pub(super) kept: Vec<Kept>,
    pub(super) objections: Vec<Objection>,
    /// Albums that are, or may be, this one; see [`same`](super::same).
    pub(super) same: Vec<AlbumName>,
    /// The first of them from which others may not be deleted.
    pub(super) keeping: Option<AlbumName>,
}

impl<'m> Draft<'m> {
    /// An album that holds these images, which took so many readings.
    pub(super) fn new(wanted: &'m ManifestAlbum, name: AlbumName, images: Vec<Image>, pages: u64) -> Self {
        Self {
            wanted,
            name,
            images,
            pages,
            known: HashSet::new(),
            compared: 0,
            uploads: Vec::new(),
            kept: Vec::new(),
            objections: Vec::new(),
            same: Vec::new(),
            keeping: None,
        }
    }

    /// Whether the album is to hold a picture.
    pub(super) fn wants(&self, picture: &ManifestPicture) -> bool {
        self.wanted.pictures.iter().any(|wish| wish.picture == picture.key)
    }

    /// Notes why a picture cannot go there.
    pub(super) fn object(&mut self, picture: &ManifestPicture, error: &Error) {
        let (album, picture) = (self.wanted.album.clone(), picture.key.clone());
        self.objections.push(Objection { album, picture, failure: Failure::from(error) });
    }

    /// Keeps an image that is the picture of this key for another entry of the manifest.
    pub(super) fn keep(&mut self, image: ImageId, picture: String) {
        if self.known.insert(image.clone()) {
            let album = self.wanted.album.clone();
            self.kept.push(Kept { album, image, picture: Some(picture), reason: KeepReason::Wanted });
        }
    }

    /// Whether its image gives way to an upload.
    pub(super) fn gives_way(&self) -> bool {
        self.uploads.iter().any(|step| matches!(step, PlanStep::Upload { replace: true, .. }))
    }

    /// Where an album takes few images, lets what may be deleted give way, and objects to what has no room beside what is there
    /// and the `coming` images that other entries bring.
    pub(super) fn make_room(&mut self, library: &dyn ImageLibrary, coming: usize) {
        let Some(most) = library.rules().images_per_album.map(|most| most as usize) else { return };
        let others = self.images.len().saturating_sub(self.known.len());
        let may_delete = self.wanted.delete_others && self.keeping.is_none();
        let staying = self.known.len() + if may_delete { 0 } else { others };
        let room = most.saturating_sub(staying).saturating_sub(coming);
        for step in self.uploads.split_off(room.min(self.uploads.len())) {
            let PlanStep::Upload { picture, .. } = step else { continue };
            let message =
                format!("the album takes {most} and has no room for it; let others be deleted, or want fewer");
            let error = Error::new(ErrorKind::AlbumOccupied, message);
            let failure = Failure::from(&located(error, library, &self.wanted.album.album));
            self.objections.push(Objection { album: self.wanted.album.clone(), picture, failure });
        }
        if others > 0 {
            for step in &mut self.uploads {
                if let PlanStep::Upload { replace, .. } = step {
                    *replace = true;
                }
            }
        }
    }

    /// What is deleted; what might be and stays is noted. `held_up`: a picture for the same album cannot be brought through
    /// another entry.
    pub(super) fn others(&mut self, held_up: bool) -> Vec<PlanStep> {
        if !self.wanted.delete_others || self.gives_way() {
            return Vec::new();
        }
        let held_up = held_up || !self.objections.is_empty() || self.keeping.is_some();
        let (mut gone, mut withheld) = (Vec::new(), 0);
        for image in self.images.iter().filter(|image| !self.known.contains(&image.id)) {
            let album = self.wanted.album.clone();
            let reason = match image.in_use {
                Some(true) => KeepReason::InUse,
                _ if held_up => {
                    withheld += 1;
                    KeepReason::Objection
                }
                _ => {
                    gone.push(PlanStep::Delete { album, image: image.id.clone(), name: image.name.clone() });
                    continue;
                }
            };
            self.kept.push(Kept { album, image: image.id.clone(), picture: None, reason });
        }
        if let (Some(keeping), 1..) = (&self.keeping, withheld) {
            let message = format!(
                "{withheld} other images stay: the album is or may be {keeping}, from which the manifest lets none be deleted"
            );
            let failure = Failure::from(&Error::new(ErrorKind::InvalidArgument, message));
            self.objections.push(Objection { album: self.wanted.album.clone(), picture: String::new(), failure });
        }
        gone
    }

    /// What the readings, the uploads and so many deletions cost.
    pub(super) fn cost(&self, library: &dyn ImageLibrary, deletions: u64) -> Cost {
        let capabilities = library.capabilities();
        let prices = &capabilities.prices;
        let listed = Cost { calls: self.pages, points: prices.get.of(self.images.len() as u64), bytes: 0 };
        let repeated = prices.get.call.saturating_mul(self.pages.saturating_sub(1));
        let mut cost = Cost { points: listed.points.saturating_add(repeated), ..listed };
        let lengths = self.uploads.iter().filter_map(|step| match step {
            PlanStep::Upload { sent, .. } => Some(sent.bytes),
            PlanStep::Delete { .. } => None,
        });
        let (mut images, mut bytes, mut total) = (0u64, 0u64, Cost::default());
        for length in lengths {
            let together = bytes.saturating_add(length);
            let fits =
                images < u64::from(capabilities.uploads_per_call) && together <= capabilities.upload_bytes_per_call;
            if images == 0 || !fits {
                total += Cost { calls: 1, points: prices.upload.call, bytes: 0 };
                (images, bytes) = (0, 0);
            }
            (images, bytes) = (images + 1, bytes.saturating_add(length));
            total += Cost { calls: 0, points: prices.upload.image, bytes: length };
        }
        cost += total;
        let calls = deletions.div_ceil(u64::from(capabilities.deletes_per_call.max(1)));
        let points =
            prices.delete.call.saturating_mul(calls).saturating_add(prices.delete.image.saturating_mul(deletions));
        cost + Cost { calls, points, bytes: 0 }
    }

    /// Everything that was seen of the album and decided for it.
    pub(super) fn digest(&self, gone: &[PlanStep]) -> Sha256 {
        let mut hasher = Hasher::new();
        let mut feed = |text: &str| {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        let mut held: Vec<_> = self.images.iter().map(|image| image.id.as_str()).collect();
        held.sort_unstable();
        held.into_iter().for_each(&mut feed);
        feed("uploads");
        for step in self.uploads.iter().chain(gone) {
            match step {
                PlanStep::Upload { picture, class, content, sent, replace, .. } => {
                    let parts = [picture, class.as_deref().unwrap_or_default(), &content.to_string()];
                    parts.into_iter().for_each(&mut feed);
                    feed(&sent.sha256.to_string());
                    feed(if *replace { "replace" } else { "add" });
                }
                PlanStep::Delete { image, .. } => feed(image.as_str()),
            }
        }
        feed("kept");
        for kept in &self.kept {
            feed(kept.image.as_str());
            feed(kept.picture.as_deref().unwrap_or_default());
        }
        feed("objections");
        self.objections.iter().for_each(|objection| feed(&objection.picture));
        // Plans of earlier versions know nothing of it.
        if !self.same.is_empty() {
            feed("same");
            self.same.iter().for_each(|album| feed(&album.to_string()));
        }
        Sha256::new(hasher.finalize().into())
    }
}
