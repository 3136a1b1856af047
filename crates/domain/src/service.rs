//! The use cases over all configured libraries. Checks and fits before anything is spent, then calls one library.

mod associations;
mod audit;
mod batch;
mod check;
mod claimed;
mod copy;
mod deletions;
mod downloads;
mod import;
mod meter;
mod planning;
mod prepare;
mod publish;
mod put;
mod sending;
mod twins;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use audit::Caller;
pub use batch::{BatchReport, Planned};
pub use check::{CheckCommand, CheckReport};
pub use copy::{CopyCommand, CopyReceipt};
pub use downloads::Download;
pub use import::{ImportCommand, ImportStep, Imported, NativeImport};
pub(crate) use planning::content_of;
pub(crate) use publish::Fitted;
pub use publish::{PublishCommand, PublishTarget};
pub use put::UploadPolicy;

use crate::flights::Flights;
use crate::workers::{Workers, on_workers};
use crate::{
    AlbumId, AlbumName, Animation, Applied, AuditEvent, AuditLog, Catalogue, Claims, Content, ContentKey, Error,
    ErrorKind, Fit, Format, Image, ImageId, ImageLibrary, ImageName, LibraryId, MemoryCatalogue, MemoryClaims,
    MemorySpool, Page, PageRequest, Pauses, Pixels, Quota, Sha256, Spool, Verb,
};
use audit::Audit;
use meter::Meter;
use put::{Landed, Ready};

/// One image to be put into one library.
#[derive(Debug, Clone)]
pub struct UploadCommand {
    /// Where to.
    pub library: LibraryId,
    /// Which album; absent means the library's default album.
    pub album: Option<AlbumId>,
    /// Name to keep, with an extension; where fitting changes the format, the extension follows.
    pub name: String,
    /// The bytes as received.
    pub content: Content,
    /// What may be done to them.
    pub fit: Fit,
    /// What the fit does with several frames; without a fit, they are sent.
    pub animation: Animation,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// How far the upload may rely on what is known of the album.
    pub policy: UploadPolicy,
}

/// The file that was sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sent {
    /// Its format.
    pub format: Format,
    /// Its size as stored in the file.
    pub pixels: Pixels,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Whether it differs from what was received.
    pub fitted: bool,
}

/// A finished upload.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadReceipt {
    /// The album that holds the image.
    pub album: AlbumName,
    /// The image as far as the provider's answer or the catalogue tells; its name is the one that the provider keeps.
    pub image: Image,
    /// What was sent, or would have been.
    pub sent: Sent,
    /// Whether the provider's answer was lost and the image was found by looking.
    pub found: bool,
    /// How often the image was sent once more after a lost answer.
    pub resent: u32,
    /// Whether nothing was sent for this upload: the album was known to hold the image, or another upload of the same
    /// content put it there meanwhile.
    pub reused: bool,
    /// Why the catalogue did not keep the image, so that it may be sent again; absent where it did.
    pub unrecorded: Option<String>,
}

/// The configured libraries and what can be done with them. A clone shares everything with its original.
#[derive(Clone)]
pub struct Service {
    libraries: Arc<BTreeMap<LibraryId, Arc<dyn ImageLibrary>>>,
    workers: Arc<dyn Workers>,
    catalogue: Arc<dyn Catalogue>,
    spool: Arc<dyn Spool>,
    flights: Flights<ContentKey, Landed>,
    claims: Arc<dyn Claims>,
    pauses: Arc<dyn Pauses>,
    audit: Audit,
    caller: Caller,
}

/// How long another process is left at an upload before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// The pauses of a service that shares its claims with nobody.
struct NoPauses;

#[async_trait]
impl Pauses for NoPauses {
    async fn pause(&self, _: Duration) {}
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("libraries", &self.libraries.keys()).finish_non_exhaustive()
    }
}

impl Service {
    /// Serves these libraries; CPU work runs on `workers`. What is uploaded is remembered in a bounded [`MemoryCatalogue`],
    /// and what is copied passes through memory, a few pictures at a time.
    ///
    /// # Errors
    /// `Configuration` if two libraries have the same id.
    pub fn new(libraries: Vec<Arc<dyn ImageLibrary>>, workers: Arc<dyn Workers>) -> Result<Self, Error> {
        let mut named = BTreeMap::new();
        for library in libraries {
            if let Some(other) = named.insert(library.id().clone(), library) {
                let message = format!("the library `{}` is configured twice", other.id());
                return Err(Error::new(ErrorKind::Configuration, message));
            }
        }
        let catalogue = Arc::new(MemoryCatalogue::default());
        Ok(Self {
            libraries: Arc::new(named),
            workers,
            claims: Arc::new(MemoryClaims::new(Arc::clone(&catalogue) as _)),
            catalogue,
            flights: Flights::default(),
            pauses: Arc::new(NoPauses),
            spool: Arc::new(MemorySpool),
            audit: Audit::default(),
            caller: Caller::default(),
        })
    }

