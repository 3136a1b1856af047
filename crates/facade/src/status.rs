//! What a caller is told when a call fails: one total table from the domain's kinds to a status and a reason, and the
//! details that go with every status. It never passes on the cause of an error, only what the error itself says.

mod reason;

use std::collections::HashMap;
use std::time::Duration;

use polyptych_domain::{AlbumId, AlbumName, Applied, Error, ErrorKind, LibraryId, Provider, Violation};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, QuotaViolation, StatusExt, pb};

pub use reason::{Reason, code_name, errors_page};

/// `ErrorInfo.domain` of every error.
pub const ERROR_DOMAIN: &str = "polyptych";

/// Details travel in a header, and many clients take 8 KiB of headers in all; these caps keep under it even in Cyrillic.
const MAX_MESSAGE_CHARS: usize = 300;
const MAX_VALUE_CHARS: usize = 140;
const MAX_FIELDS: usize = 6;

/// The language of what people are told, as `LocalizedMessage` has it.
const LOCALE: &str = "en";

/// When to repeat a request that met another one or a full server.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// When to repeat a request that met a full disk: somebody has to make room.
pub(crate) const LATER: Duration = Duration::from_secs(60);

/// The table: status code and reason of each kind of error.
pub(crate) fn code_and_reason(kind: ErrorKind) -> (Code, Reason) {
    match kind {
        ErrorKind::InvalidArgument => (Code::InvalidArgument, Reason::InvalidArgument),
        ErrorKind::NotAnImage => (Code::InvalidArgument, Reason::NotAnImage),
        ErrorKind::CorruptImage => (Code::InvalidArgument, Reason::CorruptImage),
        ErrorKind::TooLarge => (Code::ResourceExhausted, Reason::ImageTooLarge),
        ErrorKind::RulesViolated => (Code::InvalidArgument, Reason::RulesViolated),
        ErrorKind::LibraryNotFound => (Code::NotFound, Reason::LibraryNotFound),
        ErrorKind::AlbumNotFound => (Code::NotFound, Reason::AlbumNotFound),
        ErrorKind::ImageNotFound => (Code::NotFound, Reason::ImageNotFound),
        ErrorKind::AlbumOccupied => (Code::AlreadyExists, Reason::AlbumOccupied),
        ErrorKind::ImageInUse => (Code::FailedPrecondition, Reason::ImageInUse),
        ErrorKind::OperationNotFound => (Code::NotFound, Reason::OperationNotFound),
        ErrorKind::OperationRunning => (Code::FailedPrecondition, Reason::OperationRunning),
        ErrorKind::RequestMismatch => (Code::InvalidArgument, Reason::RequestMismatch),
        ErrorKind::PlanOutdated => (Code::Aborted, Reason::PlanOutdated),
        ErrorKind::SourceRefused => (Code::InvalidArgument, Reason::SourceRefused),
        ErrorKind::SourceUnavailable => (Code::FailedPrecondition, Reason::SourceUnavailable),
        ErrorKind::CredentialRefused => (Code::FailedPrecondition, Reason::CredentialRefused),
        ErrorKind::PermissionDenied => (Code::PermissionDenied, Reason::PermissionDenied),
        ErrorKind::Forbidden => (Code::PermissionDenied, Reason::Forbidden),
        ErrorKind::QuotaExhausted => (Code::ResourceExhausted, Reason::QuotaExhausted),
        ErrorKind::BudgetSpent => (Code::FailedPrecondition, Reason::BudgetSpent),
        ErrorKind::RateLimited => (Code::ResourceExhausted, Reason::RateLimited),
        ErrorKind::ProviderUnavailable => (Code::Unavailable, Reason::ProviderUnavailable),
        ErrorKind::ProviderTimeout => (Code::Unavailable, Reason::ProviderTimeout),
        ErrorKind::ProviderRefused => (Code::FailedPrecondition, Reason::ProviderRefused),
        ErrorKind::AnswerUnreadable => (Code::Internal, Reason::AnswerUnreadable),
        ErrorKind::Unsupported => (Code::Unimplemented, Reason::Unsupported),
        ErrorKind::Configuration => (Code::FailedPrecondition, Reason::LibraryMisconfigured),
        ErrorKind::Internal => (Code::Internal, Reason::Internal),
    }
}

/// A failure on its way to becoming a status.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Code,
    reason: Reason,
    message: String,
    facts: HashMap<String, String>,
    fields: Vec<FieldViolation>,
    hints: Box<Hints>,
    /// Whether only code, reason and what was applied are told.
    brief: bool,
}

