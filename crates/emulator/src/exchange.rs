//! One request on its way through: its head, its capped body, its journal ticket, and the address it came to. What a
//! protocol makes of it is decided elsewhere.

use std::borrow::Cow;
use std::sync::OnceLock;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::body::{self, Unread};
use crate::control::script::{ErrorFault, FaultAnswer};
use crate::gzip;
use crate::journal::Ticket;
use crate::state::State;

/// Stands for a header's text that is not UTF-8.
const UNREADABLE: &str = "\u{fffd}";

/// The headers in which the providers tell the id of an answer: Yandex (both APIs), Facebook. Evotor tells none.
const REQUEST_IDS: [&str; 2] = ["requestid", "x-fb-trace-id"];

/// The most bytes of a host and its port: the longest name, a colon and five digits.
const LONGEST_HOST: usize = 261;

/// A request whose body is here.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    pub(crate) ticket: Ticket,
    /// Where handed-out URLs begin, without a final slash.
    pub(crate) base: String,
    /// What the fault script makes of the call.
    scripted: OnceLock<FaultAnswer>,
    /// Whether the answer may be compressed.
    gzip: bool,
}

impl Exchange {
    /// Reads the body.
    ///
    /// # Errors
    /// The answer to give instead: 413 beyond `cap` bytes, 408 when no more of the body comes, 400 when it breaks off.
    pub(crate) async fn read(
        state: &State,
        head: Parts,
        body: Body,
        cap: usize,
        ticket: Ticket,
    ) -> Result<Self, Response> {
        match body::read(body, cap, state.settings.body_patience).await {
            Ok(body) => {
                let base = base(state, &head).unwrap_or_else(|| "http://localhost".to_owned());
                let gzip = state.settings.gzip && gzip::accepted(&head.headers);
                Ok(Self { head, body, ticket, base, scripted: OnceLock::new(), gzip })
            }
            Err(Unread::TooLarge) => Err(too_large(ticket, cap)),
            Err(Unread::Stalled) => {
                Err(closing(text(StatusCode::REQUEST_TIMEOUT, "no more of the request body came in time")))
            }
            Err(Unread::Broken) => Err(text(StatusCode::BAD_REQUEST, "the request body broke off")),
        }
    }

    /// The method of the request line.
    pub(crate) fn method(&self) -> &Method {
        &self.head.method
    }

    /// A header as text; see [`header`].
    pub(crate) fn header(&self, name: &str) -> &str {
        header(&self.head, name)
    }

    /// The media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> String {
        let full = self.header(CONTENT_TYPE.as_str());
        full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// What every call goes through once it is understood and allowed, before it is carried out: it is noted in the
    /// journal, takes its time, and meets the fault that waits for it.
    ///
    /// # Errors
    /// The error to answer with instead of carrying the call out.
    pub(crate) async fn begin(&self, state: &State, operation: &str, album: Option<&str>) -> Result<(), ErrorFault> {
        self.ticket.describe(operation, album);
        let Some(fault) = scripted(state, &self.ticket, operation, album).await else { return Ok(()) };
        let refusal = fault.refusal();
        self.meet(fault);
        refusal.map_or(Ok(()), Err)
    }

    /// Lets the answer meet a scripted fault.
    pub(crate) fn meet(&self, fault: FaultAnswer) {
        // One call begins once; a second fault of it could not be answered.
        let _ = self.scripted.set(fault);
    }

    /// Closes the journal entry with the answer's status, and lets a scripted fault have its way.
    pub(crate) fn answer(self, response: Response) -> Response {
        let response = if self.gzip { gzip::compress(response) } else { response };
        let response = match self.scripted.get() {
            Some(fault) => fault.change(&self.head, response),
            None => response,
        };
        let id = REQUEST_IDS.iter().find_map(|name| response.headers().get(*name)?.to_str().ok());
        if let Some(id) = id {
            self.ticket.identified(id);
        }
        self.ticket.close(response.status().as_u16());
        response
    }
}

/// The time that a call takes, and the fault that waits for it.
pub(crate) async fn scripted(
    state: &State,
    ticket: &Ticket,
    operation: &str,
    album: Option<&str>,
) -> Option<FaultAnswer> {
    let latency = state.script.latency(ticket.api(), operation);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let fault = state.script.take(ticket.api(), operation, album)?;
    ticket.scripted(fault.word());
    Some(fault)
}

/// A header of a request head as text; empty when absent, and [`UNREADABLE`] when it is not UTF-8, so that a login that
/// cannot be read is never taken for none.
pub(crate) fn header<'a>(head: &'a Parts, name: &str) -> &'a str {
    let value = head.headers.get(name).map(|value| std::str::from_utf8(value.as_bytes()).unwrap_or(UNREADABLE));
    value.unwrap_or_default().trim()
}

/// Where handed-out URLs begin, without a final slash; `None` when the request names no host. What stands in `Host` is
/// written into documents, so it must look like a host.
pub(crate) fn base(state: &State, head: &Parts) -> Option<String> {
    if let Some(public) = &state.settings.public_url {
        return Some(public.trim_end_matches('/').to_owned());
    }
    let host = match header(head, HOST.as_str()) {
        "" => head.uri.authority().map_or("localhost", |authority| authority.as_str()),
        host => host,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (host.len() <= LONGEST_HOST && host.bytes().all(plain)).then(|| format!("http://{host}"))
}

fn too_large(ticket: Ticket, cap: usize) -> Response {
    ticket.close(StatusCode::PAYLOAD_TOO_LARGE.as_u16());
    let message = format!("the emulator takes request bodies of at most {cap} bytes here");
    closing(text(StatusCode::PAYLOAD_TOO_LARGE, &message))
}

/// A plain text answer.
pub(crate) fn text(status: StatusCode, message: &str) -> Response {
    reply(status, "text/plain; charset=utf-8", format!("{message}\n"))
}

/// An answer that does not depend on the request's body. A body that stays unread ends the connection, and the caller is
/// told so lest it send its next request there.
pub(crate) fn without_reading(body: &Body, response: Response) -> Response {
    if body.is_end_stream() { response } else { closing(response) }
}

fn closing(mut response: Response) -> Response {
    set_header(&mut response, "connection", "close");
    response
}

/// An answer of the given media type.
pub(crate) fn reply(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Sets a header; a value that cannot stand in a header is left out.
pub(crate) fn set_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// The parts of a path between slashes, percent-decoded; a trailing slash makes no part.
pub(crate) fn segments(path: &str) -> Vec<Cow<'_, str>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_at_its_slashes_before_it_is_decoded() {
        assert_eq!(segments("/v26.0/1%3Aab/"), ["v26.0", "1:ab"]);
        assert_eq!(segments("/stores/a%2Fb"), ["stores", "a/b"]);
        assert_eq!(segments("/"), [""]);
    }
}
