//! One call to a provider: executes the request and turns everything that can go wrong into the domain's error, with
//! place, provider's words and the truth about whether something was changed.

use http::HeaderMap;
use jiff::Timestamp;
use polyptych_domain::{
    AlbumId, Applied, Confirmed, Error, ErrorKind, Image, LibraryId, Provider, ProviderError, Quota, Unit, Uploaded,
};
use polyptych_transport::{
    Call as Sent, Delivery, Error as TransportError, ErrorKind as Trouble, Limit, Response, Transport,
};
use polyptych_wire::fault::{ErrorTable, Level};
use polyptych_wire::{Effect, Request};

use crate::opening::Opening;
use crate::quota;
use crate::refusal::{Refusal, Subject, judge, of_status, refuses};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Longest code or request id of a provider, in characters; known ones have about 40.
const MAX_LABEL: usize = 128;

/// Longest account of a decoder's complaint, in characters.
const MAX_TOLD: usize = 300;

/// What is the same for every call of a library.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) library: LibraryId,
    pub(crate) provider: Provider,
    pub(crate) transport: Transport,
    pub(crate) errors: &'static ErrorTable,
    /// The header that carries the request id, where the provider has one.
    pub(crate) request_id: Option<&'static str>,
    /// Whether a status of success says that the request was carried out. Elsewhere refusals come under 200 as well.
    pub(crate) status_decides: bool,
}

impl Line {
    pub(crate) fn call<'a>(&'a self, album: &'a AlbumId, subject: Subject, effect: Effect) -> Call<'a> {
        Call { line: self, album: Some(album), account: Some(album.as_str()), subject, effect, price: 0 }
    }

    /// A call that is about no album, at the cost of the credential alone.
    pub(crate) fn call_of_all(&self, effect: Effect) -> Call<'_> {
        Call { line: self, album: None, account: None, subject: Subject::Album, effect, price: 0 }
    }

    /// An error of this library before anything was sent.
    pub(crate) fn error(&self, album: &AlbumId, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_library(&self.library, self.provider).with_album(album)
    }

    /// The time, as the provider's dates are compared with it.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.transport.wall()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What the last answers told of an account's limits, in `unit`s.
    pub(crate) fn quota(&self, account: &str, unit: Unit) -> Quota {
        let read = self.transport.usage(Some(account));
        let mut gauges: Vec<_> = read
            .iter()
            .map(|(read, at)| {
                let at = Timestamp::try_from(*at).unwrap_or(Timestamp::UNIX_EPOCH);
                quota::gauge(read, unit, at)
            })
            .collect();
        gauges.sort_by(|one, other| one.name.cmp(&other.name));
        Quota { gauges }
    }

    /// Refuses a batch that does not fit into one call of the provider: splitting it is for the caller, who can then
    /// tell which part failed.
    pub(crate) fn check_batch(&self, album: &AlbumId, items: usize, limit: u32) -> Result<(), Error> {
        if items <= limit as usize {
            return Ok(());
        }
        let message = format!("{items} images in one call; this library takes at most {limit}");
        Err(self.error(album, ErrorKind::InvalidArgument, message))
    }
}

/// The place of a call: what an error of it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    line: &'a Line,
    /// Absent for a call that is about no album.
    album: Option<&'a AlbumId>,
    /// Whose quotas and retries it draws on; absent for those of the credential.
    account: Option<&'a str>,
    subject: Subject,
    effect: Effect,
    /// What it costs at least, in the provider's points.
    price: u64,
}

