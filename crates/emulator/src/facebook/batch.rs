//! Batches: many operations in one request (reference 6.3). They run one after the other, in an order that lets each one
//! see the answers it refers to, and are answered in the order in which they came.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::{Call, Target};
use super::error::GraphError;
use super::params::Params;
use super::{perform, result_path};
use crate::control::script::FaultAnswer;
use crate::multipart::Part;
use crate::state::State;

/// The most operations of a batch.
const MOST: usize = 50;
/// The most references that a batch follows (assumption): each one reads a whole answer.
const MOST_REFERENCES: usize = 200;

/// An entry of a batch, as it is written.
#[derive(Debug, Deserialize)]
struct Entry {
    method: String,
    relative_url: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    headers: Option<Box<RawValue>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    depends_on: Option<String>,
    #[serde(default)]
    omit_response_on_success: Option<bool>,
    #[serde(default)]
    attached_files: Option<Box<RawValue>>,
    #[serde(default)]
    access_token: Option<String>,
}

/// How far an operation is.
enum Step {
    Waiting,
    /// Entered; an operation that comes back to it goes in a circle.
    Entered,
    Done(Answer),
    /// Not answered in time, whether or not it was carried out.
    Lost,
}

struct Batch<'a> {
    state: &'a Arc<State>,
    outer: &'a Call,
    entries: Vec<Result<Entry, GraphError>>,
    names: HashMap<String, usize>,
    /// The operations whose answers each one needs.
    needs: Vec<Vec<usize>>,
    /// How many references may still be followed.
    references: AtomicUsize,
    steps: Vec<Step>,
}

impl Entry {
    /// The operations whose answers this one needs.
    fn needs(&self, names: &HashMap<String, usize>) -> Vec<usize> {
        let referring = [Some(&self.relative_url), self.body.as_ref()].into_iter().flatten();
        let mut needs: Vec<String> = referring.flat_map(|text| result_path::names(text)).collect();
        needs.extend(self.depends_on.clone());
        needs.iter().filter_map(|name| names.get(name).copied()).collect()
    }
}

/// Carries out the operations of a batch and lists their answers.
///
/// # Errors
/// When `batch` is no array or has too many entries; a fault of one entry is that entry's answer.
pub(super) async fn answer(state: &Arc<State>, outer: &Call) -> Result<Value, GraphError> {
    let text =
        outer.params.get("batch").ok_or_else(|| GraphError::invalid("(#100) The parameter batch is required"))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let raw = reader
        .deserialize_seq(Raw)
        .and_then(|raw| reader.end().map(|()| raw))
        .map_err(|_| GraphError::invalid("(#100) Param batch must be an array."))?;
    if raw.len() > MOST {
        return Err(GraphError::batch_size());
    }
    let entries: Vec<Result<Entry, GraphError>> = raw
        .into_iter()
        .map(|entry| {
            let malformed =
                |_| GraphError::batch("An entry needs method and relative_url, and each member its own type");
            serde_json::from_str(entry.get()).map_err(malformed)
        })
        .collect();
    let mut names = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Ok(Entry { name: Some(name), .. }) = entry {
            names.entry(name.clone()).or_insert(place);
        }
    }
    let steps = entries.iter().map(|_| Step::Waiting).collect();
    let needs =
        entries.iter().map(|entry| entry.as_ref().map(|entry| entry.needs(&names)).unwrap_or_default()).collect();
    let references = AtomicUsize::new(MOST_REFERENCES);
    let mut batch = Batch { state, outer, entries, names, needs, references, steps };
    for place in 0..batch.entries.len() {
        batch.run(place).await;
    }
    let referred: Vec<usize> = batch.needs.iter().flatten().copied().collect();
    let headers = !matches!(outer.params.get("include_headers"), Some("false" | "0"));
    let shown = batch.steps.iter().enumerate().map(|(place, step)| {
        let Step::Done(answer) = step else { return Value::Null };
        let asked = batch.entries.get(place).and_then(|entry| entry.as_ref().ok()?.omit_response_on_success);
        let omit = asked.unwrap_or(state.settings.facebook.batch_omits_referred && referred.contains(&place));
        if omit && answer.succeeded() { Value::Null } else { shown(answer, headers) }
    });
    Ok(shown.collect())
}

