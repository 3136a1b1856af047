//! Makes plans: looks at albums and pictures, and says what has to be done so that the albums are as a manifest wants them. It
//! changes nothing but what the catalogue knows, and keeps the pictures that it fetches, so that none is fetched twice.
//!
//! A picture and an image are known to be the same by the catalogue, by the bytes that would be sent. An image that the
//! catalogue does not know is compared byte by byte where that is cheap: it has the picture's name and the library serves what
//! it was sent. Otherwise the picture counts as missing; where the provider keeps identical bytes once, its upload then
//! finds the image.

mod draft;
mod same;

use std::collections::{BTreeMap, HashSet};

use futures_util::future::join_all;
use futures_util::{FutureExt, TryStreamExt};
use sha2::{Digest, Sha256 as Hasher};

use draft::Draft;
use same::Same;

use super::meter::{Meter, Meters};
use super::prepare::{Prepared, prepare};
use super::{Service, UploadCommand, located};
use crate::sync::{
    AlbumPlan, KeepReason, Kept, Manifest, ManifestAlbum, ManifestPicture, PictureSource, Plan, PlanStep,
};
use crate::workers::on_workers;
use crate::{
    AlbumId, AlbumName, Blobs, Capability, Content, ContentKey, Cost, Error, ErrorKind, Image, ImageId, ImageLibrary,
    Known, LibraryId, PageRequest, Pictures, Sent, Sha256, UploadPolicy,
};

/// Images of an album that are looked through at most.
const MOST_IMAGES: usize = 100_000;

/// Images of an album whose pictures are fetched at most, to compare them.
const MOST_COMPARED: usize = 10;

/// Pictures that are fetched at once. What they mean is decided one by one, in the manifest's order.
const FETCHED_AT_ONCE: usize = 4;

/// What a picture is in an album.
enum Place {
    Held(ImageId),
    Missing,
}

impl Service {
    /// Says what has to be done so that albums are as `manifest` wants them. Pictures come from `blobs`, where the caller
    /// has put them, or by address through `pictures`; these are put into the blobs, as far as there is room.
    ///
    /// # Errors
    /// `InvalidArgument` with every mistake of the manifest; `LibraryNotFound`; what listing an album fails with; `TooLarge`
    /// for an album of more than 100,000 images; `Internal`. What is wrong with a picture is data.
    pub async fn plan_sync(&self, manifest: &Manifest, blobs: &dyn Blobs, pictures: &Pictures) -> Result<Plan, Error> {
        self.plan_within(manifest, blobs, pictures, &Meters::default()).await
    }

    /// Makes a plan within these accounts.
    pub(crate) async fn plan_within(
        &self,
        manifest: &Manifest,
        blobs: &dyn Blobs,
        pictures: &Pictures,
        meters: &Meters,
    ) -> Result<Plan, Error> {
        self.planned(manifest, BTreeMap::new(), blobs, pictures, meters).await
    }

    /// A plan by what was fetched for an earlier one.
    async fn planned(
        &self,
        manifest: &Manifest,
        mut fetched: BTreeMap<String, Sha256>,
        blobs: &dyn Blobs,
        pictures: &Pictures,
        meters: &Meters,
    ) -> Result<Plan, Error> {
        manifest.checked()?;
        let mut albums = BTreeMap::<&LibraryId, Vec<&ManifestAlbum>>::new();
        for album in &manifest.albums {
            self.library(&album.album.library)?;
            albums.entry(&album.album.library).or_default().push(album);
        }
        let seen = join_all(albums.into_values().map(|albums| self.see_all(albums, meters).boxed())).await;
        let mut drafts: Vec<Draft<'_>> =
            seen.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let wanting = |picture| -> Vec<usize> {
            (0..).zip(&drafts).filter(|(_, draft)| draft.wants(picture)).map(|(at, _)| at).collect()
        };
        let wanted = manifest.pictures.iter().map(|picture| (picture, wanting(picture)));
        let wanted: Vec<_> = wanted.filter(|(_, wanting)| !wanting.is_empty()).collect();
        for some in wanted.chunks(FETCHED_AT_ONCE) {
            let contents = some
                .iter()
                .map(|(picture, _)| self.content_of(picture, fetched.get(&picture.key), blobs, pictures).boxed());
            let contents = join_all(contents.collect::<Vec<_>>()).await;
            for ((picture, wanting), content) in some.iter().zip(contents) {
                if let (PictureSource::Url { .. }, Ok(content)) = (&picture.source, &content) {
                    fetched.insert(picture.key.clone(), content.sha256());
                }
                for at in wanting {
                    if let Some(draft) = drafts.get_mut(*at) {
                        self.place(draft, picture, &content, meters).await?;
                    }
                }
            }
        }
        self.finished(manifest, fetched, drafts)
    }

    /// Makes the plan of the same manifest once more within these accounts, and compares.
    ///
    /// # Errors
    /// `PlanOutdated` where albums or pictures are not as the plan found them; what [`Service::plan_sync`] fails with.
    pub(crate) async fn confirm_within(
        &self,
        plan: &Plan,
        blobs: &dyn Blobs,
        pictures: &Pictures,
        meters: &Meters,
    ) -> Result<(), Error> {
        let now = self.planned(&plan.manifest, plan.fetched.clone(), blobs, pictures, meters).await?;
        plan.unless_changed(&now)
    }

