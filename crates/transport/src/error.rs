//! Why a call has no answer, and how far it got.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// How far a request got before the call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// The server cannot hold a whole request, so nothing was applied: no connection, or the announced
    /// `Content-Length` was never reached. Part of the body may have been on the wire.
    NotSent,
    /// The whole request may have arrived and no answer came: it may or may not have been applied.
    Unknown,
    /// The server answered with a status, but the answer could not be read to its end.
    Answered,
}

/// Which of the limits in [`crate::Timeouts`] ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutKind {
    /// Name resolution, TCP and TLS together.
    Connect,
    /// No byte moved in either direction.
    Idle,
    /// The whole try.
    Total,
    /// The whole call, all its waits and tries: the caller's own limit, see [`crate::Call::deadline`].
    Deadline,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The credential source gave no usable credential.
    Credential,
    /// The request cannot be put on the wire as it is: a path that a URL parser would change, a header that is ours.
    InvalidRequest,
    /// The host was not found or refused the connection.
    Connect,
    /// The TLS handshake failed: certificate, name or protocol.
    Tls,
    /// A limit of time ran out.
    Timeout {
        /// Which one.
        what: TimeoutKind,
        /// How long it was.
        limit: Duration,
    },
    /// The source of the image failed, or yielded more or fewer bytes than it announced.
    RequestBody,
    /// The connection broke before a whole answer was there.
    Interrupted,
    /// The answer's compression is unknown or broken.
    Undecodable,
    /// The answer is larger than the cap.
    ResponseTooLarge {
        /// The cap in bytes, before and after inflation.
        limit: u64,
    },
    /// A quota is used up, or the provider asked to stay away, for longer than the call may wait. Nothing was sent;
    /// [`Error::retry_after`] says when to come back.
    Throttled,
    /// What is left of a quota does not pay for the call, as the last answer told. Nothing was sent;
    /// [`Error::retry_after`] says when more may have been added.
    Unpaid,
    /// The account has been failing for a while and its calls are not sent for a moment. Nothing was sent;
    /// [`Error::retry_after`] says when to come back.
    Suspended,
    /// The limit of calls at once is kept together with other processes, and it cannot be told whether there is a place.
    /// Nothing was sent.
    NoPlace,
}

/// A call without a whole answer, after all its tries.
///
/// `Display` is one line without the cause, which is [`std::error::Error::source`]. Neither they nor `Debug` hold a
/// query string, a token or a body.
pub struct Error(Box<Inner>);

struct Inner {
    delivery: Delivery,
    kind: ErrorKind,
    operation: &'static str,
    host: Box<str>,
    answer: Option<(StatusCode, HeaderMap)>,
    tries: u32,
    applied_before: bool,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn new(
        failure: Failure,
        delivery: Delivery,
        answer: Option<(StatusCode, HeaderMap)>,
        operation: &'static str,
        host: &str,
    ) -> Self {
        let Failure { kind, source } = failure;
        Self(Box::new(Inner {
            delivery,
            kind,
            operation,
            host: host.into(),
            answer,
            tries: 0,
            applied_before: false,
            retry_after: None,
            source,
        }))
    }

    /// The error as that of the whole call. A write is only sent again when it was not applied, so that its last try
    /// speaks for all; what may be repeated may have been applied by an earlier one.
    pub(crate) fn of_call(mut self, tries: u32, applied_before: bool, retry_after: Option<Duration>) -> Self {
        self.0.tries = tries;
        self.0.applied_before = applied_before;
        self.0.retry_after = retry_after.or(self.0.retry_after);
        if applied_before && self.0.delivery == Delivery::NotSent {
            self.0.delivery = Delivery::Unknown;
        }
        self
    }

    /// How far the request got in any of its tries; whether a write may have been applied follows from it.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Whether a try before the last may have been applied, whatever the last one came to. Never so for a
    /// [`polyptych_wire::Effect::Write`].
    pub fn may_have_been_applied_before(&self) -> bool {
        self.0.applied_before
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation in the provider's words: `AdImages.add`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Host, and port where it is not the scheme's own, of the library's address.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The status of the answer, where its head came; always so when [`Error::delivery`] is [`Delivery::Answered`]. Beside
    /// [`Delivery::NotSent`] it answers to a part of the request.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|(status, _)| *status)
    }

    /// The headers of the answer, where it came that far: request id, usage, when to come back.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|(_, headers)| headers)
    }

    /// How many tries were made; 0 if the call ended before the first.
    pub fn tries(&self) -> u32 {
        self.0.tries
    }

    /// When it is worth calling again, as far as the provider or the state of the account says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether time ran out. The peer or the network is slow; the request may have arrived, see [`Error::delivery`].
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout { .. })
    }

    /// Whether no usable credential was there. Ours to fix; nothing was sent.
    pub fn is_credential(&self) -> bool {
        self.0.kind == ErrorKind::Credential
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.0.operation, self.0.host, self.0.kind)?;
        match (self.0.delivery, self.status()) {
            (Delivery::Answered, Some(status)) => write!(f, " (answered {})", status.as_u16()),
            (Delivery::Unknown, _) => f.write_str(" (the request may have been applied)"),
            _ => f.write_str(" (the request was not applied)"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential => f.write_str("no usable credential"),
            Self::InvalidRequest => f.write_str("the request cannot be sent as it is"),
            Self::Connect => f.write_str("cannot connect"),
            Self::Tls => f.write_str("the tls handshake failed"),
            Self::Timeout { what: TimeoutKind::Connect, limit } => write!(f, "not connected within {limit:?}"),
            Self::Timeout { what: TimeoutKind::Idle, limit } => write!(f, "no byte moved for {limit:?}"),
            Self::Timeout { what: TimeoutKind::Total, limit } => write!(f, "not finished within {limit:?}"),
            Self::Timeout { what: TimeoutKind::Deadline, limit } => {
                write!(f, "the call was not finished within {limit:?}")
            }
            Self::RequestBody => f.write_str("the image could not be read to its announced length"),
            Self::Interrupted => f.write_str("the connection broke"),
            Self::Undecodable => f.write_str("the answer cannot be decompressed"),
            Self::Throttled => f.write_str("a quota is used up for longer than the call may wait"),
            Self::Unpaid => f.write_str("what is left of a quota does not pay for the call"),
            Self::Suspended => f.write_str("not sent, because calls of this account keep failing"),
            Self::NoPlace => f.write_str("the limit of calls at once cannot be asked for a place"),
            Self::ResponseTooLarge { limit } => write!(f, "the answer is larger than {limit} bytes"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("host", &self.0.host)
            .field("kind", &self.0.kind)
            .field("delivery", &self.0.delivery)
            .field("status", &self.status())
            .field("tries", &self.0.tries)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// What went wrong inside a try, before it is known how far the request got.
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) source: Option<Source>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, source: impl Into<Source>) -> Self {
        Self { kind, source: Some(source.into()) }
    }
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}
