//! The table of statuses, row by row, as it reaches a caller.

use std::fmt::Write;
use std::time::Duration;

use polyptych_domain::{Applied, Error, ErrorKind, ProviderError};
use polyptych_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{Server, fact, messages, metadata, png, reason};

/// The kind after `kind`, so that the walk over all of them does not compile when one is added and not walked.
fn next(kind: ErrorKind) -> Option<ErrorKind> {
    use ErrorKind::*;
    Some(match kind {
        InvalidArgument => NotAnImage,
        NotAnImage => CorruptImage,
        CorruptImage => TooLarge,
        TooLarge => RulesViolated,
        RulesViolated => LibraryNotFound,
        LibraryNotFound => AlbumNotFound,
        AlbumNotFound => ImageNotFound,
        ImageNotFound => AlbumOccupied,
        AlbumOccupied => ImageInUse,
        ImageInUse => OperationNotFound,
        OperationNotFound => OperationRunning,
        OperationRunning => RequestMismatch,
        RequestMismatch => PlanOutdated,
        PlanOutdated => SourceRefused,
        SourceRefused => SourceUnavailable,
        SourceUnavailable => CredentialRefused,
        CredentialRefused => PermissionDenied,
        PermissionDenied => Forbidden,
        Forbidden => QuotaExhausted,
        QuotaExhausted => BudgetSpent,
        BudgetSpent => RateLimited,
        RateLimited => ProviderUnavailable,
        ProviderUnavailable => ProviderTimeout,
        ProviderTimeout => ProviderRefused,
        ProviderRefused => AnswerUnreadable,
        AnswerUnreadable => Unsupported,
        Unsupported => Configuration,
        Configuration => Internal,
        Internal => return None,
    })
}

const TABLE: [(ErrorKind, Code, &str); 29] = [
    (ErrorKind::InvalidArgument, Code::InvalidArgument, "INVALID_ARGUMENT"),
    (ErrorKind::NotAnImage, Code::InvalidArgument, "NOT_AN_IMAGE"),
    (ErrorKind::CorruptImage, Code::InvalidArgument, "CORRUPT_IMAGE"),
    (ErrorKind::TooLarge, Code::ResourceExhausted, "IMAGE_TOO_LARGE"),
    (ErrorKind::RulesViolated, Code::InvalidArgument, "RULES_VIOLATED"),
    (ErrorKind::LibraryNotFound, Code::NotFound, "LIBRARY_NOT_FOUND"),
    (ErrorKind::AlbumNotFound, Code::NotFound, "ALBUM_NOT_FOUND"),
    (ErrorKind::ImageNotFound, Code::NotFound, "IMAGE_NOT_FOUND"),
    (ErrorKind::AlbumOccupied, Code::AlreadyExists, "ALBUM_OCCUPIED"),
    (ErrorKind::ImageInUse, Code::FailedPrecondition, "IMAGE_IN_USE"),
    (ErrorKind::OperationNotFound, Code::NotFound, "OPERATION_NOT_FOUND"),
    (ErrorKind::OperationRunning, Code::FailedPrecondition, "OPERATION_RUNNING"),
    (ErrorKind::RequestMismatch, Code::InvalidArgument, "REQUEST_MISMATCH"),
    (ErrorKind::PlanOutdated, Code::Aborted, "PLAN_OUTDATED"),
    (ErrorKind::SourceRefused, Code::InvalidArgument, "SOURCE_REFUSED"),
    (ErrorKind::SourceUnavailable, Code::FailedPrecondition, "SOURCE_UNAVAILABLE"),
    (ErrorKind::CredentialRefused, Code::FailedPrecondition, "CREDENTIAL_REFUSED"),
    (ErrorKind::PermissionDenied, Code::PermissionDenied, "PERMISSION_DENIED"),
    (ErrorKind::Forbidden, Code::PermissionDenied, "FORBIDDEN"),
    (ErrorKind::QuotaExhausted, Code::ResourceExhausted, "QUOTA_EXHAUSTED"),
    (ErrorKind::BudgetSpent, Code::FailedPrecondition, "BUDGET_SPENT"),
    (ErrorKind::RateLimited, Code::ResourceExhausted, "RATE_LIMITED"),
    (ErrorKind::ProviderUnavailable, Code::Unavailable, "PROVIDER_UNAVAILABLE"),
    (ErrorKind::ProviderTimeout, Code::Unavailable, "PROVIDER_TIMEOUT"),
    (ErrorKind::ProviderRefused, Code::FailedPrecondition, "PROVIDER_REFUSED"),
    (ErrorKind::AnswerUnreadable, Code::Internal, "ANSWER_UNREADABLE"),
    (ErrorKind::Unsupported, Code::Unimplemented, "UNSUPPORTED"),
    (ErrorKind::Configuration, Code::FailedPrecondition, "LIBRARY_MISCONFIGURED"),
    (ErrorKind::Internal, Code::Internal, "INTERNAL"),
];

