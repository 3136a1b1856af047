//! One try of a call: credential, URL, headers, body, clocks, answer.
//!
//! What lies between the call and a try is in [`crate::Transport::execute`]. A try takes the request by reference and a
//! [`polyptych_wire::Body`] can be sent any number of times.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use polyptych_wire::{Effect, Outgoing, Request};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::connecting::watched;
use crate::error::{Error, ErrorKind, Failure, TimeoutKind};
use crate::inflate::Gathering;
use crate::progress::{Announced, Progress};
use crate::transport::Settings;
use crate::{Auth, CredentialError, Delivery, Response, Verdict, tls};

/// The shortest value in a proof that is treated as a secret.
const MIN_SECRET: usize = 16;

/// Headers that frame the message or name the peer: the client writes them.
pub(crate) const OURS: &[HeaderName] =
    &[header::CONNECTION, header::CONTENT_LENGTH, header::HOST, header::TRANSFER_ENCODING, header::TRAILER];

/// What one try is given beside its request.
#[derive(Clone, Copy)]
pub(crate) struct Try {
    /// Counted from 1.
    pub(crate) number: u32,
    /// What is left of the call's deadline, and how long that was.
    pub(crate) deadline: Option<(Duration, Duration)>,
    pub(crate) max_response_bytes: u64,
}

