//! One picture from an address into one album. Where the provider fetches by itself and the picture is wanted as it is, it
//! does; elsewhere the picture is fetched here and uploaded like any other. Finding out how is one step, which may be repeated;
//! doing it is another.

use std::time::Duration;

use polyptych_imaging as imaging;

use super::meter::{Meter, Meters};
use super::prepare::{check_name, read};
use super::put;
use super::sending::has_arrived;
use super::{PublishTarget, Service, UploadCommand, UploadReceipt, album, located};
use crate::rules::renamed;
use crate::workers::on_workers;
use crate::{
    AlbumId, AlbumName, Animation, Applied, Capability, Confirmed, Content, Cost, Error, ErrorKind, Fit, Image,
    ImageLibrary, ImportStatus, ImportTicket, LibraryId, Pauses, PictureUrl, Pictures, Rules, Sent, UploadPolicy, Verb,
};

/// Pauses between two looks at a provider that fetches: the first, and how long they grow.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a provider may take to fetch a picture.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The name of a picture whose address has none.
const NAMELESS: &str = "picture";

/// A picture at an address, for one album.
#[derive(Debug, Clone)]
pub struct ImportCommand {
    /// Where the picture is.
    pub url: PictureUrl,
    /// Name to keep; absent means the last segment of the address, with the extension of what is found there.
    pub name: Option<String>,
    /// Where to.
    pub library: LibraryId,
    /// Which album; absent means the library's default album.
    pub album: Option<AlbumId>,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
    /// What may be done to the picture.
    pub fit: Fit,
    /// What the fit does with several frames.
    pub animation: Animation,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// How far the upload may rely on what is known of the album.
    pub policy: UploadPolicy,
}

impl ImportCommand {
    /// Brings the picture at `url` to where it should go as it is, under the name that it has there. A library alone means
    /// its default album.
    pub fn new(url: PictureUrl, to: impl Into<PublishTarget>) -> Self {
        let PublishTarget { library, album, class } = to.into();
        Self {
            url,
            name: None,
            library,
            album,
            class,
            fit: Fit::None,
            animation: Animation::default(),
            replace: false,
            policy: UploadPolicy::default(),
        }
    }

    /// Lets `fit` be done to the picture so that the library accepts it.
    #[must_use]
    pub fn with_fit(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }
}

/// How a picture comes into its album.
#[derive(Debug, Clone)]
pub enum ImportStep {
    /// The provider fetches it: [`Service::import_natively`].
    Native(NativeImport),
    /// It was fetched: [`Service::upload`].
    Upload(Box<UploadCommand>),
}

/// A picture that the provider is to fetch by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeImport {
    /// Where it goes.
    pub album: AlbumName,
    /// Where it is.
    pub url: PictureUrl,
    /// Name to keep.
    pub name: String,
}

/// A finished import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The album that holds the image.
    pub album: AlbumName,
    /// The image as far as the provider tells.
    pub image: Image,
    /// What was sent, or would have been; absent where the provider fetched by itself.
    pub sent: Option<Sent>,
    /// Whether nothing was sent, since the album was known to hold the image.
    pub reused: bool,
    /// Whether it was found by looking, after a lost answer or a crash.
    pub found: bool,
    /// How often it was sent once more after that.
    pub resent: u32,
    /// Of the answer that put it there, or agreed to fetch it, as in
    /// [`Confirmed::request_id`](crate::Confirmed::request_id).
    pub request_id: Option<String>,
    /// Why the catalogue did not keep the image; absent where it did, or had nothing to keep.
    pub unrecorded: Option<String>,
}

impl From<UploadReceipt> for Imported {
    fn from(receipt: UploadReceipt) -> Self {
        let UploadReceipt { album, image, sent, found, resent, reused, request_id, unrecorded } = receipt;
        Self { album, image, sent: Some(sent), reused, found, resent, request_id, unrecorded }
    }
}

impl Service {
    /// Brings one picture into an album: [`Service::import_step`] and what it says.
    ///
    /// # Errors
    /// Those of the two; [`Error::applied`] tells whether the image may have been stored.
    pub async fn import(
        &self,
        pictures: &Pictures,
        pauses: &dyn Pauses,
        command: ImportCommand,
    ) -> Result<Imported, Error> {
        match self.import_step(pictures, command).await? {
            ImportStep::Native(native) => self.import_natively(pauses, &native, false).await,
            ImportStep::Upload(command) => Ok(self.upload(*command).await?.into()),
        }
    }