/// What a caller is told about trying again.
#[derive(Debug, Default)]
struct Hints {
    used_up: Option<QuotaViolation>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// A failure that has changed nothing.
    pub(crate) fn new(code: Code, reason: Reason, message: impl Into<String>) -> Self {
        debug_assert!(reason.codes().contains(&code), "{reason:?} with {code:?}");
        let refusal = Self {
            code,
            reason,
            message: message.into(),
            facts: HashMap::new(),
            fields: Vec::new(),
            hints: Box::default(),
            brief: false,
        };
        refusal.with_applied(Applied::No)
    }

    /// A malformed argument. `field` is a path in the request message.
    pub(crate) fn argument(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Code::InvalidArgument, Reason::InvalidArgument, message.clone()).with_field(field, message)
    }

    /// What the domain says, blaming these fields.
    pub(crate) fn of(error: &Error, blamed: Fields<'_>) -> Self {
        let (code, reason) = code_and_reason(error.kind());
        let mut refusal = Self::new(code, reason, error.to_string()).with_applied(error.applied());
        for (field, description) in fields(error, blamed) {
            refusal = refusal.with_field(field, description);
        }
        if let (Some(library), Some(provider)) = (error.library(), error.provider()) {
            refusal = refusal.with_place(library, Some(provider), error.album());
        }
        refusal.hints.used_up = used_up(error);
        // Where something may have been changed a caller has to look first, so that it is not told to try again.
        refusal.hints.retry_after = error.retry_after().filter(|_| error.applied() == Applied::No);
        let told = error.provider_error();
        refusal
            .with_fact("provider_code", told.and_then(|told| told.code.as_deref()))
            .with_fact("provider_subcode", told.and_then(|told| told.subcode.as_deref()))
            .with_fact("request_id", told.and_then(|told| told.request_id.as_deref()))
    }

    /// Only code, reason, and whether something was changed all the same.
    pub(crate) fn in_short(self) -> Self {
        let facts = self.facts.into_iter().filter(|(key, _)| key == "applied").collect();
        Self { message: String::new(), facts, fields: Vec::new(), hints: Box::default(), brief: true, ..self }
    }

    /// Says whether something was changed all the same.
    pub(crate) fn with_applied(self, applied: Applied) -> Self {
        self.with_fact("applied", Some(applied.as_str()))
    }

    /// The code that it comes with.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Why it failed.
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }

    /// Says where it happened.
    pub(crate) fn with_place(self, library: &LibraryId, provider: Option<Provider>, album: Option<&AlbumId>) -> Self {
        self.with_fact("library", Some(library.as_str()))
            .with_fact("provider", provider.map(Provider::as_str))
            .with_fact("album", album.map(AlbumId::as_str))
    }

    /// Says when to try again; only of what has changed nothing.
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.hints.retry_after = Some(wait);
        self
    }

    /// Blames a field of the request; only the first few are told.
    pub(crate) fn with_field(mut self, field: &str, description: impl Into<String>) -> Self {
        if self.fields.len() < MAX_FIELDS {
            self.fields.push(FieldViolation::new(field, shortened(description.into(), MAX_VALUE_CHARS)));
        }
        self
    }

    fn with_fact(mut self, key: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.facts.insert(key.to_owned(), shortened(value.to_owned(), MAX_VALUE_CHARS));
        }
        self
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let obstacle = obstacle(&refusal).filter(|_| !refusal.brief);
        let mut details = ErrorDetails::with_error_info(refusal.reason.as_str(), ERROR_DOMAIN, refusal.facts);
        if !refusal.brief {
            details.set_localized_message(LOCALE, refusal.reason.meaning());
        }
        if let Some(obstacle) = obstacle {
            details.set_precondition_failure([obstacle]);
        }
        if !refusal.fields.is_empty() {
            details.set_bad_request(refusal.fields);
        }
        if let Some(violation) = refusal.hints.used_up {
            details.set_quota_failure([violation]);
        }
        if let Some(wait) = refusal.hints.retry_after {
            details.set_retry_info(Some(wait));
        }
        Status::with_error_details(refusal.code, shortened(refusal.message, MAX_MESSAGE_CHARS), details)
    }
}

impl From<Refusal> for pb::Status {
    /// The same as data within a message.
    fn from(refusal: Refusal) -> Self {
        as_data(refusal.into())
    }
}