/// How many bytes of body a try moved, as they were on the wire.
#[derive(Clone, Copy, Default)]
pub(crate) struct Moved {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// Runs one try, within the span of it.
///
/// # Errors
/// If there is no whole answer; [`Error::delivery`] says how far the request got.
pub(crate) async fn run(settings: &Settings, request: &Request, given: Try) -> (Result<Response, Error>, Moved) {
    let progress = Progress::new();
    let outcome = match timed(settings, request, given, &progress).await {
        Ok(answer) => Ok(Response { sent_whole: progress.end() == Delivery::Answered, ..answer }),
        Err(failure) => {
            let delivery = delivery(failure.kind, &progress);
            Err(Error::new(failure, delivery, answer_head(&progress), request.operation, &settings.host))
        }
    };
    (outcome, Moved { sent: progress.sent(), received: progress.received_bytes() })
}

/// Status and headers, if they came before the failure.
fn answer_head(progress: &Progress) -> Option<(StatusCode, HeaderMap)> {
    Some((progress.status()?, progress.take_headers()?))
}

/// Failures that happen before the connection takes the request are told by their kind, the others by the body.
fn delivery(kind: ErrorKind, progress: &Progress) -> Delivery {
    match kind {
        ErrorKind::Credential
        | ErrorKind::InvalidRequest
        | ErrorKind::Connect
        | ErrorKind::Tls
        | ErrorKind::Throttled
        | ErrorKind::Unpaid
        | ErrorKind::Suspended
        | ErrorKind::NoPlace
        | ErrorKind::Timeout { what: TimeoutKind::Connect, .. } => Delivery::NotSent,
        ErrorKind::Timeout { .. }
        | ErrorKind::RequestBody
        | ErrorKind::Interrupted
        | ErrorKind::Undecodable
        | ErrorKind::ResponseTooLarge { .. } => progress.end(),
    }
}

async fn timed(settings: &Settings, request: &Request, given: Try, progress: &Progress) -> Result<Response, Failure> {
    let limits = settings.timeouts;
    let (left, deadline) = given.deadline.unwrap_or((Duration::MAX, Duration::MAX));
    tokio::select! {
        // The exchange first: what it notes of its progress is then up to date when a clock runs out.
        biased;
        outcome = watched(progress, exchange(settings, request, given, progress)) => outcome,
        () = tokio::time::sleep(left) => Err(timeout(TimeoutKind::Deadline, deadline)),
        () = progress.silence(limits.idle) => Err(timeout(TimeoutKind::Idle, limits.idle)),
        () = tokio::time::sleep(limits.total) => Err(timeout(TimeoutKind::Total, limits.total)),
    }
}

fn timeout(what: TimeoutKind, limit: Duration) -> Failure {
    ErrorKind::Timeout { what, limit }.into()
}

async fn exchange(
    settings: &Settings,
    request: &Request,
    given: Try,
    progress: &Progress,
) -> Result<Response, Failure> {
    let credential =
        settings.credentials.credential().await.map_err(|error| Failure::new(ErrorKind::Credential, error))?;
    check(credential.expose_secret()).map_err(|error| Failure::new(ErrorKind::Credential, error))?;
    let proof = settings.signing.as_ref().map(|signing| signing.query(&credential, settings.clock.wall()));
    let url = address(settings, &request.path, proof.as_ref().map(ExposeSecret::expose_secret))?;
    let mut outgoing = reqwest::Request::new(request.method.clone(), url);
    *outgoing.headers_mut() = headers(settings, request, credential.expose_secret())?;
    let body = request.body.outgoing(credential.expose_secret());
    progress.started(body.len());
    if !body.is_empty() {
        *outgoing.body_mut() = Some(announced(body, progress));
    } else if expects_body(&request.method) {
        outgoing.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    let secrets = secrets(credential, proof);
    // What arrived on a kept connection without being asked for is noticed now, and the connection not used again.
    tokio::task::yield_now().await;
    let client = if request.effect == Effect::Write { &settings.unshared } else { &settings.client };
    #[cfg(feature = "failpoints")]
    if request.effect == Effect::Write {
        polyptych_failpoint::reach("before-send");
    }
    let mut answer = client.execute(outgoing).await.map_err(|error| classify(settings, error, progress))?;
    redact(answer.headers_mut(), &secrets);
    progress.answered(answer.status(), answer.headers());
    let (status, mut headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let body = read(settings, answer, &mut headers, given.max_response_bytes, progress).await?;
    #[cfg(feature = "failpoints")]
    if request.effect == Effect::Write {
        polyptych_failpoint::reach("after-answer");
    }
    Ok(Response {
        status,
        headers,
        body,
        secrets,
        verdict: Verdict::default(),
        sent_whole: true,
        tries: given.number,
        applied_before: false,
        retry_after: None,
    })
}

/// What a server could repeat: the credential, and each value that was made from it. Short values, such as the time of
/// a proof, are no secrets.
fn secrets(credential: SecretString, proof: Option<SecretString>) -> Vec<SecretString> {
    let proof = proof.as_ref().map_or("", |proof| proof.expose_secret());
    let values = proof.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    let mut all: Vec<_> = values.filter(|value| value.len() >= MIN_SECRET).map(SecretString::from).collect();
    all.insert(0, credential);
    all
}

fn announced(body: Outgoing, progress: &Progress) -> reqwest::Body {
    reqwest::Body::wrap(Announced::new(body, progress.clone()))
}

/// Methods whose empty body is announced as `Content-Length: 0`, which some gateways insist on (RFC 9110, 8.6).
fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

/// The base address with `path` behind it, refused if a URL parser would read it differently from what is written:
/// dot segments, fragments and unescaped characters could reach another resource. `proof` goes to the end of the query.
fn address(settings: &Settings, path: &str, proof: Option<&str>) -> Result<Url, Failure> {
    let refused = || Failure::new(ErrorKind::InvalidRequest, "the path is not an absolute, escaped path");
    if !path.starts_with('/') {
        return Err(refused());
    }
    let mut written = format!("{}{path}", settings.base);
    if let Some(proof) = proof {
        written.push(if path.contains('?') { '&' } else { '?' });
        written.push_str(proof);
    }
    match Url::parse(&written) {
        Ok(url) if url.as_str() == written && url.fragment().is_none() => Ok(url),
        _ => Err(refused()),
    }
}

fn headers(settings: &Settings, request: &Request, credential: &str) -> Result<HeaderMap, Failure> {
    if request.headers.keys().any(|name| OURS.contains(name)) {
        return Err(Failure::new(ErrorKind::InvalidRequest, "a header is set that only the transport may set"));
    }
    let mut headers = settings.headers.clone();
    for name in request.headers.keys() {
        headers.remove(name);
    }
    headers.extend(request.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    match &settings.auth {
        Auth::Bearer => headers.insert(header::AUTHORIZATION, secret(&["Bearer ", credential].concat())?),
        Auth::Header(name) => headers.insert(name, secret(credential)?),
        Auth::InBody if request.body.wants_credential() => None,
        Auth::InBody => {
            return Err(Failure::new(ErrorKind::InvalidRequest, "the body has no place for the credential"));
        }
    };
    Ok(headers)
}

/// Sources may be of other crates. XML cannot carry control characters, nor can a header.
fn check(credential: &str) -> Result<(), CredentialError> {
    match credential {
        "" => Err(CredentialError::Empty),
        text if text.chars().any(char::is_control) => Err(CredentialError::Control),
        _ => Ok(()),
    }
}

/// Headers end up in errors (request ids) and logs; a server may repeat a secret in them.
fn redact(headers: &mut HeaderMap, secrets: &[SecretString]) {
    let repeats = |value: &HeaderValue, secret: &SecretString| {
        let secret = secret.expose_secret().as_bytes();
        value.as_bytes().windows(secret.len()).any(|part| part == secret)
    };
    for value in headers.values_mut().filter(|value| secrets.iter().any(|secret| repeats(value, secret))) {
        *value = HeaderValue::from_static("[redacted]");
    }
}

fn secret(text: &str) -> Result<HeaderValue, Failure> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| Failure::new(ErrorKind::Credential, CredentialError::Control))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read(
    settings: &Settings,
    mut answer: reqwest::Response,
    headers: &mut HeaderMap,
    limit: u64,
    progress: &Progress,
) -> Result<Bytes, Failure> {
    let mut body = Gathering::new(headers, limit)?;
    while let Some(chunk) = answer.chunk().await.map_err(|error| classify(settings, error, progress))? {
        progress.received(chunk.len());
        body.push(&chunk)?;
    }
    body.finish()
}

fn classify(settings: &Settings, error: reqwest::Error, progress: &Progress) -> Failure {
    if let Some(error) = progress.take_body_error() {
        return Failure::new(ErrorKind::RequestBody, error);
    }
    let limit = settings.timeouts.connect;
    let kind = match () {
        () if error.is_builder() => ErrorKind::InvalidRequest,
        () if error.is_connect() && error.is_timeout() => ErrorKind::Timeout { what: TimeoutKind::Connect, limit },
        () if error.is_connect() && tls::is_cause_of(&error) => ErrorKind::Tls,
        () if error.is_connect() => ErrorKind::Connect,
        () => ErrorKind::Interrupted,
    };
    Failure::new(kind, error.without_url())
}
