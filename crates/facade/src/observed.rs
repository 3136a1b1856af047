//! What is told of every call: a span, one line of the log when it has ended, and figures. Nothing of what is called with,
//! save the client's name and the id of the request.
//!
//! | metric | kind | labels | what |
//! |---|---|---|---|
//! | `polyptych_rpcs_total` | counter | `method`, `code` | calls that ended |
//! | `polyptych_rpc_seconds` | histogram | `method`, `code` | how long they took, to the last byte of the answer |
//! | `polyptych_rpcs_in_flight` | gauge | | calls of clients in progress |
//! | `polyptych_rpcs_shed_total` | counter | `limit` | calls that were one too many: for the `server`, for the `client`, for callers that are not known (`strangers`) |
//!
//! A method that this server does not have is `unknown`. A caller that goes away is `CANCELLED`.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::{Code, Status};
use tracing::{Instrument, Span, field};

use crate::answers;
use crate::auth::Guarded;
use crate::calls::{Answered, Entered};
use crate::routes::Answer;
use crate::served::{Method, Served};
use crate::status::code_name;

/// The header by which a caller names its request, and is told under which name it was logged.
static REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// Longest request id that is taken from a caller.
const MAX_ID: usize = 64;

/// Decides by its headers whether a call is traced, before anything is made for that: `None` if not. Most are not, and to prepare a
/// trace that nobody gets costs more than to let a caller in.
pub type Adopt = Arc<dyn Fn(&http::HeaderMap) -> Option<Join> + Send + Sync>;

/// Joins the span of a call that is traced to the trace that the caller's headers name, if they do.
pub type Join = Box<dyn FnOnce(&Span) + Send>;

/// The target of the spans of calls that [`Adopt`] has decided not to trace. They are for the log; a subscriber that sends traces
/// should not see them, nor what is within them.
pub const UNTRACED: &str = "polyptych_facade::untraced";

/// Tells of the calls that are answered behind it. A clone tells of the same ones.
#[derive(Clone)]
pub(crate) struct Observed(Arc<Telling>);

struct Telling {
    guarded: Guarded,
    served: Served,
    adopt: Option<Adopt>,
}

impl Observed {
    pub(crate) fn new(guarded: Guarded, served: Served, adopt: Option<Adopt>) -> Self {
        Self(Arc::new(Telling { guarded, served, adopt }))
    }

    /// Answers a call, and tells of it.
    pub(crate) fn call(&self, request: http::Request<Body>) -> Answer {
        let method = Arc::clone(self.0.served.of(request.uri().path()));
        let id = request_id(request.headers());
        let (span, traced) = self.0.span(&method.name, &id, request.headers());
        let header = http::HeaderValue::from_str(&id).map(|mut header| {
            // It is another one each time: to look for it among the headers that the connection remembers, and to put it
            // there, would be in vain on both sides.
            header.set_sensitive(true);
            header
        });
        let answered = self.0.guarded.call(&method, request);
        // Of a call that is not traced nothing is told after its answer has begun, unless that goes on.
        let later = if traced || method.answers_many { span.clone() } else { Span::none() };
        let mut told = Told { method, id, span: later, begun: Instant::now(), entered: None, code: None };
        let answered = async move {
            let Answered { mut answer, entered } = answered.await;
            let (entered, terms) = entered.unzip();
            told.entered = entered;
            told.code = code(answer.headers());
            if let Ok(id) = header {
                answer.headers_mut().insert(&REQUEST_ID, id);
            }
            Ok(answer.map(|inner| {
                let body = Watched { inner, told };
                match terms {
                    Some(terms) => answers::bounded(body, terms),
                    None => Body::new(body),
                }
            }))
        };
        Box::pin(answered.instrument(span))
    }
}

impl Telling {
    /// The span of a call, and whether it may be that of a trace.
    fn span(&self, method: &str, request_id: &str, headers: &http::HeaderMap) -> (Span, bool) {
        // The target is part of what is cached for a place in the code, so that there have to be two.
        macro_rules! rpc {
            ($target:expr) => {
                tracing::info_span!(
                    target: $target,
                    "rpc",
                    method,
                    request_id,
                    client = field::Empty,
                    code = field::Empty,
                    otel.kind = "server"
                )
            };
        }
        let join = self.adopt.as_ref().map(|adopt| adopt(headers));
        let traced = !matches!(join, Some(None));
        let span = if traced { rpc!(module_path!()) } else { rpc!(UNTRACED) };
        if let Some(join) = join.flatten() {
            join(&span);
        }
        (span, traced)
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("guarded", &self.0.guarded).finish_non_exhaustive()
    }
}

/// As what translates for pages calls it.
impl Service<http::Request<Body>> for Observed {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        Self::call(self, request)
    }
}

/// The caller's name for the request, if it can be written into a log as it is; else one of ours.
fn request_id(headers: &http::HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok());
    let taken = given.filter(|id| (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    taken.map_or_else(|| format!("{:016x}", crate::connections::random()), str::to_owned)
}

/// The code of the failure, or of the success, that these headers or trailers tell.
fn code(headers: &http::HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

/// A call in progress. Dropped, it has ended: with the code that was seen, or with which it was cut off, else by its caller.
struct Told {
    method: Arc<Method>,
    id: String,
    /// That of the call, where it is told more.
    span: Span,
    begun: Instant,
    entered: Option<Entered>,
    code: Option<Code>,
}

impl Drop for Told {
    fn drop(&mut self) {
        let entered = self.entered.as_ref();
        let code = self.code.or_else(|| entered?.progress.cut()).unwrap_or(Code::Cancelled);
        let client = entered.and_then(|entered| entered.caller.as_ref()).map_or("-", |caller| caller.client().as_str());
        let seconds = self.begun.elapsed().as_secs_f64();
        self.method.ended(code, seconds);
        let (method, request_id, code) = (&*self.method.name, &*self.id, code_name(code));
        self.span.record("client", client).record("code", code);
        // The line says all that the span does.
        tracing::info!(target: "polyptych::access", parent: None, client, method, code, seconds, request_id, "call");
    }
}

/// An answer whose end is seen.
struct Watched {
    inner: Body,
    told: Told,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let polled = {
            let _within = this.told.span.enter();
            Pin::new(&mut this.inner).poll_frame(context)
        };
        let ended = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.trailers_ref().and_then(code),
            Poll::Ready(Some(Err(status))) => Some(status.code()),
            _ => None,
        };
        this.told.code = ended.or(this.told.code);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_from_the_caller_only_if_a_line_can_hold_it() {
        let given = |id: &'static [u8]| {
            let mut headers = http::HeaderMap::new();
            headers.insert(&REQUEST_ID, http::HeaderValue::from_bytes(id).unwrap());
            request_id(&headers)
        };
        assert_eq!(given(b"order-7"), "order-7");
        for odd in [&b""[..], b"two words", "ё".as_bytes(), &[b'x'; 65]] {
            assert_eq!(given(odd).len(), 16, "{odd:?}");
        }
        assert_ne!(request_id(&http::HeaderMap::new()), request_id(&http::HeaderMap::new()));
    }
}
