//! Batches: up to fifty requests in one. They are made of generated requests, so that a request is the same alone and
//! in a batch, and their answers decode as those of the requests do. It never splits a batch nor repeats a request.
//!
//! Two things that the Graph API offers are left out. References to an earlier answer (`{result=NAME:…}`): they would have
//! to stand unencoded where callers' texts stand, which could then be taken for one, and no request about images needs
//! what another one answers. And an `access_token` of its own for an entry: a secret would become part of the body, which
//! is kept for a repetition; requests with another token go in another batch.

mod answer;
mod call;

use http::{HeaderMap, HeaderValue, Method, header};
use polyptych_wire::multipart::{Multipart, MultipartError};
use polyptych_wire::query::{self, Query};
use polyptych_wire::{Body, Effect, Request};

pub use answer::{BatchAnswer, BatchEntry, BatchHeader};
pub use call::BatchCall;

use crate::{Answer, DecodeError};

/// Most requests that one batch takes.
pub const MAX_BATCH: usize = 50;

/// Why a batch cannot be made. Nothing has been sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// It holds [`MAX_BATCH`] requests already.
    #[error("a batch takes at most {MAX_BATCH} requests")]
    Full,
    /// It holds no request.
    #[error("a batch needs a request")]
    Empty,
    /// The request of this operation holds an image, whose length as a text within a text is not known before it is
    /// read. Attach it as a file: [`BatchCall::upload`].
    #[error("a request of {0} that holds an image cannot ride in a batch unless the image is attached as a file")]
    Image(&'static str),
    /// The body of this operation's request is not a JSON object, and so not made of parameters.
    #[error("the body of {0} is not made of parameters")]
    Body(&'static str),
    /// Two requests have the same name.
    #[error("two requests of the batch are named `{0}`")]
    Name(String),
    /// A request waits for one that is not named before it.
    #[error("no earlier request of the batch is named `{0}`")]
    After(String),
    /// The files cannot be written as parts of a form.
    #[error("the attached files cannot be written")]
    Form(#[from] MultipartError),
}

/// Requests that travel together and are answered together. One that fails does not fail the others, and each counts
/// as a call against the limits.
#[derive(Debug, Clone)]
pub struct Batch {
    version: String,
    calls: Vec<BatchCall>,
    include_headers: Option<bool>,
}

impl Batch {
    /// A batch without requests. `version` (`v26.0`) is for requests that name none.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), calls: Vec::new(), include_headers: None }
    }

    /// Whether the answers are to carry their headers; without a word of it they do.
    #[must_use]
    pub fn with_headers(mut self, include: bool) -> Self {
        self.include_headers = Some(include);
        self
    }

    /// Adds a request; its answer will have the same place.
    ///
    /// # Errors
    /// If the batch is full, the name of the request is taken, or it waits for a name that is not there.
    pub fn push(&mut self, call: BatchCall) -> Result<(), BatchError> {
        let taken = |name: &str| self.calls.iter().any(|other| other.name.as_deref() == Some(name));
        if self.calls.len() >= MAX_BATCH {
            return Err(BatchError::Full);
        }
        if let Some(name) = call.name.as_ref().filter(|name| taken(name)) {
            return Err(BatchError::Name(name.clone()));
        }
        if let Some(name) = call.depends_on.as_ref().filter(|name| !taken(name)) {
            return Err(BatchError::After(name.clone()));
        }
        self.calls.push(call);
        Ok(())
    }

    /// How many requests it holds.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether it holds no request.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What a repetition of the whole would do: the most that one of its requests would.
    pub fn effect(&self) -> Effect {
        let any = |effect: Effect| self.calls.iter().any(|call| call.effect == effect);
        match (any(Effect::Write), any(Effect::Idempotent)) {
            (true, _) => Effect::Write,
            (_, true) => Effect::Idempotent,
            _ => Effect::Safe,
        }
    }

    /// The request, without a credential: a form of text, or of parts where files are attached.
    ///
    /// `boundary` must not occur in a file: derive it from a digest of the contents.
    ///
    /// # Errors
    /// If there is no request, or a file cannot be written as a part.
    pub fn request(&self, boundary: &str) -> Result<Request, BatchError> {
        if self.calls.is_empty() {
            return Err(BatchError::Empty);
        }
        let mut first = 0;
        let mut entries = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            entries.push(call.entry(first));
            first += call.files.len();
        }
        let (content_type, body) = if first == 0 { self.text(&entries) } else { self.form(&entries, boundary)? };
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_TYPE, content_type);
        let path = ["/", &query::encode(&self.version), "/"].concat();
        Ok(Request { operation: OPERATION, effect: self.effect(), method: Method::POST, path, headers, body })
    }

    /// Reads the answer to the batch: an entry for each request, in the same order.
    ///
    /// # Errors
    /// [`DecodeError`], also if there are more or fewer entries than requests. Writes may have been applied.
    pub fn decode(&self, status: u16, body: &[u8]) -> Result<Answer<Vec<BatchEntry>>, DecodeError> {
        let omitted: Vec<bool> = self.calls.iter().map(|call| self.may_omit(call)).collect();
        answer::read(status, body, &omitted)
    }

    /// Whether the answer of a success is left out: on request, or because another request waits for this one.
    fn may_omit(&self, call: &BatchCall) -> bool {
        let waited_for = || call.name.is_some() && self.calls.iter().any(|other| other.depends_on == call.name);
        call.omit_success.unwrap_or_else(waited_for)
    }

    fn text(&self, entries: &[call::Entry<'_>]) -> (HeaderValue, Body) {
        let mut form = Query::new();
        form.push_json("batch", entries);
        if let Some(include) = self.include_headers {
            form.push("include_headers", flag(include));
        }
        (HeaderValue::from_static("application/x-www-form-urlencoded"), Body::from(form.finish_form()))
    }

    #[expect(clippy::expect_used, reason = "entries have string keys and no failing fields")]
    fn form(&self, entries: &[call::Entry<'_>], boundary: &str) -> Result<(HeaderValue, Body), BatchError> {
        let mut form = Multipart::new(boundary)?;
        form.text("batch", &serde_json::to_string(entries).expect("entries serialise to JSON"))?;
        if let Some(include) = self.include_headers {
            form.text("include_headers", flag(include))?;
        }
        for (index, file) in self.calls.iter().flat_map(|call| &call.files).enumerate() {
            form.file(&call::part_name(index), &file.file_name, &file.media_type, &file.content)?;
        }
        Ok(form.finish())
    }
}

/// Name of the operation, for spans and errors.
const OPERATION: &str = "batch";

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
