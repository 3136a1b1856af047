//! The table of statuses, row by row, as it reaches a caller.

use polyptych_domain::{Applied, Error, ErrorKind};
use polyptych_proto::v1;
use tonic::Code;

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
        PermissionDenied => QuotaExhausted,
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

const TABLE: [(ErrorKind, Code, &str); 28] = [
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
