//! What a provider's "no" means here. The code is looked up in the generated table of the provider; the table's reason
//! becomes the domain's kind of error. Without a known code the HTTP status decides.

use http::StatusCode;
use polyptych_domain::ErrorKind;
use polyptych_wire::fault::{Class, ErrorEntry, ErrorTable, Level, Reason};

/// An error as a provider states it, in whatever encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Option<i64>,
    pub(crate) subcode: Option<i64>,
    /// The provider's own name of the error, where that is not the code of the table (Evotor's `validation_failed`).
    pub(crate) name: Option<String>,
    /// Message and detail in the provider's words.
    pub(crate) message: String,
    /// What the provider's support asks for, where the body tells it.
    pub(crate) request_id: Option<String>,
    /// Whether the provider says that it may pass by itself.
    pub(crate) transient: bool,
}

impl Refusal {
    /// Joins message and detail, either of which may be empty.
    pub(crate) fn joined(message: &str, detail: &str) -> String {
        match (message.trim(), detail.trim()) {
            (message, "") => message.to_owned(),
            ("", detail) => detail.to_owned(),
            (message, detail) if message == detail => message.to_owned(),
            (message, detail) => format!("{message}: {detail}"),
        }
    }
}

/// What a call was about: the same word of a provider means another thing in another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An image that is being uploaded.
    Upload,
    /// The album as a whole.
    Album,
    /// An image that the library holds.
    Image,
}

/// The domain's kind for a row of a provider's table.
pub(crate) fn kind(entry: &ErrorEntry, subject: Subject) -> ErrorKind {
    match (entry.reason, subject) {
        (Reason::NotFound, Subject::Image) => ErrorKind::ImageNotFound,
        (Reason::NotFound, _) => ErrorKind::AlbumNotFound,
        (Reason::InvalidImage | Reason::NameInvalid | Reason::TooLarge, Subject::Upload) => ErrorKind::RulesViolated,
        (Reason::InvalidRequest | Reason::InvalidImage | Reason::NameInvalid | Reason::TooLarge, _) => {
            ErrorKind::ProviderRefused
        }
        (Reason::InUse, _) => ErrorKind::ImageInUse,
        (Reason::AlreadyExists, _) => ErrorKind::AlbumOccupied,
        (Reason::Unauthenticated, _) => ErrorKind::CredentialRefused,
        (Reason::PermissionDenied, _) => ErrorKind::PermissionDenied,
        (Reason::QuotaExhausted, _) => ErrorKind::QuotaExhausted,
        (Reason::RateLimited, _) => ErrorKind::RateLimited,
        (Reason::Unavailable, _) => ErrorKind::ProviderUnavailable,
        (Reason::Internal, _) if entry.class == Class::Never => ErrorKind::ProviderRefused,
        (Reason::Internal, _) => ErrorKind::ProviderUnavailable,
        (Reason::Unsupported, _) if entry.class == Class::Upgrade => ErrorKind::Configuration,
        (Reason::Unsupported, _) => ErrorKind::Unsupported,
    }
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) kind: ErrorKind,
    /// The meaning, for people.
    pub(crate) meaning: &'static str,
    /// What to do about it.
    pub(crate) class: Class,
    /// Whether it leaves open what became of a write.
    pub(crate) unsure: bool,
}

/// Judges an error that a provider stated: by its table, else by what the provider says of it, else by the status.
pub(crate) fn judge(
    table: &ErrorTable,
    level: Level,
    refusal: &Refusal,
    subject: Subject,
    status: StatusCode,
) -> Judgement {
    let entry = refusal.code.and_then(|code| table.find(level, code, refusal.subcode, &refusal.message));
    if let Some(entry) = entry {
        let unsure = failed_midway(entry, refusal.transient);
        return Judgement { kind: kind(entry, subject), meaning: entry.meaning, class: entry.class, unsure };
    }
    let unsure = refusal.transient || !(refuses(status) || status.is_success());
    let (kind, meaning, class) = match of_status(status) {
        _ if refusal.transient => {
            (ErrorKind::ProviderUnavailable, "the provider failed for the moment", Class::Backoff)
        }
        Some(told) => told,
        None => (ErrorKind::ProviderRefused, "the provider refused the request", Class::Never),
    };
    Judgement { kind, meaning, class, unsure }
}

/// Whether an error of the table leaves open what became of a write: the provider failed rather than refused.
fn failed_midway(entry: &ErrorEntry, transient: bool) -> bool {
    match entry.class {
        Class::UnknownOutcome => true,
        Class::Backoff => entry.reason == Reason::Internal || (transient && entry.reason == Reason::Unavailable),
        _ => false,
    }
}

/// Statuses that say by themselves that nothing was done. A timeout does not: the server saw the request begin.
pub(crate) fn refuses(status: StatusCode) -> bool {
    (status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT) || status.is_redirection()
}

/// What a status says without a body: kind, meaning, what to do.
type Told = (ErrorKind, &'static str, Class);

/// Statuses that say something without a body, first match wins: first status, last status, what it says.
const STATUSES: &[(u16, u16, Told)] = &[
    (401, 401, (ErrorKind::CredentialRefused, "the provider refused the credential", Class::Reauth)),
    (403, 403, (ErrorKind::PermissionDenied, "the provider denied access", Class::Never)),
    (408, 408, (ErrorKind::ProviderTimeout, "the provider gave up waiting", Class::Backoff)),
    (429, 429, (ErrorKind::RateLimited, "the provider asks to slow down", Class::Throttle)),
    (504, 504, (ErrorKind::ProviderTimeout, "the provider's gateway got no answer in time", Class::Backoff)),
    (500, 599, (ErrorKind::ProviderUnavailable, "the provider failed", Class::Backoff)),
    (
        300,
        399,
        (ErrorKind::Configuration, "the provider redirects elsewhere; correct the library's address", Class::Never),
    ),
    (400, 499, (ErrorKind::ProviderRefused, "the provider refused the request", Class::Never)),
];

/// What a status says that comes without a known code; `None` for a success.
pub(crate) fn of_status(status: StatusCode) -> Option<Told> {
    let row = STATUSES.iter().find(|(first, last, _)| (*first..=*last).contains(&status.as_u16()));
    row.map(|(_, _, told)| *told)
}
