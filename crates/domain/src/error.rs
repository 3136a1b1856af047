//! The one error of the domain: what happened, where, whether something was applied, and what to do about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AlbumId, FitPlan, LibraryId, Provider, Violation};

/// Longest message of a provider that is shown, in characters.
const MAX_WORDS: usize = 300;

/// What happened. A closed list: the façade maps each to a status and a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A name or another argument is malformed.
    InvalidArgument,
    /// The bytes are not an image of a known format.
    NotAnImage,
    /// The image is damaged.
    CorruptImage,
    /// The image is larger (bytes or pixels) than is handled at all.
    TooLarge,
    /// The image or its name breaks the library's rules; see [`Error::violations`].
    RulesViolated,
    /// No library of that name is configured.
    LibraryNotFound,
    /// The provider does not know the album (login, account, store or product), or hides it.
    AlbumNotFound,
    /// The album holds no such image.
    ImageNotFound,
    /// The album takes one image and has one.
    AlbumOccupied,
    /// The image is in use and cannot be deleted.
    ImageInUse,
    /// There is no such operation.
    OperationNotFound,
    /// The operation has not ended, and only one that has ended can be removed.
    OperationRunning,
    /// The caller has asked for something else under the same request id.
    RequestMismatch,
    /// The world is no longer the one that a plan was made from; make another plan.
    PlanOutdated,
    /// A picture's address must not be called from here.
    SourceRefused,
    /// A picture cannot be had from its address, or is not kept any more.
    SourceUnavailable,
    /// The provider refused the library's credential, or none is configured.
    CredentialRefused,
    /// The credential is good but has no right to this album or operation.
    PermissionDenied,
    /// The client that calls us may not use this library, whether there is one or not.
    Forbidden,
    /// Points, calls or space of the account are used up.
    QuotaExhausted,
    /// The call might cost more than is left of the budget that the caller gave.
    BudgetSpent,
    /// Too many requests at once or in a short time.
    RateLimited,
    /// The provider cannot be reached or says that it is out of service.
    ProviderUnavailable,
    /// The provider did not answer in time.
    ProviderTimeout,
    /// The provider refused the request for a reason of its own; see [`ProviderError`].
    ProviderRefused,
    /// The provider's answer could not be understood.
    AnswerUnreadable,
    /// The provider has no such capability.
    Unsupported,
    /// The library's configuration does not work.
    Configuration,
    /// A fault of ours.
    Internal,
}

/// Whether a failed call changed something at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// Nothing was changed.
    #[default]
    No,
    /// The change was made although the call failed (its answer was unreadable).
    Yes,
    /// It cannot be told; look before repeating.
    Unknown,
}

impl Applied {
    /// `no`, `yes` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

/// What the provider said, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProviderError {
    /// Its error code; absent where it gave none (an HTML page, an empty body).
    pub code: Option<String>,
    /// Facebook's `error_subcode`.
    pub subcode: Option<String>,
    /// HTTP status of the answer.
    pub http_status: Option<u16>,
    /// Its message and details, possibly in Russian.
    pub message: String,
    /// `RequestId` (Yandex), `fbtrace_id` (Facebook): what its support asks for.
    pub request_id: Option<String>,
}