    async fn see_all<'m>(&self, albums: Vec<&'m ManifestAlbum>, meters: &Meters) -> Result<Vec<Draft<'m>>, Error> {
        let mut drafts = Vec::with_capacity(albums.len());
        for wanted in albums {
            let library = self.library(&wanted.album.library)?.as_ref();
            let (images, pages) = listed(library, &wanted.album.album, &meters.of(library.id()))
                .await
                .map_err(|error| located(error, library, &wanted.album.album))?;
            let name = AlbumName { library: library.id().clone(), album: library.canonical(&wanted.album.album) };
            drafts.push(Draft::new(wanted, name, images, pages));
        }
        Ok(drafts)
    }

    /// What a picture means for an album that wants it.
    async fn place(
        &self,
        draft: &mut Draft<'_>,
        picture: &ManifestPicture,
        content: &Result<Content, Error>,
        meters: &Meters,
    ) -> Result<(), Error> {
        let library = self.library(&draft.name.library)?.as_ref();
        let wishes = draft.wanted.pictures.iter().filter(|wish| wish.picture == picture.key);
        let classes: Vec<Option<String>> = wishes.map(|wish| wish.class.clone()).collect();
        for class in classes {
            let album = &draft.wanted.album;
            let prepared = match content {
                Ok(content) => self.prepared(library, album, picture, class.clone(), content).await,
                Err(error) => Err(error.clone()),
            };
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) if error.kind() == ErrorKind::Internal => return Err(error),
                Err(error) => {
                    draft.object(picture, &located(error, library, &album.album));
                    continue;
                }
            };
            match self.find_place(library, draft, &prepared, meters).await? {
                Place::Held(image) => {
                    draft.known.insert(image.clone());
                    let picture = Some(picture.key.clone());
                    draft.kept.push(Kept { album: album.clone(), image, picture, reason: KeepReason::Wanted });
                }
                Place::Missing => {
                    let content = content.as_ref().map_or(prepared.sent.sha256, Content::sha256);
                    let Prepared { sent, .. } = prepared;
                    let (album, picture) = (album.clone(), picture.key.clone());
                    draft.uploads.push(PlanStep::Upload { album, picture, class, content, sent, replace: false });
                }
            }
        }
        Ok(())
    }

    async fn prepared(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumName,
        picture: &ManifestPicture,
        class: Option<String>,
        content: &Content,
    ) -> Result<Prepared, Error> {
        let rules = library.rules();
        let command = UploadCommand {
            library: album.library.clone(),
            album: Some(album.album.clone()),
            name: picture.name().unwrap_or_default(),
            content: content.clone(),
            fit: picture.fit,
            animation: picture.animation,
            class,
            replace: false,
            policy: UploadPolicy::Reuse,
        };
        on_workers(self.workers.as_ref(), move |cancelled| prepare(rules, command, cancelled)).await?
    }

    /// Which image of the album the picture is, if it is known or cheap to find out.
    async fn find_place(
        &self,
        library: &dyn ImageLibrary,
        draft: &mut Draft<'_>,
        prepared: &Prepared,
        meters: &Meters,
    ) -> Result<Place, Error> {
        let key = ContentKey { album: draft.name.clone(), sha256: prepared.sent.sha256 };
        let known = self.catalogue.find(&key).await?;
        if let Some(known) = known.filter(|known| prepared.class.is_none() || prepared.class == known.class) {
            if draft.images.iter().any(|image| image.id == known.image) {
                return Ok(Place::Held(known.image));
            }
            let paid =
                meters.of(library.id()).pay_reading(&draft.wanted.album.album, &library.capabilities().prices).await;
            paid.map_err(|error| located(error, library, &draft.wanted.album.album))?;
            // A list may lag behind an upload.
            match library.get(&draft.wanted.album.album, &known.image).await {
                Ok(image) => {
                    draft.images.push(image);
                    return Ok(Place::Held(known.image));
                }
                Err(error) if error.kind() == ErrorKind::ImageNotFound => {
                    self.catalogue.forget(&key.album, &[known.image]).await?;
                }
                Err(error) => return Err(located(error, library, &draft.wanted.album.album)),
            }
        }
        if library.capabilities().download != Capability::Native || prepared.class.is_some() {
            return Ok(Place::Missing);
        }
        let alike = |image: &&Image| {
            let length = image.bytes.is_none_or(|bytes| bytes == prepared.sent.bytes);
            length && image.name.as_deref() == Some(prepared.name.as_str())
        };
        let left = MOST_COMPARED.saturating_sub(draft.compared);
        let candidates: Vec<Image> = draft
            .images
            .iter()
            .filter(|image| !draft.known.contains(&image.id))
            .filter(alike)
            .take(left)
            .cloned()
            .collect();
        for image in candidates {
            draft.compared += 1;
            if is_served(library, &draft.wanted.album.album, &image, &prepared.sent).await {
                let known = Known { image: image.id.clone(), name: image.name.clone(), class: None };
                self.catalogue.record(&key, &known).await?;
                return Ok(Place::Held(image.id));
            }
        }
        Ok(Place::Missing)
    }

    /// The bytes of a picture: as they are kept, else from its address, once more where that has been asked before.
    pub(crate) async fn content_of(
        &self,
        picture: &ManifestPicture,
        fetched: Option<&Sha256>,
        blobs: &dyn Blobs,
        pictures: &Pictures,
    ) -> Result<Content, Error> {
        let url = match &picture.source {
            PictureSource::Kept { sha256, .. } => return blobs.open(sha256).await,
            PictureSource::Url { url } => url,
        };
        if let Some(sha256) = fetched {
            match blobs.open(sha256).await {
                Err(error) if error.kind() == ErrorKind::SourceUnavailable => {}
                opened => return opened,
            }
        }
        let content = pictures.bring(url).await?;
        match blobs.put(&self.caller.client, &content).await {
            // Without room it is fetched again by whoever needs it, and compared.
            Err(error) if error.kind() != ErrorKind::QuotaExhausted => Err(error),
            _ => Ok(content),
        }
    }

    fn finished(
        &self,
        manifest: &Manifest,
        fetched: BTreeMap<String, Sha256>,
        mut drafts: Vec<Draft<'_>>,
    ) -> Result<Plan, Error> {
        let (mut uploads, mut deletions) = (Vec::new(), Vec::new());
        let mut plan = Plan {
            manifest: manifest.clone(),
            fetched,
            steps: Vec::new(),
            kept: Vec::new(),
            objections: Vec::new(),
            albums: Vec::new(),
            costs: BTreeMap::new(),
        };
        // All albums have been looked at by now, so that as much is known of whose they are as will be.
        let accounts = drafts.iter().map(|draft| {
            let library = self.library(&draft.name.library)?;
            Ok((library.provider().family(), library.known_as(&draft.wanted.album.album)))
        });
        let same = Same::new(accounts.collect::<Result<_, Error>>()?);
        same.share(&mut drafts);
        for place in 0..drafts.len() {
            let coming = same.coming(place, &drafts);
            if let Some(draft) = drafts.get_mut(place) {
                draft.make_room(self.library(&draft.name.library)?.as_ref(), coming);
            }
        }
        let held_up: Vec<bool> = (0..drafts.len()).map(|place| same.holds_up(place, &drafts)).collect();
        let mut deleted = HashSet::new();
        for ((place, mut draft), held_up) in drafts.into_iter().enumerate().zip(held_up) {
            let library = self.library(&draft.name.library)?.as_ref();
            let mut gone = draft.others(held_up);
            same.once(place, &mut gone, &mut deleted);
            let cost = plan.costs.entry(library.id().clone()).or_default();
            *cost += draft.cost(library, gone.len() as u64);
            plan.albums.push(AlbumPlan {
                album: draft.wanted.album.clone(),
                images: draft.images.len() as u64,
                digest: draft.digest(&gone),
                same: std::mem::take(&mut draft.same),
            });
            uploads.append(&mut draft.uploads);
            deletions.extend(gone);
            plan.kept.append(&mut draft.kept);
            plan.objections.append(&mut draft.objections);
        }
        uploads.append(&mut deletions);
        plan.steps = uploads;
        Ok(plan)
    }
}

