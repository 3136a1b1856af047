//! The guard at the door: it knows who calls, whether that client may call this method, and whether it may call now. It does
//! not read messages: which libraries a client may use is kept by [`crate::caller::Door`].

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::Either;
use jiff::Timestamp;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Code, Status};

use super::access::{Access, Known, Reflection};
use super::certificate::Peer;
use super::files::{FileError, Files, Source};
use super::keys::is_key;
use super::methods::{Need, need};
use super::rate::Place;
use crate::caller::Caller;
use crate::calls::{Answered, Calls};
use crate::served::Method;
use crate::status::{Reason, Refusal};

type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// A caller that may call, and its place where those are counted.
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) place: Option<Place>,
}

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

    /// Who calls, if the call may begin now; `None` for a caller that is not known and need not be.
    fn admit<B>(&self, request: &http::Request<B>) -> Result<Option<Admitted>, Refusal> {
        let Some(watch) = &self.0 else { return Ok(Some(Admitted { caller: Caller::anybody(), place: None })) };
        let access = watch.access.read().unwrap_or_else(PoisonError::into_inner);
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
        Ok(Some(Admitted { caller: known.caller.clone(), place }))
    }
}

impl Watch {
    /// The client that the call names; `None` if it names none. A credential that is shown and not accepted is a failure,
    /// whatever else the call might do without one.
    fn identify<'a, B>(&self, access: &'a Access, request: &http::Request<B>) -> Result<Option<&'a Known>, Refusal> {
        let Some(credential) = credential(request.headers())? else {
            let peer = request.extensions().get::<Peer>();
            return Ok(peer.and_then(|peer| access.by_certificate(peer.names())));
        };
        let known = match is_key(credential) {
            true => access.by_key(credential),
            false => access.by_token(credential, (self.now)()).map_err(|error| {
                unauthenticated(format!("the token in the header authorization is not accepted: {error}"))
            })?,
        };
        let refused = || unauthenticated("the key or token in the header authorization is of no client");
        known.map(Some).ok_or_else(refused)
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

/// What answers calls, behind a guard.
#[derive(Debug)]
pub(crate) struct Guarded {
    calls: Calls,
    guard: Guard,
}

impl Guarded {
    pub(crate) fn new(calls: Calls, guard: Guard) -> Self {
        Self { calls, guard }
    }

    /// Answers a call of `method`, or says why it may not begin.
    pub(crate) fn call(
        &self,
        method: &Method,
        mut request: http::Request<Body>,
    ) -> impl Future<Output = Answered> + Send + use<> {
        match self.guard.admit(&request) {
            Ok(admitted) => {
                request.headers_mut().remove(http::header::AUTHORIZATION);
                Either::Left(self.calls.call(method, admitted, request))
            }
            Err(refusal) => Either::Right(async move {
                // What is no method is not repeated: anybody can send 16 KiB of it. The span has the method.
                tracing::info!(reason = refusal.reason().as_str(), "call not let in");
                Answered { answer: Status::from(refusal).into_http(), entered: None }
            }),
        }
    }
}
