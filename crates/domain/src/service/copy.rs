//! Images out of albums into another one: at the provider where it copies by itself, else fetched, checked and uploaded
//! like any other image, so that what the album is known to hold is not sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use futures_util::{FutureExt, TryStreamExt};

use super::batch::{BatchReport, Settled, Source, Work, in_order};
use super::downloads::MOST_BYTES;
use super::meter::Meters;
use super::{PublishTarget, Sent, Service, UploadCommand, UploadPolicy, UploadReceipt, album, located, wrong_number};
use crate::rules::has_extension;
use crate::{
    AlbumId, AlbumName, Animation, Budget, Capability, Content, Cost, Error, ErrorKind, Fit, Format, Image, ImageId,
    ImageLibrary, ImageName, Spool, Uploaded, Verb,
};

/// Images for an album.
#[derive(Debug, Clone)]
pub struct CopyCommand {
    /// The images, of any libraries and albums. One that is named twice is copied once and has two outcomes.
    pub images: Vec<ImageName>,
    /// Where to. A class of its own keeps a provider from copying by itself.
    pub target: PublishTarget,
    /// What may be done to them where the target's rules are others; without a fit, an image that breaks them is refused.
    pub fit: Fit,
    /// What the fit does with several frames; without a fit, they are sent.
    pub animation: Animation,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// What an upload may rely on. Nothing is known here of what a provider copies by itself.
    pub policy: UploadPolicy,
    /// The most that it may cost in each library, source and target.
    pub budget: Budget,
}

/// A copy.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyReceipt {
    /// The album that holds it.
    pub album: AlbumName,
    /// The image there, as far as the provider's answer or the catalogue tells.
    pub image: Image,
    /// What was sent, or would have been; absent where the provider copied by itself.
    pub sent: Option<Sent>,
    /// Whether the provider's answer was lost and the image was found by looking.
    pub found: bool,
    /// How often the image was sent once more after a lost answer.
    pub resent: u32,
    /// Whether nothing was sent: the album was known to hold the content.
    pub reused: bool,
    /// Why the catalogue did not keep the image; absent where it did, and where the provider copied by itself.
    pub unrecorded: Option<String>,
}

impl From<UploadReceipt> for CopyReceipt {
    fn from(receipt: UploadReceipt) -> Self {
        let UploadReceipt { album, image, sent, found, resent, reused, unrecorded } = receipt;
        Self { album, image, sent: Some(sent), found, resent, reused, unrecorded }
    }
}

/// Images of one album in the order of their first places, with all places of each.
#[derive(Default)]
struct Named {
    images: Vec<(ImageId, Vec<usize>)>,
    known: HashMap<ImageId, usize>,
}

impl Named {
    fn add(&mut self, id: &ImageId, place: usize) {
        let next = self.images.len();
        let index = *self.known.entry(id.clone()).or_insert(next);
        match self.images.get_mut(index) {
            Some((_, places)) => places.push(place),
            None => self.images.push((id.clone(), vec![place])),
        }
    }
}

/// Under which terms a fetched picture is uploaded.
#[derive(Clone)]
struct Terms {
    target: PublishTarget,
    fit: Fit,
    animation: Animation,
    replace: bool,
    policy: UploadPolicy,
}

impl Service {
    /// Copies images to an album: one outcome each, in order. Fetching a picture costs nothing by the price lists; reading
    /// where it is does.
    pub async fn copy(&self, command: CopyCommand) -> BatchReport<CopyReceipt> {
        let meters = Meters::new(command.budget);
        let target = self.library(&command.target.library);
        let target = target.and_then(|library| Ok((library, album(library.as_ref(), command.target.album.as_ref())?)));
        let (library, to) = match target {
            Ok((library, to)) => (Arc::clone(library), to),
            Err(error) => {
                let outcomes = command.images.iter().map(|_| Err(error.clone())).collect();
                return BatchReport { outcomes, costs: meters.spent() };
            }
        };
        let mut albums = BTreeMap::<&AlbumName, Named>::new();
        for (place, name) in command.images.iter().enumerate() {
            albums.entry(&name.album).or_default().add(&name.image, place);
        }
        let CopyCommand { images, target, fit, animation, replace, policy, .. } = &command;
        let album = Some(to.clone());
        let target = PublishTarget { album, ..target.clone() };
        let terms = &Terms { target, fit: *fit, animation: *animation, replace: *replace, policy: *policy };
        let (library, to, meters) = (&library, &to, &meters);
        let parts = albums.into_iter().map(|(from, Named { images, .. })| {
            async move {
                match self.way(library.as_ref(), to, from, terms) {
                    Way::None(error) => Part::failed(&images, &error),
                    Way::Native => self.copied(library.as_ref(), from, to, images, meters).await,
                    Way::Through => self.fetched(from, &images, terms, meters).await,
                }
            }
            .boxed()
        });
        let (mut settled, mut work) = (Vec::new(), Vec::new());
        for part in join_all(parts).await {
            settled.extend(part.settled);
            work.extend(part.work);
        }
        let through = match work.is_empty() {
            true => Vec::new(),
            false => {
                let places: Vec<Vec<usize>> = work.iter().map(|(_, places)| places.clone()).collect();
                let each =
                    work.into_iter().enumerate().map(|(place, (source, _))| Work { place, album: to.clone(), source });
                let work = BTreeMap::from([(library.id().clone(), each.collect::<Vec<_>>())]);
                let report = self.run(places.len(), Vec::new(), work, meters).await;
                places.into_iter().zip(report.outcomes).collect()
            }
        };
        for (places, outcome) in through {
            let outcome = outcome.map(CopyReceipt::from);
            settled.extend(places.into_iter().map(|place| (place, outcome.clone())));
        }
        BatchReport { outcomes: in_order(images.len(), settled), costs: meters.spent() }
    }

