//! Images out of albums into another one: at the provider where it copies by itself, else fetched, checked and uploaded
//! like any other image. What the album is known to hold is neither copied nor sent.

mod native;
mod through;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use super::batch::{BatchReport, Settled, Source, Work, in_order};
use super::estimate::Planned;
use super::meter::Meters;
use super::{PublishTarget, Sent, Service, UploadPolicy, UploadReceipt, album, located};
use crate::{
    AlbumId, AlbumName, Animation, Budget, Capability, Cost, Error, ErrorKind, Fit, Image, ImageId, ImageLibrary,
    ImageName, LibraryId,
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
    /// What a copy may rely on. Of what a provider copies by itself, the contents are known that came to the source through
    /// here.
    pub policy: UploadPolicy,
    /// The most that it may cost, in source and target together.
    pub budget: Budget,
}

impl CopyCommand {
    /// Copies `images` as they are, without a limit of what it costs. A library alone means its default album.
    pub fn new(images: Vec<ImageName>, target: impl Into<PublishTarget>) -> Self {
        Self {
            images,
            target: target.into(),
            fit: Fit::None,
            animation: Animation::default(),
            replace: false,
            policy: UploadPolicy::default(),
            budget: Budget::default(),
        }
    }

    /// Lets `fit` be done to images so that the target accepts them.
    #[must_use]
    pub fn with_fit(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }
}

/// A copy.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyReceipt {
    /// The album that holds it.
    pub album: AlbumName,
    /// The image there, as far as the provider's answer or the catalogue tells.
    pub image: Image,
    /// What was sent, or would have been; absent where the provider copies by itself.
    pub sent: Option<Sent>,
    /// Whether the provider's answer was lost and the image was found by looking.
    pub found: bool,
    /// How often the image was sent once more after a lost answer.
    pub resent: u32,
    /// Whether nothing was sent: the album was known to hold the content.
    pub reused: bool,
    /// Of the answer that put it there, as in [`Confirmed::request_id`](crate::Confirmed::request_id).
    pub request_id: Option<String>,
    /// Why the catalogue did not keep the image; absent where it did, and where the provider copied what is not known here.
    pub unrecorded: Option<String>,
}

impl From<UploadReceipt> for CopyReceipt {
    fn from(receipt: UploadReceipt) -> Self {
        let UploadReceipt { album, image, sent, found, resent, reused, request_id, unrecorded } = receipt;
        Self { album, image, sent: Some(sent), found, resent, reused, request_id, unrecorded }
    }
}

/// Distinct images of one album in the order of their first places, with all places of each.
type Images = Vec<(ImageId, Vec<usize>)>;

/// Under which terms a fetched picture is uploaded.
#[derive(Clone)]
struct Terms {
    target: PublishTarget,
    fit: Fit,
    animation: Animation,
    replace: bool,
    policy: UploadPolicy,
}

/// Where images are to get, and how.
struct Errand {
    library: Arc<dyn ImageLibrary>,
    to: AlbumId,
    terms: Terms,
}

impl Service {
    /// Copies images to an album: one outcome each, in order. Fetching a picture costs nothing by the price lists; reading
    /// where it is does.
    pub async fn copy(&self, command: CopyCommand) -> BatchReport<CopyReceipt> {
        let meters = &Meters::new(command.budget);
        self.copy_within(command, meters).await
    }

    /// Copies within these accounts, whatever budget the command has.
    pub(crate) async fn copy_within(&self, command: CopyCommand, meters: &Meters) -> BatchReport<CopyReceipt> {
        let errand = &match self.errand(&command) {
            Ok(errand) => errand,
            Err(error) => return refused(&command, &error),
        };
        let natively = |from, images| self.copied(errand, from, images, meters).boxed();
        let Part { mut settled, work, .. } = self.parted(errand, &command.images, meters, natively).await;
        let (places, work) = errand.put_in_order(work);
        let report = self.run(places.len(), Vec::new(), work, meters).await;
        for (places, outcome) in places.into_iter().zip(report.outcomes) {
            let outcome = outcome.map(CopyReceipt::from);
            settled.extend(places.into_iter().map(|place| (place, outcome.clone())));
        }
        BatchReport { outcomes: in_order(command.images.len(), settled), costs: meters.spent() }
    }