/// The status of a failed use case. What only the operator can mend is logged with its causes, which the caller does
/// not see: which variable holds no token, which host does not answer.
pub(crate) fn failed(error: &Error, blamed: Fields<'_>) -> Status {
    match error.kind() {
        ErrorKind::Internal => tracing::error!(%error, causes = causes(error), "internal error"),
        ErrorKind::CredentialRefused
        | ErrorKind::Configuration
        | ErrorKind::ProviderUnavailable
        | ErrorKind::ProviderTimeout
        | ErrorKind::AnswerUnreadable => tracing::warn!(%error, causes = causes(error), "a library does not work"),
        _ => {}
    }
    Refusal::of(error, blamed).into()
}

/// A failure as data within a message, with all its details.
pub(crate) fn as_data(status: Status) -> pb::Status {
    let plain = || pb::Status { code: status.code().into(), message: status.message().to_owned(), details: Vec::new() };
    // The details are such a message already; we have written them ourselves.
    pb::Status::decode(status.details()).unwrap_or_else(|_| plain())
}

fn causes(error: &Error) -> String {
    let first = std::error::Error::source(error);
    let causes: Vec<_> = std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect();
    causes.join(": ")
}

/// The fields of a request that its failures blame; paths in the request message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'f> {
    /// Where an argument is invalid: it names the album or the image.
    pub(crate) argument: &'f str,
    /// Where the image's name breaks a rule.
    pub(crate) name: &'f str,
    /// Where its class does.
    pub(crate) class: &'f str,
    /// Where the image itself does.
    pub(crate) content: &'f str,
}

impl<'f> Fields<'f> {
    /// An image that comes as a stream behind its metadata.
    pub(crate) const UPLOAD: Fields<'static> = Fields {
        argument: "metadata.parent",
        name: "metadata.display_name",
        class: "metadata.image_class",
        content: "chunk",
    };

    /// A request in which nothing else can be wrong.
    pub(crate) fn of(argument: &'f str) -> Self {
        Self { argument, name: argument, class: argument, content: argument }
    }
}

/// The fields of the request that the error blames, with the reason.
fn fields<'f>(error: &Error, blamed: Fields<'f>) -> Vec<(&'f str, String)> {
    match error.kind() {
        ErrorKind::InvalidArgument => vec![(blamed.argument, error.message().to_owned())],
        ErrorKind::RequestMismatch => vec![("request_id", error.message().to_owned())],
        ErrorKind::RulesViolated if !error.violations().is_empty() => {
            let field = |violation: &Violation| match &*violation.rule {
                "name" => blamed.name,
                "class" => blamed.class,
                _ => blamed.content,
            };
            error.violations().iter().map(|violation| (field(violation), violation.to_string())).collect()
        }
        ErrorKind::NotAnImage | ErrorKind::CorruptImage | ErrorKind::RulesViolated => {
            vec![(blamed.content, error.message().to_owned())]
        }
        _ => Vec::new(),
    }
}

/// What stands in the way, of a call that could be repeated once that is mended: in which album or library.
fn obstacle(refusal: &Refusal) -> Option<PreconditionViolation> {
    if refusal.code != Code::FailedPrecondition {
        return None;
    }
    let library = refusal.facts.get("library").and_then(|id| LibraryId::new(id.as_str()).ok());
    let album = refusal.facts.get("album").and_then(|id| AlbumId::new(id.as_str()).ok());
    let subject = match (library, album) {
        (Some(library), Some(album)) => AlbumName { library, album }.to_string(),
        (Some(library), None) => format!("libraries/{library}"),
        (None, _) => String::new(),
    };
    let told = shortened(refusal.message.clone(), MAX_VALUE_CHARS);
    Some(PreconditionViolation::new(refusal.reason.as_str(), subject, told))
}

/// Whose quota is used up, if that is what the error says, and what it says of it.
fn used_up(error: &Error) -> Option<QuotaViolation> {
    if !matches!(error.kind(), ErrorKind::QuotaExhausted | ErrorKind::RateLimited) {
        return None;
    }
    let (library, album) = (error.library()?.clone(), error.album()?.clone());
    let subject = AlbumName { library, album }.to_string();
    let [subject, told] = [subject, error.message().to_owned()].map(|text| shortened(text, MAX_VALUE_CHARS));
    Some(QuotaViolation::new(subject, told))
}

fn shortened(text: String, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
