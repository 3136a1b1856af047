//! An error as it is kept: everything of [`Error`] but its cause, which is part of the message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AlbumId, Applied, Error, ErrorKind, LibraryId, Provider, ProviderError, Violation};

/// An error that can be stored and read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened.
    pub kind: ErrorKind,
    /// One line that includes what the error had as its cause.
    pub message: String,
    /// Whether it was applied all the same.
    pub applied: Applied,
    /// How often an image was sent once more.
    #[serde(default)]
    pub resent: u32,
    /// When it was worth trying again, from the failure on.
    #[serde(default)]
    pub retry_after: Option<Duration>,
    /// Where.
    #[serde(default)]
    pub library: Option<LibraryId>,
    /// In which album.
    #[serde(default)]
    pub album: Option<AlbumId>,
    /// Whose error it is.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// What the provider said.
    #[serde(default)]
    pub provider_error: Option<ProviderError>,
    /// The rules that were broken.
    #[serde(default)]
    pub violations: Vec<Violation>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut message = error.message().to_owned();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let told = cause.to_string();
            // Many messages say their cause already.
            if !message.contains(&told) {
                message = format!("{message}: {told}");
            }
            source = cause.source();
        }
        Self {
            kind: error.kind(),
            message,
            applied: error.applied(),
            resent: error.resent(),
            retry_after: error.retry_after(),
            library: error.library().cloned(),
            album: error.album().cloned(),
            provider: error.provider(),
            provider_error: error.provider_error().cloned(),
            violations: error.violations().to_vec(),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let mut error = Error::new(failure.kind, failure.message)
            .with_applied(failure.applied)
            .with_resent(failure.resent)
            .with_retry_after(failure.retry_after)
            .with_violations(failure.violations);
        if let (Some(library), Some(provider)) = (&failure.library, failure.provider) {
            error = error.with_library(library, provider);
        }
        if let Some(album) = &failure.album {
            error = error.with_album(album);
        }
        if let Some(said) = failure.provider_error {
            error = error.with_provider_error(said);
        }
        error
    }
}
