//! One try of a call: credential, URL, headers, body, clocks, answer.
//!
//! [`crate::Transport::execute`] is the call; what lies between call and try decides whether, when and how often there
//! is another one. Layers go in that order: the call (its span, the caller's deadline), then retry (from the
//! request's [`polyptych_wire::Effect`], [`crate::Delivery`] and the provider's class of the error), then what a single
//! try waits for (concurrency and rate permits), then this module. A try takes the request by reference and
//! a [`polyptych_wire::Body`] can be sent any number of times, so a layer needs nothing from here but [`run`].

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use polyptych_wire::{Outgoing, Request};
use reqwest::Url;
use secrecy::ExposeSecret;
use tracing::{Instrument, debug, debug_span, field};

use crate::error::{Error, ErrorKind, Failure, TimeoutKind};
use crate::progress::{Announced, Progress};
use crate::transport::Settings;
use crate::{Auth, CredentialError, Delivery, Response, tls};

/// Headers that frame the message or name the peer: the client writes them.
pub(crate) const OURS: &[HeaderName] =
    &[header::CONNECTION, header::CONTENT_LENGTH, header::HOST, header::TRANSFER_ENCODING, header::TRAILER];

/// Runs try number `number` (from 1).
///
/// # Errors
/// If there is no whole answer; [`Error::delivery`] says how far the request got.
pub(crate) async fn run(settings: &Settings, request: &Request, number: u32) -> Result<Response, Error> {
    let span = debug_span!(
        "try",
        attempt = number,
        status = field::Empty,
        sent_bytes = field::Empty,
        received_bytes = field::Empty
    );
    let progress = Progress::new();
    let outcome = timed(settings, request, &progress).instrument(span.clone()).await;
    span.record("sent_bytes", progress.sent());
    match outcome {
        Ok(response) => {
            span.record("status", response.status.as_u16());
            span.record("received_bytes", response.body.len());
            span.in_scope(|| debug!("answered"));
            Ok(response)
        }
        Err(failure) => {
            let delivery = delivery(failure.kind, &progress);
            let error = Error::new(failure, delivery, answer_head(&progress), request.operation, &settings.host);
            span.in_scope(|| debug!(kind = ?error.kind(), delivery = ?error.delivery(), "no whole answer"));
            Err(error)
        }
    }
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
        | ErrorKind::Timeout { what: TimeoutKind::Connect, .. } => Delivery::NotSent,
        ErrorKind::Timeout { .. }
        | ErrorKind::RequestBody
        | ErrorKind::Interrupted
        | ErrorKind::ResponseTooLarge { .. } => progress.delivery(),
    }
}

async fn timed(settings: &Settings, request: &Request, progress: &Progress) -> Result<Response, Failure> {
    let limits = settings.timeouts;
    tokio::select! {
        biased;
        outcome = exchange(settings, request, progress) => outcome,
        () = progress.silence(limits.idle) => Err(timeout(TimeoutKind::Idle, limits.idle)),
        () = tokio::time::sleep(limits.total) => Err(timeout(TimeoutKind::Total, limits.total)),
    }
}

fn timeout(what: TimeoutKind, limit: std::time::Duration) -> Failure {
    ErrorKind::Timeout { what, limit }.into()
}

async fn exchange(settings: &Settings, request: &Request, progress: &Progress) -> Result<Response, Failure> {
    let credential =
        settings.credentials.credential().await.map_err(|error| Failure::new(ErrorKind::Credential, error))?;
    check(credential.expose_secret()).map_err(|error| Failure::new(ErrorKind::Credential, error))?;
    let mut outgoing = reqwest::Request::new(request.method.clone(), address(settings, &request.path)?);
    *outgoing.headers_mut() = headers(settings, request, credential.expose_secret())?;
    let body = request.body.outgoing(credential.expose_secret());
    progress.started(body.len());
    if !body.is_empty() {
        *outgoing.body_mut() = Some(announced(body, progress));
    } else if expects_body(&request.method) {
        outgoing.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    let mut answer = settings.client.execute(outgoing).await.map_err(|error| classify(settings, error, progress))?;
    redact(answer.headers_mut(), credential.expose_secret());
    progress.answered(answer.status(), answer.headers());
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let body = read(settings, answer, &headers, progress).await?;
    Ok(Response { status, headers, body, credential })
}

fn announced(body: Outgoing, progress: &Progress) -> reqwest::Body {
    reqwest::Body::wrap(Announced::new(body, progress.clone()))
}

/// Methods whose empty body is announced as `Content-Length: 0`, which some gateways insist on (RFC 9110, 8.6).
fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

/// The base address with `path` behind it, refused if a URL parser would read it differently from what is written:
/// dot segments, fragments and unescaped characters could reach another resource.
fn address(settings: &Settings, path: &str) -> Result<Url, Failure> {
    let refused = || Failure::new(ErrorKind::InvalidRequest, "the path is not an absolute, escaped path");
    if !path.starts_with('/') {
        return Err(refused());
    }
    let written = format!("{}{path}", settings.base);
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

/// Headers end up in errors (request ids) and logs; a server may repeat the credential in them.
fn redact(headers: &mut HeaderMap, credential: &str) {
    let credential = credential.as_bytes();
    let repeated = |value: &HeaderValue| value.as_bytes().windows(credential.len()).any(|part| part == credential);
    for value in headers.values_mut().filter(|value| repeated(value)) {
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
    headers: &HeaderMap,
    progress: &Progress,
) -> Result<Bytes, Failure> {
    let limit = settings.max_response_bytes;
    let too_large = || Failure::from(ErrorKind::ResponseTooLarge { limit });
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| classify(settings, error, progress))? {
        progress.received();
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
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
