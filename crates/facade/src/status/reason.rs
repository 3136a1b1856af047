//! Why a call fails, as callers are told: a closed list, each with its status, its meaning and what to do about it. It says
//! nothing about when which of them applies.

use std::fmt::Write;

use tonic::Code;

macro_rules! reasons {
    ($($(#[doc = $meaning:literal])+ $name:ident = $text:literal, [$($code:ident),+], $advice:literal,)*) => {
        /// `ErrorInfo.reason`: why a call failed. A closed list; see [`Reason::as_str`] for the text on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $meaning])+ $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text on the wire: `RULES_VIOLATED`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The status codes that it comes with; one, unless a caller does not speak our methods.
            pub fn codes(self) -> &'static [Code] {
                match self {
                    $(Self::$name => &[$(Code::$code),+],)*
                }
            }

            /// What it means, for people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii_start(),)*
                }
            }

            /// What to do about it, for people.
            pub fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

reasons! {
    /// A name or another argument is malformed; `BadRequest` names the field.
    InvalidArgument = "INVALID_ARGUMENT", [InvalidArgument], "Mend the field.",
    /// The bytes are not an image of a known format.
    NotAnImage = "NOT_AN_IMAGE", [InvalidArgument], "Send a file of a format that the library takes; `CheckImage` tells which.",
    /// The image is damaged.
    CorruptImage = "CORRUPT_IMAGE", [InvalidArgument], "Save the picture anew, or send the whole file.",
    /// The file or the picture is larger than this server handles.
    ImageTooLarge = "IMAGE_TOO_LARGE", [ResourceExhausted], "Send a smaller file.",
    /// The image or its name breaks the library's rules; `BadRequest` names each.
    RulesViolated = "RULES_VIOLATED", [InvalidArgument], "Ask for a `fit`, or mend the picture; `CheckImage` tells what would help.",
    /// No library of that name is configured.
    LibraryNotFound = "LIBRARY_NOT_FOUND", [NotFound], "Name one of `ListLibraries`.",
    /// The provider does not know the album, or hides it.
    AlbumNotFound = "ALBUM_NOT_FOUND", [NotFound], "Name one of `ListAlbums`, or let the credential have a right to it.",
    /// The album holds no such image.
    ImageNotFound = "IMAGE_NOT_FOUND", [NotFound], "Name one of `ListImages`.",
    /// The album takes one image and has one.
    AlbumOccupied = "ALBUM_OCCUPIED", [AlreadyExists], "Delete the image first, or set `replace`.",
    /// An advertisement uses the image.
    ImageInUse = "IMAGE_IN_USE", [FailedPrecondition], "Take the image out of its advertisements first.",
    /// No such operation.
    OperationNotFound = "OPERATION_NOT_FOUND", [NotFound], "Name one of `ListOperations`; ended ones are kept for a time only.",
    /// The operation has not ended.
    OperationRunning = "OPERATION_RUNNING", [FailedPrecondition], "Wait for its end, or cancel it.",
    /// The request id was used for something else.
    RequestMismatch = "REQUEST_MISMATCH", [InvalidArgument], "Give every request an id of its own, and repeat it unchanged.",
    /// The first request of this id has not been answered yet; repeat it later.
    RequestRunning = "REQUEST_RUNNING", [Aborted], "Repeat the same request after `RetryInfo`.",
    /// The operation was cancelled; what was done before stays done.
    OperationCancelled = "OPERATION_CANCELLED", [Cancelled], "Look at its `partial_response`.",
    /// The world is no longer the one that the plan was made from.
    PlanOutdated = "PLAN_OUTDATED", [Aborted], "Make another plan.",
    /// The picture's address must not be called from here.
    SourceRefused = "SOURCE_REFUSED", [InvalidArgument], "Name a public address; the operator may allow private hosts.",
    /// The picture cannot be had from its address, or is not kept any more.
    SourceUnavailable = "SOURCE_UNAVAILABLE", [FailedPrecondition], "See that the address serves the picture.",
    /// A file that a manifest names has not been staged, or not within the last hour; `BadRequest` names each.
    PictureNotStaged = "PICTURE_NOT_STAGED", [FailedPrecondition], "Send each file with `StagePicture`, then plan again.",
    /// The provider refuses the library's credential.
    CredentialRefused = "CREDENTIAL_REFUSED", [FailedPrecondition], "The operator renews the credential of the library.",
    /// The library's credential has no right to this.
    PermissionDenied = "PERMISSION_DENIED", [PermissionDenied], "The operator has the right given to the credential at the provider.",
    /// The client may not call this method, or not for this library, whether there is one or not.
    Forbidden = "FORBIDDEN", [PermissionDenied], "The operator of this server gives the client the right, or the library.",
    /// The call names no client that is known here, or its key or token is not accepted.
    Unauthenticated = "UNAUTHENTICATED", [Unauthenticated], "Call with a key or token that is good, in the header `authorization`.",
    /// The client has more calls at once, or in a short time, than this server lets it have.
    ClientRateLimited = "CLIENT_RATE_LIMITED", [ResourceExhausted], "Come back after `RetryInfo`, with fewer calls at once.",
    /// Points, calls or space at the provider are used up, or room at this server, of the client or of all.
    QuotaExhausted = "QUOTA_EXHAUSTED", [ResourceExhausted], "Come back after `RetryInfo`; `GetQuota` tells what is left at the provider. Operations that have ended can be deleted.",
    /// The call might cost more than is left of the budget that was given.
    BudgetSpent = "BUDGET_SPENT", [FailedPrecondition], "Give a larger budget, or ask for less.",
    /// Too many requests for the provider.
    RateLimited = "RATE_LIMITED", [ResourceExhausted], "Come back after `RetryInfo`, with fewer calls at once.",
    /// The provider cannot be reached or is out of service.
    ProviderUnavailable = "PROVIDER_UNAVAILABLE", [Unavailable], "Come back later; where `applied` is not `no`, look before repeating a write.",
    /// The provider did not answer in time.
    ProviderTimeout = "PROVIDER_TIMEOUT", [Unavailable], "Come back later; where `applied` is not `no`, look before repeating a write.",
    /// The provider refused for a reason of its own; `provider_code` tells.
    ProviderRefused = "PROVIDER_REFUSED", [FailedPrecondition], "See what the provider says of `provider_code`.",
    /// The provider's answer could not be understood.
    AnswerUnreadable = "ANSWER_UNREADABLE", [Internal], "Where `applied` is not `no`, look before repeating a write; tell the operator.",
    /// The library has no such capability.
    Unsupported = "UNSUPPORTED", [Unimplemented], "See `Capabilities` of the library.",
    /// The library's configuration does not work.
    LibraryMisconfigured = "LIBRARY_MISCONFIGURED", [FailedPrecondition], "The operator mends the configuration.",
    /// A fault of this server.
    Internal = "INTERNAL", [Internal], "Tell the operator, with the time of the call.",
    /// The messages of an upload are not metadata followed by chunks.
    UploadProtocol = "UPLOAD_PROTOCOL", [InvalidArgument], "Send `metadata` first, and then chunks alone.",
    /// A chunk is longer than allowed.
    ChunkTooLarge = "CHUNK_TOO_LARGE", [InvalidArgument], "Send 64 to 256 KiB at a time.",
    /// An upload ended without a byte of the file.
    EmptyImage = "EMPTY_IMAGE", [InvalidArgument], "Send the file behind its metadata.",
    /// This server holds as many bytes of uploads as it may, or its disk is full; try again later.
    SpoolFull = "SPOOL_FULL", [ResourceExhausted], "Come back after `RetryInfo`.",
    /// An upload, or another request, sent nothing, or was not complete, for too long.
    UploadStalled = "UPLOAD_STALLED", [Aborted], "Upload the file again, without pauses.",
    /// An upload, or another request, came too slowly for too long.
    UploadTooSlow = "UPLOAD_TOO_SLOW", [Aborted], "Upload the file again over a faster connection.",
    /// The caller took nothing, or too little, of an answer for too long.
    DownloadStalled = "DOWNLOAD_STALLED", [Aborted], "Read the answer as it comes.",
    /// The upload's stream broke.
    UploadInterrupted = "UPLOAD_INTERRUPTED", [Cancelled], "Upload the file again.",
    /// This server has as many calls in progress as it may; try again later.
    ServerBusy = "SERVER_BUSY", [Unavailable], "Repeat the call after the time in `RetryInfo`.",
    /// The client has as many calls in progress as it may.
    TooManyCalls = "TOO_MANY_CALLS", [ResourceExhausted], "Repeat the call when another one has ended; have fewer at once.",
    /// The caller's deadline has passed.
    DeadlineExceeded = "DEADLINE_EXCEEDED", [DeadlineExceeded], "Allow more time; where `applied` is not `no`, look before repeating a write.",
    /// No such service or method.
    UnknownMethod = "UNKNOWN_METHOD", [Unimplemented], "See what reflection lists.",
    /// A message is not what the method takes, is compressed, or is too long.
    MalformedMessage = "MALFORMED_MESSAGE", [InvalidArgument, OutOfRange, Internal, Unimplemented], "Make the client from the `.proto` of this server.",
}

/// How a code is written in the protocol: `FAILED_PRECONDITION`.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// What stands above the table of errors.
const PREFACE: &str = "\
# Errors

Made by `polyptych errors`; run `cargo xtask codegen` to bring it up to date.

Every call that fails says why in `google.rpc.ErrorInfo` among the details of its status: domain `polyptych`, one of the
reasons below, and in its metadata, where they apply,

| key | what it tells |
|---|---|
| `applied` | `no`, `yes` or `unknown`: whether the provider's state was changed although the call failed. Always there |
| `library`, `album`, `provider` | where it happened |
| `provider_code`, `provider_subcode` | the provider's own code of the error |
| `request_id` | the provider's id of its answer, which its support asks for |

Beside it are, where they apply: `LocalizedMessage` with the meaning below (English), `BadRequest` with each field to mend,
`PreconditionFailure` with what stands in the way (its type is the reason), `QuotaFailure` with the album whose points, calls
or room are used up, and `RetryInfo` with the time to wait. There is no `RetryInfo` where something may have been changed: look first.
Outcomes of single items, in responses and operations, are `google.rpc.Status` with the same details.

A reason does not change its name or its code; new ones are added. The message of a status is for people and changes.

| reason | status | meaning | what to do |
|---|---|---|---|
";

/// The page that explains every error, as Markdown.
pub fn errors_page() -> String {
    let mut page = PREFACE.to_owned();
    for reason in Reason::ALL {
        let codes: Vec<_> = reason.codes().iter().map(|code| format!("`{}`", code_name(*code))).collect();
        let codes = codes.join(", ");
        // Writing to a text cannot fail.
        let _ = writeln!(page, "| `{}` | {codes} | {} | {} |", reason.as_str(), reason.meaning(), reason.advice());
    }
    page
}