fn shown(answer: &Answer, headers: bool) -> Value {
    let body = String::from_utf8_lossy(&answer.body);
    if !headers {
        return json!({ "code": answer.status, "body": body });
    }
    // The headers of a connection are not repeated.
    let inner = answer.headers.iter().filter(|(name, _)| !name.to_ascii_lowercase().starts_with("x-fb-"));
    let list: Vec<Value> = inner.map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "code": answer.status, "headers": list, "body": body })
}

impl Batch<'_> {
    /// Carries out an operation, and before it those that it needs.
    async fn run(&mut self, place: usize) {
        // Operations still to be done, the one on top first; each waits for those above it.
        let mut stack = vec![place];
        while let Some(&place) = stack.last() {
            let mut needs = self.needs.get(place).into_iter().flatten().copied();
            let open = needs.find(|need| !matches!(self.steps.get(*need), Some(Step::Done(_) | Step::Lost)));
            let step = self.steps.get(place);
            if matches!(step, Some(Step::Done(_) | Step::Lost) | None) {
                stack.pop();
                continue;
            }
            match open {
                Some(open) if !matches!(self.steps.get(open), Some(Step::Entered)) => {
                    self.set(place, Step::Entered);
                    stack.push(open);
                }
                Some(_) => {
                    let error = GraphError::batch("The operation depends on itself");
                    let answer = Answer::refused(self.state, self.outer, &error);
                    self.set(place, Step::Done(answer));
                    stack.pop();
                }
                None => {
                    let done = self.carry_out(place).await;
                    self.set(place, done);
                    stack.pop();
                }
            }
        }
    }

    fn set(&mut self, place: usize, step: Step) {
        if let Some(known) = self.steps.get_mut(place) {
            *known = step;
        }
    }

    /// A scripted end of the connection makes an operation late; a scripted status is that of its entry.
    async fn carry_out(&self, place: usize) -> Step {
        let call = match self.prepare(place) {
            Ok(call) => call,
            Err(error) => return Step::Done(Answer::refused(self.state, self.outer, &error)),
        };
        let ticket = self.state.journal.open(self.state.now(), "facebook", call.method.as_str(), &call.path);
        let (mut answer, fault) = perform(self.state, call, &ticket).await;
        if let Some(FaultAnswer::Status(status)) = &fault {
            answer.status = status.code;
            answer.body = status.body.clone().into_bytes();
        }
        ticket.close(answer.status);
        if matches!(fault, Some(FaultAnswer::Close(_))) { Step::Lost } else { Step::Done(answer) }
    }

    /// The operation of an entry, with what it inherits from the batch and what it refers to filled in.
    fn prepare(&self, place: usize) -> Result<Call, GraphError> {
        let missing = || GraphError::batch("The entry is not there");
        let entry = self.entries.get(place).ok_or_else(missing)?.as_ref().map_err(Clone::clone)?;
        if let Some(name) = &entry.depends_on {
            let step = self.names.get(name).and_then(|place| self.steps.get(*place));
            if !matches!(step, Some(Step::Done(answer)) if answer.succeeded()) {
                return Err(GraphError::reference(name));
            }
        }
        let method = match entry.method.to_ascii_uppercase().as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "DELETE" => Method::DELETE,
            _ => return Err(GraphError::batch("The method of an entry is GET, POST or DELETE")),
        };
        let (path, query) = entry.relative_url.split_once('?').unwrap_or((&entry.relative_url, ""));
        let outer = self.outer;
        let mut call = Call {
            method,
            path: String::new(),
            version: String::new(),
            target: Target::Unknown,
            params: Params::default(),
            authorization: outer.authorization.clone(),
            if_none_match: String::new(),
            accept: outer.accept.clone(),
            base: outer.base.clone(),
        };
        call.set_path(&self.filled(&percent_decode_str(path).decode_utf8_lossy())?);
        if call.version.is_empty() {
            let path = format!("/{}{}", outer.version, call.path);
            call.set_path(&path);
        }
        if call.target == Target::Root && call.method == Method::POST {
            return Err(GraphError::batch("A batch cannot hold a batch"));
        }
        call.params.add_form(query)?;
        call.params.add_form(entry.body.as_deref().unwrap_or_default())?;
        for (_, value) in &mut call.params.pairs {
            *value = self.filled(value.as_str())?.into();
        }
        call.params.files = self.files(entry.attached_files.as_deref())?;
        for (name, value) in headers(entry.headers.as_deref())? {
            match name.to_ascii_lowercase().as_str() {
                "if-none-match" => call.if_none_match = value,
                "authorization" => call.authorization = value,
                "accept" => call.accept = value,
                _ => {}
            }
        }
        if let Some(token) = &entry.access_token {
            call.params.pairs.push(("access_token".to_owned(), token.as_str().into()));
        }
        if call.params.given("access_token").is_none() {
            for name in ["access_token", "appsecret_proof", "appsecret_time"] {
                if let Some(value) = outer.params.given(name).filter(|_| call.params.given(name).is_none()) {
                    call.params.pairs.push((name.to_owned(), value.into()));
                }
            }
        }
        call.override_method();
        Ok(call)
    }

    /// A text with its references replaced by what they find in earlier answers.
    fn filled(&self, text: &str) -> Result<String, GraphError> {
        result_path::fill(text, |name, path| {
            let step = self.names.get(name).and_then(|place| self.steps.get(*place));
            let Some(Step::Done(answer)) = step else { return None };
            let left = self.references.load(Ordering::Relaxed).checked_sub(1)?;
            self.references.store(left, Ordering::Relaxed);
            if !answer.succeeded() {
                return None;
            }
            let body: Value = serde_json::from_slice(&answer.body).ok()?;
            result_path::find(&body, path)
        })
        .map_err(|expression| GraphError::reference(&expression))
    }

    /// The files that an entry names: `"a,b"`, `["a","b"]`, or an object whose keys or values name parts.
    fn files(&self, named: Option<&RawValue>) -> Result<Vec<Part>, GraphError> {
        let Some(named) = named else { return Ok(Vec::new()) };
        let names: Vec<(String, Option<String>)> = match serde_json::from_str::<Value>(named.get()) {
            Ok(Value::String(list)) => list.split(',').map(|name| (name.trim().to_owned(), None)).collect(),
            Ok(Value::Array(list)) => {
                list.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), None)).collect()
            }
            Ok(Value::Object(map)) => {
                map.into_iter().map(|(key, value)| (key, value.as_str().map(str::to_owned))).collect()
            }
            _ => return Err(GraphError::batch("attached_files names parts of the form")),
        };
        let part = |name: &str| self.outer.params.files.iter().find(|part| part.name == name).cloned();
        let mut files = Vec::new();
        for (name, other) in names.iter().filter(|(name, _)| !name.is_empty()).take(MOST) {
            let found = part(name).or_else(|| part(other.as_deref()?));
            let found = found.ok_or_else(|| GraphError::batch("An attached file is no part of the form"))?;
            files.push(found);
        }
        Ok(files)
    }
}

/// The headers of an entry: `["Name: value"]`, `[{"name":…,"value":…}]` or an object.
fn headers(raw: Option<&RawValue>) -> Result<Vec<(String, String)>, GraphError> {
    let malformed = || GraphError::batch("The headers of an entry are a list or an object");
    let Some(raw) = raw else { return Ok(Vec::new()) };
    let pair = |item: &Value| match item {
        Value::String(line) => {
            line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        }
        other => Some((other["name"].as_str()?.to_owned(), other["value"].as_str()?.to_owned())),
    };
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(Value::Null) => Ok(Vec::new()),
        Ok(Value::Array(items)) => items.iter().map(|item| pair(item).ok_or_else(malformed)).collect(),
        Ok(Value::Object(map)) => {
            Ok(map.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect())
        }
        _ => Err(malformed()),
    }
}

/// Reads the entries of a batch, one more than is allowed at most, so that the excess is seen and the rest costs nothing.
struct Raw;

impl<'de> Visitor<'de> for Raw {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of operations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while entries.len() <= MOST {
            match seq.next_element()? {
                Some(entry) => entries.push(entry),
                None => return Ok(entries),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(entries)
    }
}