impl<'a> Call<'a> {
    /// The same call seen from another subject: an item of a batch.
    pub(crate) fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// The same call at the cost of an account that is not the album.
    pub(crate) fn at_cost_of(self, account: &'a str) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same call with what it costs at least: it is not sent where it is known that less is left.
    pub(crate) fn costing(self, price: u64) -> Self {
        Self { price, ..self }
    }

    /// Sends the request; an answer of any status is a success here.
    pub(crate) async fn execute(&self, request: &Request) -> Result<Response, Error> {
        self.execute_within(request, Vec::new()).await
    }

    /// Sends the request as one of those that `limits` allow at once.
    pub(crate) async fn execute_within(&self, request: &Request, limits: Vec<Limit>) -> Result<Response, Error> {
        let mut call = Sent::new(request).with_price(self.price);
        (call.account, call.limits) = (self.account, limits);
        self.line.transport.execute(call).await.map_err(|error| self.undelivered(error))
    }

    /// An error at this place, with nothing applied.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        match self.album {
            Some(album) => self.line.error(album, kind, message),
            None => Error::new(kind, message).with_library(&self.line.library, self.line.provider),
        }
    }

    /// The request could not be written; a fault of ours, since names and media types are checked before.
    pub(crate) fn unmade(&self, cause: impl Into<Cause>) -> Error {
        self.error(ErrorKind::Internal, "the request could not be made").with_source(cause)
    }

    /// The provider answered that it has done it.
    pub(crate) fn confirmed(&self, answer: &Response) -> Confirmed {
        Confirmed { request_id: self.request_id(&answer.headers) }
    }

    /// The provider answered that it holds an image now.
    pub(crate) fn uploaded(&self, image: Image, answer: &Response) -> Uploaded {
        Uploaded { request_id: self.request_id(&answer.headers), ..image.into() }
    }

    /// The provider answered with an error of its own.
    pub(crate) fn refused(&self, level: Level, refusal: Refusal, answer: &Response) -> Error {
        let judged = judge(self.line.errors, level, &refusal, self.subject, answer.status);
        let provider = ProviderError {
            code: refusal.name.map(|name| label(&answer.redacted(&name))).or(refusal.code.map(|code| code.to_string())),
            subcode: refusal.subcode.map(|subcode| subcode.to_string()),
            http_status: Some(answer.status.as_u16()),
            message: match refusal.message.as_str() {
                "" => described(answer),
                text => answer.redacted(text),
            },
            request_id: refusal
                .request_id
                .filter(|id| !id.is_empty())
                .map(|id| label(&answer.redacted(&id)))
                .or_else(|| self.request_id(&answer.headers)),
        };
        let applied = if judged.unsure || answer.may_have_been_applied_before() { self.unsure() } else { Applied::No };
        let told = self.error(judged.kind, judged.meaning).with_applied(applied).with_provider_error(provider);
        told.with_retry_after(answer.retry_after())
    }

    /// The answer is of the API and says that the call succeeded, but it cannot be read: a write was applied.
    pub(crate) fn unreadable(&self, answer: &Response, cause: impl Into<Cause>) -> Error {
        let message = "the provider accepted the request, but its answer cannot be read";
        let applied = if self.effect == Effect::Safe { Applied::No } else { Applied::Yes };
        self.garbled(answer, message, applied, cause)
    }

    /// The answer is of the API and says neither success nor refusal.
    pub(crate) fn unclear(&self, answer: &Response, cause: impl Into<Cause>) -> Error {
        let message = "the provider's answer does not say whether the request was done";
        self.garbled(answer, message, self.unsure(), cause)
    }

    /// A body under a success that does not read; how it opens tells what the provider meant.
    pub(crate) fn undecoded(&self, answer: &Response, opening: Opening, cause: impl Into<Cause>) -> Error {
        match opening {
            Opening::Result => self.unreadable(answer, cause),
            Opening::Unclear => self.unclear(answer, cause),
            Opening::Foreign => self.foreign(answer),
        }
    }

    fn garbled(&self, answer: &Response, message: &str, applied: Applied, cause: impl Into<Cause>) -> Error {
        self.error(ErrorKind::AnswerUnreadable, message)
            .with_applied(applied)
            .with_provider_error(self.wordless(answer))
            .with_source(BadAnswer(told(answer, cause)))
    }

    /// The answer is not one of the API: an HTML page of a gateway, an empty body. Its status decides; under a
    /// success nobody knows what became of a write.
    pub(crate) fn foreign(&self, answer: &Response) -> Error {
        let unknown =
            (ErrorKind::ProviderUnavailable, "what answered is not the provider's API but something before it");
        let (kind, message) = of_status(answer.status).map_or(unknown, |(kind, message, _)| (kind, message));
        let sure = refuses(answer.status) && !answer.may_have_been_applied_before();
        let applied = if sure { Applied::No } else { self.unsure() };
        let told = self.error(kind, message).with_applied(applied).with_provider_error(self.wordless(answer));
        told.with_retry_after(answer.retry_after())
    }

    fn undelivered(&self, error: TransportError) -> Error {
        let applied = match error.delivery() {
            Delivery::NotSent => Applied::No,
            Delivery::Unknown => self.unsure(),
            Delivery::Answered if self.effect == Effect::Safe => Applied::No,
            Delivery::Answered => match error.status() {
                Some(status) if status.is_success() && self.line.status_decides => Applied::Yes,
                Some(status) if refuses(status) && !error.may_have_been_applied_before() => Applied::No,
                _ => Applied::Unknown,
            },
        };
        let (kind, message) = trouble(&error);
        let mut told = self.error(kind, message).with_applied(applied).with_retry_after(error.retry_after());
        if let Some(status) = error.status() {
            told = told.with_provider_error(ProviderError {
                http_status: Some(status.as_u16()),
                message: "the answer was cut off".to_owned(),
                request_id: error.headers().and_then(|headers| self.request_id(headers)),
                ..ProviderError::default()
            });
        }
        told.with_source(error)
    }

    fn unsure(&self) -> Applied {
        if self.effect == Effect::Safe { Applied::No } else { Applied::Unknown }
    }

    fn wordless(&self, answer: &Response) -> ProviderError {
        ProviderError {
            http_status: Some(answer.status.as_u16()),
            message: described(answer),
            request_id: self.request_id(&answer.headers),
            ..ProviderError::default()
        }
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let value = headers.get(self.line.request_id?)?.to_str().ok()?;
        (!value.is_empty()).then(|| label(value))
    }
}