/// All images of an album, and how many pages they were.
async fn listed(library: &dyn ImageLibrary, album: &AlbumId, meter: &Meter) -> Result<(Vec<Image>, u64), Error> {
    let (mut images, mut pages) = (Vec::new(), 0);
    let mut page = PageRequest { size: library.capabilities().page_size.max(1), after: None };
    loop {
        let prices = &library.capabilities().prices;
        let cost = |images: u64| Cost { calls: 1, points: prices.get.of(images), bytes: 0 };
        let reserved = meter.reserve(album, cost(page.size.into())).await?;
        let listed = library.list(album, &page).await;
        reserved.spend(cost(listed.as_ref().map_or(0, |listed| listed.items.len() as u64)));
        let listed = listed?;
        pages += 1;
        images.extend(listed.items);
        if images.len() > MOST_IMAGES {
            let message = format!("the album holds more than the {MOST_IMAGES} images that a plan looks through");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        match listed.next {
            Some(next) if page.after.as_ref() != Some(&next) => page.after = Some(next),
            _ => return Ok((images, pages)),
        }
    }
}

/// Whether the library serves exactly the file that would be sent. What cannot be fetched is not known to be it.
async fn is_served(library: &dyn ImageLibrary, album: &AlbumId, image: &Image, sent: &Sent) -> bool {
    let Ok(served) = library.download(album, image, sent.bytes).await else { return false };
    if served.len.is_some_and(|len| len != sent.bytes) {
        return false;
    }
    let digest = served.pieces.try_fold(Hasher::new(), |mut hasher, piece| async move {
        hasher.update(&piece);
        Ok(hasher)
    });
    digest.await.is_ok_and(|hasher| Sha256::new(hasher.finalize().into()) == sent.sha256)
}
