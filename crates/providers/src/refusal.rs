//! What a provider's "no" means here. The code is looked up in the generated table of the provider; the table's reason
//! becomes the domain's kind of error. Without a known code the HTTP status decides.

use polyptych_domain::ErrorKind;
use polyptych_wire::fault::{Class, ErrorEntry, Reason};

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

/// Statuses that say something without a body, first match wins: first status, last status, kind, what to say.
const STATUSES: &[(u16, u16, ErrorKind, &str)] = &[
    (401, 401, ErrorKind::CredentialRefused, "the provider refused the credential"),
    (403, 403, ErrorKind::PermissionDenied, "the provider denied access"),
    (408, 408, ErrorKind::ProviderTimeout, "the provider gave up waiting"),
    (429, 429, ErrorKind::RateLimited, "the provider asks to slow down"),
    (504, 504, ErrorKind::ProviderTimeout, "the provider's gateway got no answer in time"),
    (500, 599, ErrorKind::ProviderUnavailable, "the provider failed"),
    (300, 399, ErrorKind::Configuration, "the provider redirects elsewhere; correct the library's address"),
    (400, 499, ErrorKind::ProviderRefused, "the provider refused the request"),
];

/// Kind and message for a status that comes without a known code; `None` for a success.
pub(crate) fn of_status(status: u16) -> Option<(ErrorKind, &'static str)> {
    let row = STATUSES.iter().find(|(first, last, ..)| (*first..=*last).contains(&status));
    row.map(|(_, _, kind, message)| (*kind, *message))
}