    /// Finds out how a picture comes into its album, and fetches it where the provider does not. Nothing is changed at any
    /// provider; the call may be repeated.
    ///
    /// # Errors
    /// `LibraryNotFound`; `InvalidArgument`; `RulesViolated` for a name that the library does not take; those of
    /// [`Pictures::bring`].
    pub async fn import_step(&self, pictures: &Pictures, command: ImportCommand) -> Result<ImportStep, Error> {
        let library = self.library(&command.library)?.as_ref();
        let album = album(library, command.album.as_ref())?;
        let step = self.step_of(library, &album, pictures, command).await;
        step.map_err(|error| located(error, library, &album))
    }

    async fn step_of(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        pictures: &Pictures,
        command: ImportCommand,
    ) -> Result<ImportStep, Error> {
        let native = library.capabilities().import_url == Capability::Native;
        if native && command.fit == Fit::None && command.class.is_none() {
            let name = command.name.or_else(|| command.url.file_name()).unwrap_or_else(|| NAMELESS.to_owned());
            check_name(&name)?;
            let broken = library.rules().check_name(&name);
            if !broken.is_empty() {
                return Err(Error::violated(broken));
            }
            let album = AlbumName { library: command.library, album: album.clone() };
            return Ok(ImportStep::Native(NativeImport { album, url: command.url, name }));
        }
        let content = pictures.bring(&command.url).await?;
        let name = match command.name {
            Some(name) => name,
            None => self.name_of(library.rules(), &command.url, &content).await?,
        };
        Ok(ImportStep::Upload(Box::new(UploadCommand {
            library: command.library,
            album: Some(album.clone()),
            name,
            content,
            fit: command.fit,
            animation: command.animation,
            class: command.class,
            replace: command.replace,
            policy: command.policy,
        })))
    }

    /// The name that an address gives, with the extension of what was found there. What is no image keeps the name as it is:
    /// the upload tells what is wrong.
    async fn name_of(&self, rules: &'static Rules, url: &PictureUrl, content: &Content) -> Result<String, Error> {
        let name = url.file_name().unwrap_or_else(|| NAMELESS.to_owned());
        let content = content.clone();
        let format = on_workers(self.workers.as_ref(), move |_| {
            read(&content).map(|bytes| imaging::inspect(&bytes).ok().map(|image| image.format))
        });
        Ok(match format.await?? {
            Some(format) => renamed(&name, format, &rules.name),
            None => name,
        })
    }

    /// Lets the provider fetch a picture, and waits for it, looking again after pauses. `resumed` says that this may have been asked of the provider
    /// before: then it is looked for first, and asked for again only where the provider does not know of it.
    ///
    /// # Errors
    /// What the provider says of the picture; `ProviderTimeout` where it is not done after a quarter of an hour.
    /// [`Error::applied`] tells whether the image may have been stored.
    pub async fn import_natively(
        &self,
        pauses: &dyn Pauses,
        native: &NativeImport,
        resumed: bool,
    ) -> Result<Imported, Error> {
        self.import_within(pauses, native, resumed, &Meters::default()).await
    }

    /// Lets the provider fetch a picture, within these accounts.
    pub(crate) async fn import_within(
        &self,
        pauses: &dyn Pauses,
        native: &NativeImport,
        resumed: bool,
        meters: &Meters,
    ) -> Result<Imported, Error> {
        let NativeImport { album: AlbumName { library, album }, .. } = native;
        let library = self.library(library)?.as_ref();
        let meter = meters.of(library.id());
        let imported = fetched_by(pauses, library, native, resumed, &meter).await;
        let imported = imported.map_err(|error| located(error, library, album));
        if self.is_audited() {
            let image = imported.as_ref().ok().map(|imported| &imported.image.id);
            let told = imported.as_ref().map(|imported| imported.request_id.as_deref());
            self.audit(vec![self.event(Verb::Upload, &native.album, image, told, meter.points())]).await;
        }
        imported
    }
}