    /// How images of an album get there.
    fn way(&self, target: &dyn ImageLibrary, to: &AlbumId, from: &AlbumName, terms: &Terms) -> Way {
        if let Err(error) = self.library(&from.library) {
            return Way::None(error);
        }
        if from.library != *target.id() {
            return Way::Through;
        }
        if target.canonical(&from.album) == target.canonical(to) {
            let message = "the album to copy to is the one that holds the image";
            return Way::None(located(Error::new(ErrorKind::InvalidArgument, message), target, to));
        }
        // The same rules hold there, so that no fit has anything to do.
        let native = target.capabilities().copy == Capability::Native && terms.target.class.is_none();
        if native { Way::Native } else { Way::Through }
    }

    /// Lets the provider copy, image by image.
    async fn copied(
        &self,
        library: &dyn ImageLibrary,
        from: &AlbumName,
        to: &AlbumId,
        images: Vec<(ImageId, Vec<usize>)>,
        meters: &Meters,
    ) -> Part {
        let (meter, prices) = (&meters.of(library.id()), &library.capabilities().prices);
        let copies = images.into_iter().map(|(id, places)| {
            async move {
                let copied = async {
                    let reserved = meter.reserve(to, Cost { calls: 1, points: prices.most_of_upload(1), bytes: 0 })?;
                    let copied = library.copy(&from.album, to, &id).await;
                    let points = match &copied {
                        Ok(_) => prices.upload.of(1),
                        Err(_) => prices.most_of_upload(1),
                    };
                    reserved.spend(Cost { calls: 1, points, bytes: 0 });
                    copied
                };
                let copied = copied.await.inspect_err(|error| meter.stop(to, error));
                (places, copied.map_err(|error| located(error, library, to)))
            }
            .boxed()
        });
        let copies: Vec<_> = copies.collect();
        let at_once = library.capabilities().calls_at_once.max(1) as usize;
        let done: Vec<(Vec<usize>, Result<Uploaded, Error>)> =
            stream::iter(copies).buffer_unordered(at_once).collect().await;
        let receipt = |uploaded: Uploaded| {
            let Uploaded { image, found, resent } = uploaded;
            let album = AlbumName { library: library.id().clone(), album: image.album.clone() };
            CopyReceipt { album, image, sent: None, found, resent, reused: false, unrecorded: None }
        };
        let mut part = Part::default();
        let name = AlbumName { library: library.id().clone(), album: to.clone() };
        let events = done.iter().map(|(_, outcome)| {
            let points = match outcome {
                Ok(_) => prices.upload.of(1),
                Err(_) => prices.most_of_upload(1),
            };
            self.event(Verb::Upload, &name, outcome.as_ref().map(|uploaded| Some(&uploaded.image.id)), points)
        });
        self.audit(events.collect()).await;
        for (places, outcome) in done {
            let outcome = outcome.map(receipt);
            part.settled.extend(places.into_iter().map(|place| (place, outcome.clone())));
        }
        part
    }

