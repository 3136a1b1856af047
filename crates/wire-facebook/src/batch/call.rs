//! One request of a batch: how a generated request is restated as an entry.

use http::Method;
use polyptych_wire::multipart::FilePart;
use polyptych_wire::query::Query;
use polyptych_wire::{Effect, Request, json};
use serde::Serialize;
use serde_json::{Map, Value};

use super::BatchError;
use crate::{UploadAdImage, UploadAdImages};

/// A request on its way into a batch.
///
/// What callers pass stands percent-encoded in it, so that none of it is taken for a reference to another answer
/// (`{result=…}`).
#[derive(Debug, Clone)]
pub struct BatchCall {
    pub(super) effect: Effect,
    method: Method,
    relative_url: String,
    body: Option<String>,
    pub(super) files: Vec<FilePart>,
    pub(super) name: Option<String>,
    pub(super) depends_on: Option<String>,
    pub(super) omit_success: Option<bool>,
}

impl BatchCall {
    /// Takes over a generated request. The members of a JSON body become parameters of an urlencoded one.
    ///
    /// # Errors
    /// [`BatchError::Image`] if it holds an image, [`BatchError::Body`] if its body is no JSON object.
    pub fn new(request: &Request) -> Result<Self, BatchError> {
        let body = request.body.plain().ok_or(BatchError::Image(request.operation))?;
        let body = match body.is_empty() {
            true => None,
            false => Some(urlencoded(&body).ok_or(BatchError::Body(request.operation))?),
        };
        Ok(Self { body, ..Self::without_body(request) })
    }

    /// Attaches the file of an upload as a part of the batch's form.
    ///
    /// # Errors
    /// [`BatchError::Form`] if the media type of the file is not plain.
    pub fn upload(upload: &UploadAdImage) -> Result<Self, BatchError> {
        let request = upload.request(ANY_BOUNDARY)?;
        Ok(Self { files: vec![upload.filename.clone()], ..Self::without_body(&request) })
    }

    /// Attaches the files of an upload as parts of the batch's form.
    ///
    /// # Errors
    /// [`BatchError::Form`] if the media type of a file is not plain.
    pub fn upload_many(upload: &UploadAdImages) -> Result<Self, BatchError> {
        let request = upload.request(ANY_BOUNDARY)?;
        Ok(Self { files: upload.source.clone(), ..Self::without_body(&request) })
    }

    /// Leaves the version out of the address, so that the one of the batch counts.
    #[must_use]
    pub fn without_version(mut self) -> Self {
        if let Some((first, rest)) = self.relative_url.split_once('/') {
            let digits = first.strip_prefix('v').unwrap_or_default();
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                self.relative_url = rest.to_owned();
            }
        }
        self
    }

    /// Names the request, so that another one can wait for it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Waits for the request of this name; without it requests may run at the same time.
    #[must_use]
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.depends_on = Some(name.into());
        self
    }

    /// Whether the answer of a success is to be left out. Without a word of it, that of a request which another one
    /// waits for is.
    #[must_use]
    pub fn omitting_success(mut self, omit: bool) -> Self {
        self.omit_success = Some(omit);
        self
    }

    fn without_body(request: &Request) -> Self {
        Self {
            effect: request.effect,
            method: request.method.clone(),
            relative_url: request.path.trim_start_matches('/').to_owned(),
            body: None,
            files: Vec::new(),
            name: None,
            depends_on: None,
            omit_success: None,
        }
    }

    /// The entry; `first` is the number of files that the requests before it attach.
    pub(super) fn entry(&self, first: usize) -> Entry<'_> {
        let parts: Vec<String> = (first..first + self.files.len()).map(part_name).collect();
        Entry {
            method: self.method.as_str(),
            relative_url: &self.relative_url,
            body: self.body.as_deref(),
            attached_files: (!parts.is_empty()).then(|| parts.join(",")),
            name: self.name.as_deref(),
            depends_on: self.depends_on.as_deref(),
            omit_response_on_success: self.omit_success,
        }
    }
}

/// A request as the batch writes it.
#[derive(Serialize)]
pub(super) struct Entry<'c> {
    method: &'c str,
    relative_url: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attached_files: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depends_on: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omit_response_on_success: Option<bool>,
}

/// For requests of which only the address is used.
const ANY_BOUNDARY: &str = "batch";

/// The part that holds the file of this number.
pub(super) fn part_name(index: usize) -> String {
    format!("file{index}")
}

/// The members of a JSON object as parameters: texts as they are, everything else as JSON text.
fn urlencoded(body: &[u8]) -> Option<String> {
    let members: Map<String, Value> = json::parse(body).ok()?;
    let mut form = Query::new();
    for (name, value) in &members {
        match value {
            Value::String(text) => form.push(name, text),
            other => form.push(name, &other.to_string()),
        }
    }
    Some(form.finish_form())
}