    /// Remembers what is uploaded in `catalogue`, which no other process uploads into.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Arc<dyn Catalogue>) -> Self {
        self.claims = Arc::new(MemoryClaims::new(Arc::clone(&catalogue)));
        self.catalogue = catalogue;
        self
    }

    /// Remembers what is uploaded in `catalogue`, and agrees with other processes by `claims`, which write into it. While
    /// another process is at an upload, it is asked again after a pause.
    #[must_use]
    pub fn with_claims(
        mut self,
        catalogue: Arc<dyn Catalogue>,
        claims: Arc<dyn Claims>,
        pauses: Arc<dyn Pauses>,
    ) -> Self {
        (self.catalogue, self.claims, self.pauses) = (catalogue, claims, pauses);
        self
    }

    /// Keeps pictures that come from a library in `spool` until they have been sent on.
    #[must_use]
    pub fn with_spool(mut self, spool: Arc<dyn Spool>) -> Self {
        self.spool = spool;
        self
    }

    /// Tells `log` of every change and of those that were tried: uploads save those that found nothing to send, deletions,
    /// associations. An event that cannot be kept waits for the next one; 10,000 wait at most.
    #[must_use]
    pub fn with_audit(mut self, log: Arc<dyn AuditLog>) -> Self {
        self.audit = Audit::new(log);
        self
    }

    /// The same service on behalf of `caller`.
    #[must_use]
    pub fn for_caller(&self, caller: Caller) -> Self {
        Self { caller, ..self.clone() }
    }

    /// All libraries, ordered by id.
    pub fn libraries(&self) -> impl Iterator<Item = &Arc<dyn ImageLibrary>> {
        self.libraries.values()
    }

    /// One library.
    ///
    /// # Errors
    /// `LibraryNotFound`.
    pub fn library(&self, id: &LibraryId) -> Result<&Arc<dyn ImageLibrary>, Error> {
        self.libraries.get(id).ok_or_else(|| {
            let known: Vec<_> = self.libraries.keys().map(LibraryId::as_str).collect();
            let message = format!("no library `{id}` is configured; configured are: {}", known.join(", "));
            Error::new(ErrorKind::LibraryNotFound, message)
        })
    }

    /// Checks an image against the library's rules, fits it if asked to, and uploads it unless the album is known to hold
    /// it. Of several uploads of one content into one album at a time one is sent, and the others share its outcome.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotAnImage`, `CorruptImage`, `TooLarge` and `RulesViolated` before anything was sent;
    /// otherwise what [`ImageLibrary::upload`] tells. [`Error::applied`] says whether the image may have been stored.
    pub async fn upload(&self, command: UploadCommand) -> Result<UploadReceipt, Error> {
        let library = self.library(&command.library)?;
        let album = album(library.as_ref(), command.album.as_ref())?;
        let (library, meter) = (library.as_ref(), Meter::default());
        let outcome = self.upload_to(library, &album, command, &meter).await;
        let outcome = outcome.map_err(|error| located(error, library, &album));
        if !outcome.as_ref().is_ok_and(|receipt| receipt.reused) {
            let album = AlbumName { library: library.id().clone(), album };
            let told = outcome.as_ref().map(|receipt| Some(&receipt.image.id));
            self.audit(vec![self.event(Verb::Upload, &album, told, meter.spent().points)]).await;
        }
        outcome
    }

    /// Says what an upload would find wrong with an image and what a fit would do to it. Nothing is sent to the provider.
    ///
    /// # Errors
    /// `LibraryNotFound`; `InvalidArgument` for a name that no library could take; `Internal`. What is wrong with the image is data.
    pub async fn check(&self, command: CheckCommand) -> Result<CheckReport, Error> {
        let library = self.library(&command.library)?;
        let rules = library.rules();
        let report = on_workers(self.workers.as_ref(), move |_| check::check(rules, &command)).await;
        report.and_then(|report| report).map_err(|error| error.with_library(library.id(), library.provider()))
    }

    async fn upload_to(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        command: UploadCommand,
        meter: &Meter,
    ) -> Result<UploadReceipt, Error> {
        let (rules, replace, policy) = (library.rules(), command.replace, command.policy);
        let prepared =
            on_workers(self.workers.as_ref(), move |cancelled| prepare::prepare(rules, command, cancelled)).await??;
        let ready = Ready::new(prepared, replace, policy);
        let stored = self.put(library, album, &ready, meter).await?;
        Ok(ready.receipt(library, stored))
    }

    /// Lists images of an album (absent: the default album); the returned name says which. A list that is complete in
    /// one page corrects the catalogue.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::list`] tells.
    pub async fn list(
        &self,
        library: &LibraryId,
        album_id: Option<&AlbumId>,
        page: &PageRequest,
    ) -> Result<(AlbumName, Page<Image>), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let images = self.list_of(library, &album, page).await.map_err(|error| located(error, library, &album))?;
        Ok((AlbumName { library: library.id().clone(), album }, images))
    }

    async fn list_of(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        page: &PageRequest,
    ) -> Result<Page<Image>, Error> {
        if page.after.is_some() {
            return library.list(album, page).await;
        }
        // What is uploaded while the list is read may be missing in it, and is none of these.
        let name = AlbumName { library: library.id().clone(), album: library.canonical(album) };
        let known = self.catalogue.images(&name).await?;
        let images = library.list(album, page).await?;
        if images.next.is_none() && !known.is_empty() {
            let held: HashSet<&ImageId> = images.items.iter().map(|image| &image.id).collect();
            let gone: Vec<ImageId> = known.into_iter().filter(|id| !held.contains(id)).collect();
            self.catalogue.forget(&name, &gone).await?;
        }
        Ok(images)
    }

    /// What is known of the limits of an album's account (absent: the default album's); the returned name says which.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::quota`] tells.
    pub async fn quota(&self, library: &LibraryId, album_id: Option<&AlbumId>) -> Result<(AlbumName, Quota), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let quota = library.quota(&album).await.map_err(|error| located(error, library, &album))?;
        Ok((AlbumName { library: library.id().clone(), album }, quota))
    }

    /// Reads one image.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::get`] tells.
    pub async fn get(&self, name: &ImageName) -> Result<Image, Error> {
        let library = self.library(&name.album.library)?.as_ref();
        let album = &name.album.album;
        let found = library.get(album, &name.image).await;
        let forgotten = match &found {
            Err(error) if error.kind() == ErrorKind::ImageNotFound => {
                self.forget(library, album, std::slice::from_ref(&name.image)).await
            }
            _ => Ok(()),
        };
        forgotten.and(found).map_err(|error| located(error, library, album))
    }

    /// Deletes one image.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::delete`] tells.
    pub async fn delete(&self, name: &ImageName) -> Result<(), Error> {
        let library = self.library(&name.album.library)?.as_ref();
        let album = &name.album.album;
        let outcome = async {
            let mut outcomes = library.delete(album, std::slice::from_ref(&name.image)).await?;
            match (outcomes.pop(), outcomes.is_empty()) {
                (Some(outcome), true) => outcome,
                _ => Err(wrong_number("deletion")),
            }
        };
        let outcome = outcome.await;
        let forgotten = match deletions::may_be_gone(&outcome) {
            true => self.forget(library, album, std::slice::from_ref(&name.image)).await,
            false => Ok(()),
        };
        let outcome =
            outcome.and(forgotten.map_err(deletions::still_known)).map_err(|error| located(error, library, album));
        self.audit_deletion(library, name, &outcome).await;
        outcome
    }

    async fn audit_deletion(&self, library: &dyn ImageLibrary, name: &ImageName, outcome: &Result<(), Error>) {
        if !self.is_audited() {
            return;
        }
        let prices = &library.capabilities().prices;
        let points = match outcome {
            Ok(()) => prices.delete.of(1),
            Err(error) => deletions::refused(prices, error),
        };
        let told = outcome.as_ref().map(|()| None);
        let event = self.event(Verb::Delete, &name.album, told, points);
        self.audit(vec![AuditEvent { image: Some(name.image.clone()), ..event }]).await;
    }
}

/// The fault of a library that does not keep to its port.
fn wrong_number(what: &str) -> Error {
    let message = format!("the library did not answer with one outcome for each {what}");
    Error::new(ErrorKind::Internal, message).with_applied(Applied::Unknown)
}

/// The album that is meant.
fn album(library: &dyn ImageLibrary, named: Option<&AlbumId>) -> Result<AlbumId, Error> {
    named.or(library.default_album()).cloned().ok_or_else(|| {
        let message = format!(
            "name an album: libraries/{0}/albums/{{album}}; the library `{0}` has no default album",
            library.id()
        );
        Error::new(ErrorKind::InvalidArgument, message).with_library(library.id(), library.provider())
    })
}

/// The error with its place. One that has happened in another library, the source of a copy, keeps its own.
fn located(error: Error, library: &dyn ImageLibrary, album: &AlbumId) -> Error {
    if error.library().is_some_and(|other| other != library.id()) {
        return error;
    }
    error.with_library(library.id(), library.provider()).with_album(album)
}
