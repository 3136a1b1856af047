//! The use cases over all configured libraries. Checks and fits before anything is spent, then calls one library.

mod associations;
mod audit;
mod batch;
mod check;
mod claimed;
mod copy;
mod deletions;
mod downloads;
mod estimate;
mod group;
mod import;
mod known;
mod meter;
mod planning;
mod prepare;
mod publish;
mod put;
mod reading;
mod scope;
mod sending;
mod twins;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use audit::Caller;
pub use batch::BatchReport;
pub use check::{CheckCommand, CheckReport};
pub use copy::{CopyCommand, CopyReceipt};
pub use downloads::Download;
pub use estimate::Planned;
pub use import::{ImportCommand, ImportStep, Imported, NativeImport};
pub(crate) use meter::{Ledger, Meters};
pub(crate) use publish::Fitted;
pub use publish::{PublishCommand, PublishTarget};
pub use put::UploadPolicy;
pub use scope::Scope;
pub use upload::{Sent, UploadCommand, UploadReceipt};

use crate::flights::Flights;
use crate::workers::Workers;
use crate::{
    AlbumId, Applied, AuditLog, Catalogue, Claims, ContentKey, Error, ErrorKind, ImageLibrary, LibraryId,
    MemoryCatalogue, MemoryClaims, MemorySpool, Pauses, Spool,
};
use audit::Audit;
use put::Landed;

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
    scope: Scope,
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
        let named = named(libraries)?;
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
            scope: Scope::default(),
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

    /// The same service over other libraries, for calls from now on.
    ///
    /// # Errors
    /// `Configuration` if two libraries have the same id.
    pub fn with_libraries(&self, libraries: Vec<Arc<dyn ImageLibrary>>) -> Result<Self, Error> {
        Ok(Self { libraries: Arc::new(named(libraries)?), ..self.clone() })
    }

    /// The same service with no libraries but those in `scope`: of others it does not even tell whether they are there.
    #[must_use]
    pub fn within(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// All libraries that may be used, ordered by id.
    pub fn libraries(&self) -> impl Iterator<Item = &Arc<dyn ImageLibrary>> {
        self.libraries.values().filter(|library| self.scope.holds(library.id()))
    }

    /// One library.
    ///
    /// # Errors
    /// `Forbidden` for a library that is not in the [`Scope`], whether there is one or not; else `LibraryNotFound`.
    pub fn library(&self, id: &LibraryId) -> Result<&Arc<dyn ImageLibrary>, Error> {
        if !self.scope.holds(id) {
            return Err(Error::new(ErrorKind::Forbidden, "the client may not use this library"));
        }
        self.libraries.get(id).ok_or_else(|| {
            let known: Vec<_> = self.libraries().map(|library| library.id().as_str()).collect();
            let message = format!("no library `{id}` is configured; configured are: {}", known.join(", "));
            Error::new(ErrorKind::LibraryNotFound, message)
        })
    }
}

fn named(libraries: Vec<Arc<dyn ImageLibrary>>) -> Result<BTreeMap<LibraryId, Arc<dyn ImageLibrary>>, Error> {
    let mut named = BTreeMap::new();
    for library in libraries {
        if let Some(other) = named.insert(library.id().clone(), library) {
            let message = format!("the library `{}` is configured twice", other.id());
            return Err(Error::new(ErrorKind::Configuration, message));
        }
    }
    Ok(named)
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