/// A failed call or a failed item of a batch. Cloned where one failure is the outcome of several items.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    applied: Applied,
    resent: u32,
    retry_after: Option<Duration>,
    library: Option<LibraryId>,
    album: Option<AlbumId>,
    provider: Option<Provider>,
    provider_error: Option<ProviderError>,
    violations: Vec<Violation>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with nothing applied. `message` is one lower-case line without secrets that says what to do where that helps.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            applied: Applied::No,
            resent: 0,
            retry_after: None,
            library: None,
            album: None,
            provider: None,
            provider_error: None,
            violations: Vec::new(),
            source: None,
        }))
    }

    /// The error of an image or a name that breaks rules.
    pub fn violated(violations: Vec<Violation>) -> Self {
        let text: Vec<_> = violations.iter().map(ToString::to_string).collect();
        let mut error = Self::new(ErrorKind::RulesViolated, text.join("; "));
        error.0.violations = violations;
        error
    }

    /// Says which rules were broken.
    #[must_use]
    pub(crate) fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// Adds to the message what would help.
    #[must_use]
    pub(crate) fn with_advice(mut self, plan: Option<&FitPlan>) -> Self {
        if let Some(plan) = plan {
            self.0.message = format!("{}; {plan}", self.0.message);
        }
        self
    }

    /// Says what it is about, before its message.
    #[must_use]
    pub(crate) fn about(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Says whether something was applied.
    #[must_use]
    pub fn with_applied(mut self, applied: Applied) -> Self {
        self.0.applied = applied;
        self
    }

    /// Says how often an image was sent once more after an answer was lost.
    #[must_use]
    pub fn with_resent(mut self, resent: u32) -> Self {
        self.0.resent = resent;
        self
    }

    /// Says when it is worth trying again; absent where nobody knows.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Says where it happened.
    #[must_use]
    pub fn with_library(mut self, library: &LibraryId, provider: Provider) -> Self {
        self.0.library = Some(library.clone());
        self.0.provider = Some(provider);
        self
    }

    /// Says in which album it happened.
    #[must_use]
    pub fn with_album(mut self, album: &AlbumId) -> Self {
        self.0.album = Some(album.clone());
        self
    }

    /// Adds what the provider said.
    #[must_use]
    pub fn with_provider_error(mut self, error: ProviderError) -> Self {
        self.0.provider_error = Some(error);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// What happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// One line without its cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether something was changed at the provider all the same.
    pub fn applied(&self) -> Applied {
        self.0.applied
    }

    /// How often an image was sent once more after an answer was lost; see [`crate::Uploaded::resent`].
    pub fn resent(&self) -> u32 {
        self.0.resent
    }

    /// When it is worth trying again, from the failure on, where the provider or its limits tell.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The library, where one was involved.
    pub fn library(&self) -> Option<&LibraryId> {
        self.0.library.as_ref()
    }

    /// The album, where one was involved.
    pub fn album(&self) -> Option<&AlbumId> {
        self.0.album.as_ref()
    }

    /// The provider, where one was involved.
    pub fn provider(&self) -> Option<Provider> {
        self.0.provider
    }

    /// What the provider said, where it answered.
    pub fn provider_error(&self) -> Option<&ProviderError> {
        self.0.provider_error.as_ref()
    }

    /// Every rule that is broken; empty unless the kind is [`ErrorKind::RulesViolated`].
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(library) = &self.0.library {
            write!(f, "{library}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(error) = &self.0.provider_error {
            let parts = [("code", &error.code), ("subcode", &error.subcode), ("request", &error.request_id)];
            let told: Vec<_> = parts
                .iter()
                .filter_map(|(label, value)| value.as_ref().map(|value| format!("{label} {value}")))
                .collect();
            if !told.is_empty() {
                write!(f, " ({})", told.join(", "))?;
            }
            // Its words come from the network: one line of bounded length.
            let words: String = error.message.split_whitespace().collect::<Vec<_>>().join(" ");
            if !words.is_empty() && !self.0.message.contains(&words) {
                write!(f, "; the provider says: {}", words.chars().take(MAX_WORDS).collect::<String>())?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_place_code_request_and_the_providers_words_on_one_line() {
        let said = ProviderError {
            code: Some("8000".to_owned()),
            message: format!("Invalid\n request {}", "x".repeat(1000)),
            request_id: Some("42".to_owned()),
            ..ProviderError::default()
        };
        let library = LibraryId::new("direct").unwrap();
        let error = Error::new(ErrorKind::ProviderRefused, "the request is not valid")
            .with_library(&library, Provider::YandexDirectV5)
            .with_provider_error(said);
        let text = error.to_string();
        let start = "direct: the request is not valid (code 8000, request 42); the provider says: Invalid request xxx";
        assert!(text.starts_with(start), "{text}");
        assert!(text.chars().count() < 400 && !text.contains('\n'));
    }
}