    /// Says what [`Service::copy`] would do and cost if every image were taken. It changes nothing, but has to make and pay
    /// the readings that a copy makes, within the command's budget, and to fetch the pictures: nothing else tells how long
    /// they are and which of them the album holds. The costs are those of a copy, its readings included.
    pub async fn estimate_copy(&self, command: CopyCommand) -> BatchReport<Planned> {
        let meters = &Meters::new(command.budget);
        let errand = &match self.errand(&command) {
            Ok(errand) => errand,
            Err(error) => return refused(&command, &error),
        };
        let natively = |from, images| self.copies_planned(errand, from, images).boxed();
        let Part { mut settled, work, cost } = self.parted(errand, &command.images, meters, natively).await;
        let (places, work) = errand.put_in_order(work);
        let mut costs = meters.spent();
        *costs.entry(errand.library.id().clone()).or_default() += cost;
        for (id, work) in work {
            let (id, planned, cost) = self.plan(id, work).await;
            *costs.entry(id).or_default() += cost;
            for (number, outcome) in planned {
                let places = places.get(number).into_iter().flatten();
                settled.extend(places.map(|place| (*place, outcome.clone())));
            }
        }
        BatchReport { outcomes: in_order(command.images.len(), settled), costs }
    }

    fn errand(&self, command: &CopyCommand) -> Result<Errand, Error> {
        let CopyCommand { target, fit, animation, replace, policy, .. } = command;
        let library = Arc::clone(self.library(&target.library)?);
        let to = album(library.as_ref(), target.album.as_ref())?;
        let target = PublishTarget { album: Some(to.clone()), ..target.clone() };
        let terms = Terms { target, fit: *fit, animation: *animation, replace: *replace, policy: *policy };
        Ok(Errand { library, to, terms })
    }

    /// The images of each album on their way; `natively` sees to those that the provider copies.
    async fn parted<'a, T: Send>(
        &'a self,
        errand: &'a Errand,
        images: &'a [ImageName],
        meters: &'a Meters,
        natively: impl Fn(&'a AlbumName, Images) -> BoxFuture<'a, Part<T>>,
    ) -> Part<T> {
        let parts = by_album(images).into_iter().map(|(from, images)| match self.way(errand, from) {
            Way::None(error) => std::future::ready(Part::failed(&images, &error)).boxed(),
            Way::Native => natively(from, images),
            Way::Through => async move { self.fetched(from, &images, &errand.terms, meters).await }.boxed(),
        });
        let parts: Vec<_> = parts.collect();
        let mut all = Part::default();
        for part in join_all(parts).await {
            all.settled.extend(part.settled);
            all.work.extend(part.work);
            all.cost += part.cost;
        }
        all
    }

    /// How images of an album get there.
    fn way(&self, errand: &Errand, from: &AlbumName) -> Way {
        let (target, to) = (errand.library.as_ref(), &errand.to);
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
        let native = target.capabilities().copy == Capability::Native && errand.terms.target.class.is_none();
        if native { Way::Native } else { Way::Through }
    }
}

impl Errand {
    /// The uploads as work, numbered, and the places of each.
    fn put_in_order(&self, work: Vec<(Source, Vec<usize>)>) -> (Vec<Vec<usize>>, BTreeMap<LibraryId, Vec<Work>>) {
        let (sources, places): (Vec<_>, Vec<_>) = work.into_iter().unzip();
        let number = |(place, source)| Work { place, album: self.to.clone(), source };
        let work: Vec<Work> = sources.into_iter().enumerate().map(number).collect();
        let work = if work.is_empty() { None } else { Some((self.library.id().clone(), work)) };
        (places, work.into_iter().collect())
    }
}

/// Why none of the images can be copied.
fn refused<T>(command: &CopyCommand, error: &Error) -> BatchReport<T> {
    BatchReport { outcomes: command.images.iter().map(|_| Err(error.clone())).collect(), costs: BTreeMap::new() }
}

fn by_album(images: &[ImageName]) -> BTreeMap<&AlbumName, Images> {
    let mut albums = BTreeMap::<&AlbumName, (Images, HashMap<&ImageId, usize>)>::new();
    for (place, name) in images.iter().enumerate() {
        let (images, known) = albums.entry(&name.album).or_default();
        let number = *known.entry(&name.image).or_insert(images.len());
        match images.get_mut(number) {
            Some((_, places)) => places.push(place),
            None => images.push((name.image.clone(), vec![place])),
        }
    }
    albums.into_iter().map(|(album, (images, _))| (album, images)).collect()
}

/// How an image gets to another album.
enum Way {
    Native,
    Through,
    /// Not at all.
    None(Error),
}

/// What became of images: an outcome, or something to upload, each with its places.
struct Part<T> {
    settled: Vec<Settled<T>>,
    work: Vec<(Source, Vec<usize>)>,
    /// What copies would cost that are only planned.
    cost: Cost,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { settled: Vec::new(), work: Vec::new(), cost: Cost::default() }
    }
}

impl<T> Part<T> {
    fn failed(images: &[(ImageId, Vec<usize>)], error: &Error) -> Self {
        let places = images.iter().flat_map(|(_, places)| places);
        Self { settled: places.map(|place| (*place, Err(error.clone()))).collect(), ..Self::default() }
    }
}
