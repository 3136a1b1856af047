//! The guard at the door: it knows who calls, whether that client may call this method, and whether it may call now. It does
//! not read messages: which libraries a client may use is kept by [`crate::caller::Door`].

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use http_body::{Frame, SizeHint};
use jiff::Timestamp;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::{Code, Status};

use super::access::{Access, Known, Reflection};
use super::certificate::Peer;
use super::files::{FileError, Files, Source};
use super::keys::is_key;
use super::methods::{Need, need};
use super::rate::Place;
use crate::caller::Caller;
use crate::status::{Reason, Refusal};

type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Decides who may call. A clone decides by the same table.
#[derive(Clone)]
pub struct Guard(Option<Arc<Watch>>);

struct Watch {
    access: RwLock<Arc<Access>>,
    now: Box<Clock>,
}

impl Guard {
    /// Lets everybody do everything, as the one client `local`. For servers that nobody reaches but who may.
    pub fn open() -> Self {
        Self(None)
    }

    /// Decides by a table. `now` tells the time of day, for tokens.
    pub fn new(access: Access, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Watch { access: RwLock::new(Arc::new(access)), now: Box::new(now) })))
    }

    /// Decides by another table from now on; calls in progress go on. Clients whose limits are as before have used of them what
    /// they had used. Nothing happens to a guard that is [open](Self::open): whether callers are known at all is decided once.
    pub fn replace(&self, access: Access) {
        if let Some(watch) = &self.0 {
            let mut current = watch.access.write().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::new(access.after(&current));
        }
    }

    /// What the table was made of and is read again.
    pub fn files(&self) -> Files {
        self.0.as_ref().map_or_else(Files::default, |watch| Files::of(Arc::clone(watch) as _))
    }

    /// Who calls, if the call may begin now, and its place where those are counted; `None` for a caller that is not known and need
    /// not be.
    fn admit<B>(&self, request: &http::Request<B>) -> Result<Option<(Caller, Option<Place>)>, Refusal> {
        let Some(watch) = &self.0 else { return Ok(Some((Caller::anybody(), None))) };
        let access = Arc::clone(&watch.access.read().unwrap_or_else(PoisonError::into_inner));
        let need = need(request.uri().path());
        let known = watch.identify(&access, request)?;
        let (known, needs_client) = match (known, need, access.reflection()) {
            (_, Some(Need::Reflection), Reflection::Off) => return Err(no_such_method()),
            (known, Some(Need::Nothing), _) | (known, Some(Need::Reflection), Reflection::Open) => (known, false),
            (known, ..) => (known, true),
        };
        let Some(known) = known else {
            return if needs_client { Err(unauthenticated("the call names no client")) } else { Ok(None) };
        };
        let rights = known.client.rights;
        let allowed = match need {
            None => return Err(no_such_method()),
            Some(Need::Nothing | Need::Reflection) => true,
            Some(Need::AnyRight) => !rights.is_empty(),
            Some(Need::Right(right)) => rights.hold(right),
        };
        if !allowed {
            return Err(Refusal::new(Code::PermissionDenied, Reason::Forbidden, "the client may not call this method"));
        }
        let place = known.meter.enter().map_err(|wait| {
            let message = "the client has more calls at once, or in a short time, than it may have";
            Refusal::new(Code::ResourceExhausted, Reason::ClientRateLimited, message).with_retry_after(wait)
        })?;
        let libraries = Arc::clone(&known.libraries);
        Ok(Some((Caller::new(known.client.id.clone(), libraries, rights), place)))
    }
}

impl Watch {
    /// The client that the call names; `None` if it names none. A credential that is shown and not accepted is a failure,
    /// whatever else the call might do without one.
    fn identify<B>(&self, access: &Access, request: &http::Request<B>) -> Result<Option<Arc<Known>>, Refusal> {
        let Some(credential) = credential(request.headers())? else {
            let peer = request.extensions().get::<Peer>();
            return Ok(peer.and_then(|peer| access.by_certificate(peer.names())).cloned());
        };
        let known = match is_key(credential) {
            true => access.by_key(credential),
            false => access.by_token(credential, (self.now)()).map_err(|error| {
                unauthenticated(format!("the token in the header authorization is not accepted: {error}"))
            })?,
        };
        let refused = || unauthenticated("the key or token in the header authorization is of no client");
        known.cloned().map(Some).ok_or_else(refused)
    }
}

impl Source for Watch {
    fn reload(&self) -> Result<bool, FileError> {
        let access = Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner));
        access.reload()
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Guard(clients)" } else { "Guard(open)" })
    }
}

/// What the one header `authorization: Bearer …` holds (RFC 6750, section 2.1); `None` without the header.
fn credential(headers: &http::HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut all = headers.get_all(http::header::AUTHORIZATION).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let malformed = || unauthenticated("the header authorization is not one `Bearer` and a key or token");
    if all.next().is_some() {
        return Err(malformed());
    }
    let (scheme, credential) = first.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    let credential = credential.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() || !credential.bytes().all(plain) {
        return Err(malformed());
    }
    Ok(Some(credential))
}

fn unauthenticated(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::Unauthenticated, Reason::Unauthenticated, message)
}

fn no_such_method() -> Refusal {
    Refusal::new(Code::Unimplemented, Reason::UnknownMethod, "no such service or method")
}

/// A service behind a guard.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<S> {
    service: S,
    guard: Guard,
}

impl<S> Guarded<S> {
    pub(crate) fn new(service: S, guard: Guard) -> Self {
        Self { service, guard }
    }
}

impl<S> Service<http::Request<Body>> for Guarded<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let admitted = match self.guard.admit(&request) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                // What is no method is not repeated: anybody can send 16 KiB of it. The span has the method.
                tracing::info!(reason = refusal.reason().as_str(), "call not let in");
                return std::future::ready(Ok(Status::from(refusal).into_http())).boxed();
            }
        };
        request.headers_mut().remove(http::header::AUTHORIZATION);
        let place = admitted.and_then(|(caller, place)| {
            request.extensions_mut().insert(caller);
            place
        });
        let answer = self.service.call(request);
        async move {
            let answer = answer.await?;
            Ok(match place {
                Some(place) => answer.map(|body| Body::new(Held { body, _place: place })),
                None => answer,
            })
        }
        .boxed()
    }
}

/// An answer that keeps its client's place until its last byte.
struct Held {
    body: Body,
    _place: Place,
}

impl http_body::Body for Held {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        http_body::Body::poll_frame(Pin::new(&mut self.body), context)
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}