fn trouble(error: &TransportError) -> (ErrorKind, &'static str) {
    match error.kind() {
        Trouble::Credential => (ErrorKind::CredentialRefused, "the library has no usable credential"),
        Trouble::Connect => (ErrorKind::ProviderUnavailable, "the provider cannot be reached"),
        Trouble::Tls => (ErrorKind::ProviderUnavailable, "no trusted connection to the provider"),
        Trouble::Timeout { .. } => (ErrorKind::ProviderTimeout, "the provider did not answer in time"),
        Trouble::Interrupted if error.delivery() == Delivery::Answered => {
            (ErrorKind::AnswerUnreadable, "the provider's answer was cut off")
        }
        Trouble::Interrupted => (ErrorKind::ProviderUnavailable, "the connection to the provider broke"),
        Trouble::Undecodable => (ErrorKind::AnswerUnreadable, "the provider's answer cannot be unpacked"),
        Trouble::Unpaid => (ErrorKind::QuotaExhausted, "the points that are left do not pay for the call"),
        Trouble::Throttled => (ErrorKind::RateLimited, "the limits that the provider told are used up"),
        Trouble::Suspended => {
            (ErrorKind::ProviderUnavailable, "the provider has been failing; nothing is sent for a moment")
        }
        Trouble::ResponseTooLarge { .. } => (ErrorKind::AnswerUnreadable, "the provider's answer is too large"),
        Trouble::RequestBody => (ErrorKind::Internal, "the image could not be read while it was sent"),
        _ => (ErrorKind::Internal, "the request could not be made"),
    }
}

/// A code or an id from the network at a length that a header of ours can carry.
fn label(text: &str) -> String {
    text.chars().take(MAX_LABEL).collect()
}

/// What a decoder says of an answer, on one line and without what it quotes: nobody knows what a server repeats.
fn told(answer: &Response, cause: impl Into<Cause>) -> String {
    let cause = cause.into();
    let causes = std::iter::successors(Some(&*cause as &(dyn std::error::Error + 'static)), |error| error.source());
    let lines: Vec<_> = causes.map(|error| without_quotes(&error.to_string())).collect();
    answer.redacted(&lines.join(": ")).chars().take(MAX_TOLD).collect()
}

/// `text` without what stands between its first and its last quotation mark.
fn without_quotes(text: &str) -> String {
    match (text.split_once('"'), text.rsplit_once('"')) {
        (Some((before, _)), Some((_, after))) => format!("{before}\"…\"{after}"),
        _ => text.to_owned(),
    }
}

/// What a body is, for people; never what it says, since nobody knows what a gateway repeats in its pages.
fn described(answer: &Response) -> String {
    let media_type = answer.header("content-type").and_then(|value| value.split(';').next()).unwrap_or("unknown type");
    match answer.body.len() {
        0 => "an empty body".to_owned(),
        bytes => format!("a body of {bytes} bytes, {}", media_type.trim()),
    }
}

/// Kinds that say something about one image. In a call for one image they are the item's outcome, not the call's.
const OF_AN_ITEM: [ErrorKind; 6] = [
    ErrorKind::AlbumOccupied,
    ErrorKind::CorruptImage,
    ErrorKind::ImageInUse,
    ErrorKind::ImageNotFound,
    ErrorKind::QuotaExhausted,
    ErrorKind::RulesViolated,
];

/// Whether an error is the outcome of one image, rather than of a call.
pub(crate) fn is_of_an_item(error: &Error) -> bool {
    OF_AN_ITEM.contains(&error.kind())
}

/// A deletion whose image was not found, because an earlier try of it may have deleted it, is one that succeeded.
pub(crate) fn deleted(outcome: Result<Confirmed, Error>) -> Result<Confirmed, Error> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::ImageNotFound && error.applied() != Applied::No => {
            Ok(Confirmed::default())
        }
        outcome => outcome,
    }
}

/// The outcome of a call for one image as that of a batch of one.
pub(crate) fn batch_of_one<T>(outcome: Result<T, Error>) -> Result<Vec<Result<T, Error>>, Error> {
    match outcome {
        Err(error) if !is_of_an_item(&error) => Err(error),
        outcome => Ok(vec![outcome]),
    }
}

/// What is wrong with an answer that decodes but does not fit what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadAnswer(pub(crate) String);

impl From<&str> for BadAnswer {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