#[tokio::test(start_paused = true)]
async fn every_kind_of_error_reaches_the_caller_as_its_row_says() {
    let walk: Vec<_> = std::iter::successors(Some(ErrorKind::InvalidArgument), |kind| next(*kind)).collect();
    assert_eq!(walk, TABLE.map(|(kind, ..)| kind));
    let server = Server::start();
    let mut client = server.images().await;
    let request = v1::GetImageRequest { name: "libraries/alpha/albums/a/images/b".to_owned() };
    for (kind, code, text) in TABLE {
        server.library.fail(move || Error::new(kind, "it did not work").with_applied(Applied::Unknown));
        let status = client.get_image(request.clone()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, text));
        assert_eq!(status.message(), "alpha: it did not work");
        let facts = ["provider", "library", "album", "applied"].map(|key| fact(&status, key).unwrap());
        assert_eq!(facts, ["evotor", "alpha", "a", "unknown"]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_write_says_what_was_applied() {
    let server = Server::start();
    let mut client = server.images().await;
    for applied in [Applied::No, Applied::Yes, Applied::Unknown] {
        server.library.fail(move || Error::new(ErrorKind::ProviderTimeout, "too slow").with_applied(applied));
        let upload = client.upload_image(messages(metadata("libraries/alpha"), &png(9, 9))).await.unwrap_err();
        let name = "libraries/alpha/albums/a/images/b".to_owned();
        let delete = client.delete_image(v1::DeleteImageRequest { name, ..Default::default() }).await.unwrap_err();
        for status in [upload, delete] {
            assert_eq!(
                (status.code(), fact(&status, "applied").as_deref()),
                (Code::Unavailable, Some(applied.as_str()))
            );
        }
    }
}

/// Everything that a caller is told, a line for each detail.
fn told(status: &Status) -> String {
    let mut text = format!("{:?}: {}\n", status.code(), status.message());
    let details = status.get_error_details();
    if let Some(info) = details.error_info() {
        let mut facts: Vec<_> = info.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
        facts.sort();
        writeln!(text, "  ErrorInfo {} {} {}", info.domain, info.reason, facts.join(" ")).unwrap();
    }
    if let Some(message) = details.localized_message() {
        writeln!(text, "  LocalizedMessage {}: {}", message.locale, message.message).unwrap();
    }
    for field in details.bad_request().into_iter().flat_map(|request| &request.field_violations) {
        writeln!(text, "  BadRequest {}: {}", field.field, field.description).unwrap();
    }
    for found in details.precondition_failure().into_iter().flat_map(|failure| &failure.violations) {
        writeln!(text, "  PreconditionFailure {} {}: {}", found.r#type, found.subject, found.description).unwrap();
    }
    for found in details.quota_failure().into_iter().flat_map(|failure| &failure.violations) {
        writeln!(text, "  QuotaFailure {}: {}", found.subject, found.description).unwrap();
    }
    if let Some(wait) = details.retry_info().and_then(|info| info.retry_delay) {
        writeln!(text, "  RetryInfo {wait:?}").unwrap();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn the_details_of_every_error_are_those_of_the_golden_file() {
    let server = Server::start();
    let mut client = server.images().await;
    let request = v1::GetImageRequest { name: "libraries/alpha/albums/a%20b/images/c".to_owned() };
    let mut all = String::new();
    for (kind, ..) in TABLE {
        server.library.fail(move || {
            let said = ProviderError {
                code: Some("8000".to_owned()),
                request_id: Some("R1".to_owned()),
                ..ProviderError::default()
            };
            Error::new(kind, "it did not work").with_provider_error(said).with_retry_after(Some(Duration::from_secs(9)))
        });
        all.push_str(&told(&client.get_image(request.clone()).await.unwrap_err()));
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facade/statuses.txt");
    if std::env::var_os("POLYPTYCH_BLESS").is_some() {
        std::fs::write(&path, &all).unwrap();
    }
    assert_eq!(all, std::fs::read_to_string(&path).unwrap(), "with POLYPTYCH_BLESS=1 the golden file is written anew");
}
