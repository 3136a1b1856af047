//! How far a call got, noted by its handler, so that one place can say it when the call is cut off: by its deadline, or because
//! its caller does not read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use polyptych_domain::{AlbumId, Applied, ImageLibrary, LibraryId, Provider};

use tonic::Code;

use crate::status::Refusal;

/// What is known about a call in progress.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    place: OnceLock<(LibraryId, Provider, Option<AlbumId>)>,
    writing: AtomicBool,
    cut: OnceLock<Code>,
}

impl Progress {
    /// The progress that belongs to a request; one of its own where the request did not come through [`crate::calls`].
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Arc<Self> {
        request.extensions().get::<Arc<Self>>().cloned().unwrap_or_default()
    }

    /// Notes where the call works. Only the first note counts.
    pub(crate) fn at(&self, library: &dyn ImageLibrary, album: Option<&AlbumId>) {
        self.place.get_or_init(|| (library.id().clone(), library.provider(), album.cloned()));
    }

    /// Notes that from now on something may be changed at the provider.
    pub(crate) fn writing(&self) {
        self.writing.store(true, Ordering::Release);
    }

    /// With what the call was cut off, if it was.
    pub(crate) fn cut(&self) -> Option<Code> {
        self.cut.get().copied()
    }

    /// Adds what is known to the failure of a call that is cut off.
    pub(crate) fn cut_off(&self, refusal: Refusal) -> Refusal {
        self.cut.get_or_init(|| refusal.code());
        let applied = if self.writing.load(Ordering::Acquire) { Applied::Unknown } else { Applied::No };
        let refusal = refusal.with_applied(applied);
        match self.place.get() {
            Some((library, provider, album)) => refusal.with_place(library, Some(*provider), album.as_ref()),
            None => refusal,
        }
    }
}