async fn fetched_by(
    pauses: &dyn Pauses,
    library: &dyn ImageLibrary,
    native: &NativeImport,
    resumed: bool,
    meter: &Meter,
) -> Result<Imported, Error> {
    let NativeImport { album: AlbumName { album, .. }, url, name } = native;
    let prices = &library.capabilities().prices;
    let unsure = |error: Error| error.with_applied(Applied::Unknown);
    if resumed && let Some(ticket) = find(library, native, meter).await.map_err(unsure)? {
        match settled(pauses, library, album, &ticket, meter).await? {
            // It has stored nothing, and may be the failure of an earlier import.
            Err(_) => {}
            Ok(image) => return Ok(imported(native, image, Asked { found: true, ..Asked::default() })),
        }
    }
    let begin = || async {
        let most = Cost { calls: 1, points: prices.most_of_upload(1), bytes: 0 };
        let reserved = meter.reserve(album, most).await?;
        let told = library.import(album, url, name).await;
        let arrived = told.as_ref().err().is_none_or(has_arrived);
        let told = told.inspect_err(|error| meter.stop(album, error));
        reserved.spend(Cost { calls: u64::from(arrived), points: put::points_of_one(prices, &told), bytes: 0 });
        told
    };
    let (ticket, asked) = match begin().await {
        Ok((ticket, Confirmed { request_id })) => (ticket, Asked { request_id, ..Asked::default() }),
        Err(error) if error.applied() == Applied::No => return Err(error),
        Err(error) => match find(library, native, meter).await {
            Ok(Some(ticket)) => (ticket, Asked { found: true, ..Asked::default() }),
            Ok(None) if library.capabilities().deduplicates != Capability::Absent => {
                let again = begin().await.map_err(|error| unsure(error).with_resent(1))?;
                let (ticket, Confirmed { request_id }) = again;
                (ticket, Asked { resent: 1, request_id, ..Asked::default() })
            }
            Ok(None) | Err(_) => return Err(error),
        },
    };
    let image =
        settled(pauses, library, album, &ticket, meter).await?.map_err(|error| error.with_resent(asked.resent))?;
    Ok(imported(native, image, asked))
}

/// The ticket of an import whose answer was lost.
async fn find(library: &dyn ImageLibrary, native: &NativeImport, meter: &Meter) -> Result<Option<ImportTicket>, Error> {
    let album = &native.album.album;
    meter.pay_reading(album, &library.capabilities().prices).await?;
    library.find_import(album, &native.url, &native.name).await
}

/// Waits until the provider is done with a ticket: the image, or why there is none.
///
/// # Errors
/// If it cannot be told.
async fn settled(
    pauses: &dyn Pauses,
    library: &dyn ImageLibrary,
    album: &AlbumId,
    ticket: &ImportTicket,
    meter: &Meter,
) -> Result<Result<Image, Error>, Error> {
    let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
    loop {
        let paid = meter.pay_reading(album, &library.capabilities().prices).await;
        paid.map_err(|error| error.with_applied(Applied::Unknown))?;
        let status = library.import_status(album, ticket).await;
        match status.map_err(|error| error.with_applied(Applied::Unknown))? {
            ImportStatus::Stored(image) => return Ok(Ok(image)),
            ImportStatus::Failed(error) => return Ok(Err(error)),
            ImportStatus::Forgotten => {
                let message = "the provider does not know any more what became of the picture that it was to fetch";
                return Err(Error::new(ErrorKind::AnswerUnreadable, message).with_applied(Applied::Unknown));
            }
            ImportStatus::Pending if waited >= PATIENCE => {
                let message = "the provider is still fetching the picture; look into the album later";
                return Err(Error::new(ErrorKind::ProviderTimeout, message).with_applied(Applied::Unknown));
            }
            ImportStatus::Pending => {
                pauses.pause(pause).await;
                waited = waited.saturating_add(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// How a provider came to fetch a picture.
#[derive(Default)]
struct Asked {
    /// Whether it was found at it.
    found: bool,
    /// How often it was asked once more.
    resent: u32,
    /// Of the answer in which it agreed.
    request_id: Option<String>,
}

fn imported(native: &NativeImport, image: Image, asked: Asked) -> Imported {
    let (album, Asked { found, resent, request_id }) = (native.album.clone(), asked);
    Imported { album, image, sent: None, reused: false, found, resent, request_id, unrecorded: None }
}