    /// Looks where the pictures of an album are, in as few calls as its library takes; they are fetched later, each in its
    /// turn.
    async fn fetched(
        &self,
        from: &AlbumName,
        images: &[(ImageId, Vec<usize>)],
        terms: &Terms,
        meters: &Meters,
    ) -> Part {
        let source = match self.library(&from.library) {
            Ok(source) => source,
            Err(error) => return Part::failed(images, &error),
        };
        let mut part = Part::default();
        for chunk in images.chunks(source.capabilities().page_size.max(1) as usize) {
            let ids: Vec<ImageId> = chunk.iter().map(|(id, _)| id.clone()).collect();
            let told = self.looked_for(source.as_ref(), &from.album, &ids, meters).await;
            let told = told.unwrap_or_else(|error| vec![Err(error); ids.len()]);
            for ((id, places), outcome) in chunk.iter().zip(told) {
                match outcome {
                    Ok(image) => {
                        let coming = Coming {
                            source: Arc::clone(source),
                            spool: Arc::clone(&self.spool),
                            name: ImageName { album: from.clone(), image: id.clone() },
                            image,
                            terms: terms.clone(),
                        };
                        part.work.push((Source::Coming(coming.fetch().boxed()), places.clone()));
                    }
                    Err(error) => part.settled.extend(places.iter().map(|place| (*place, Err(error.clone())))),
                }
            }
        }
        part
    }

    /// Reads images of an album. The catalogue forgets those that are not there.
    async fn looked_for(
        &self,
        source: &dyn ImageLibrary,
        album: &AlbumId,
        ids: &[ImageId],
        meters: &Meters,
    ) -> Result<Vec<Result<Image, Error>>, Error> {
        let here = |error: Error| located(error, source, album);
        let (meter, prices) = (meters.of(source.id()), &source.capabilities().prices);
        let cost = Cost { calls: 1, points: prices.get.of(ids.len() as u64), bytes: 0 };
        let reserved = meter.reserve(album, cost).map_err(here)?;
        let told = source.get_many(album, ids).await;
        reserved.spend(cost);
        let told = told.and_then(|told| if told.len() == ids.len() { Ok(told) } else { Err(wrong_number("image")) });
        let told = told.inspect_err(|error| meter.stop(album, error)).map_err(here)?;
        let is_gone = |outcome: &Result<Image, Error>| {
            outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::ImageNotFound)
        };
        let gone: Vec<ImageId> =
            ids.iter().zip(&told).filter(|(_, outcome)| is_gone(outcome)).map(|(id, _)| id.clone()).collect();
        self.forget(source, album, &gone).await.map_err(here)?;
        Ok(told.into_iter().map(|outcome| outcome.map_err(here)).collect())
    }
}

/// How an image gets to another album.
enum Way {
    Native,
    Through,
    /// Not at all.
    None(Error),
}

/// What became of the images of one album: an outcome, or something to upload, each with its places.
#[derive(Default)]
struct Part {
    settled: Vec<Settled<CopyReceipt>>,
    work: Vec<(Source, Vec<usize>)>,
}

impl Part {
    fn failed(images: &[(ImageId, Vec<usize>)], error: &Error) -> Self {
        let places = images.iter().flat_map(|(_, places)| places);
        Self { settled: places.map(|place| (*place, Err(error.clone()))).collect(), work: Vec::new() }
    }
}

/// A picture that has to be fetched before it can be uploaded.
struct Coming {
    source: Arc<dyn ImageLibrary>,
    spool: Arc<dyn Spool>,
    name: ImageName,
    image: Image,
    terms: Terms,
}

impl Coming {
    async fn fetch(self) -> Result<UploadCommand, Error> {
        let content = self.content().await.map_err(|error| {
            let error = error.about(format_args!("the picture of {} cannot be fetched", self.name));
            located(error, self.source.as_ref(), &self.name.album.album)
        })?;
        let name = name(&self.image, &content).await;
        let Terms { target, fit, animation, replace, policy } = self.terms;
        Ok(UploadCommand {
            library: target.library,
            album: target.album,
            name,
            content,
            fit,
            animation,
            class: target.class,
            replace,
            policy,
        })
    }

    async fn content(&self) -> Result<Content, Error> {
        let picture = self.source.download(&self.name.album.album, &self.image, MOST_BYTES).await?;
        self.spool.keep(picture.pieces).await
    }
}

/// The name that a copy keeps: the source's, else its id, with an extension of what it is if it has none.
async fn name(image: &Image, content: &Content) -> String {
    let name = image.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(image.id.as_str());
    if Format::ALL.iter().any(|format| has_extension(name, *format)) {
        return name.to_owned();
    }
    // What cannot be read, or is no image, is refused for that when it is prepared.
    let first = content.source().chunks().try_next().await.ok().flatten().unwrap_or_default();
    match Format::sniff(&first) {
        Some(format) => format!("{name}.{}", format.extension()),
        None => name.to_owned(),
    }
}
