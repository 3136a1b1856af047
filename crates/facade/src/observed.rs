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

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Frame, SizeHint};
use metrics::{SharedString, counter, histogram};
use polyptych_domain::ClientId;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::{Code, Status};
use tracing::{Instrument, Span, field};

use crate::answers;
use crate::calls::Entered;
use crate::served::Served;
use crate::status::code_name;

/// The header by which a caller names its request, and is told under which name it was logged.
const REQUEST_ID: &str = "x-request-id";

/// Longest request id that is taken from a caller.
const MAX_ID: usize = 64;

/// Joins the span of a call to the trace that the caller's headers name, if they do.
pub type Adopt = Arc<dyn Fn(&Span, &http::HeaderMap) + Send + Sync>;

/// Tells of the calls of an inner service.
#[derive(Clone)]
pub(crate) struct Observed<S> {
    inner: S,
    served: Served,
    adopt: Option<Adopt>,
}

impl<S> Observed<S> {
    pub(crate) fn new(inner: S, served: Served, adopt: Option<Adopt>) -> Self {
        Self { inner, served, adopt }
    }

    fn method(&self, path: &str) -> SharedString {
        match self.served.at(path) {
            Some(method) => SharedString::from(Arc::clone(&method.name)),
            None => SharedString::const_str("unknown"),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Observed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S> Service<http::Request<Body>> for Observed<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = self.method(request.uri().path());
        let id = request_id(request.headers());
        let span = tracing::info_span!(
            "rpc",
            method = &*method,
            request_id = &*id,
            client = field::Empty,
            code = field::Empty,
            otel.kind = "server"
        );
        if let Some(adopt) = &self.adopt {
            adopt(&span, request.headers());
        }
        let header = http::HeaderValue::from_str(&id);
        let mut told = Told { method, id, span: span.clone(), begun: Instant::now(), entered: None, code: None };
        let answer = {
            let _within = span.enter();
            self.inner.call(request)
        };
        let answered = async move {
            let mut answer = answer.await?;
            told.entered = answer.extensions_mut().remove::<Entered>();
            if let Some(status) = Status::from_header_map(answer.headers()) {
                told.code = Some(status.code());
            }
            if let Ok(id) = header {
                answer.headers_mut().insert(REQUEST_ID, id);
            }
            let terms = told.entered.as_ref().map(|entered| entered.terms.clone());
            Ok(answer.map(|inner| {
                let body = Body::new(Watched { inner, told });
                match terms {
                    Some(terms) => answers::bounded(body, terms),
                    None => body,
                }
            }))
        };
        Box::pin(answered.instrument(span))
    }
}

/// The caller's name for the request, if it can be written into a log as it is; else one of ours.
fn request_id(headers: &http::HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let taken = given.filter(|id| (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    taken.map_or_else(|| format!("{:016x}", crate::connections::random()), str::to_owned)
}

/// A call in progress. Dropped, it has ended: with the code that was seen, or with which it was cut off, else by its caller.
struct Told {
    method: SharedString,
    id: String,
    span: Span,
    begun: Instant,
    entered: Option<Entered>,
    code: Option<Code>,
}

impl Drop for Told {
    fn drop(&mut self) {
        let entered = self.entered.as_ref();
        let code = self.code.or_else(|| entered?.terms.progress.cut());
        let code = code_name(code.unwrap_or(Code::Cancelled));
        let client = entered.and_then(|entered| entered.client.as_ref()).map_or("-", ClientId::as_str);
        let seconds = self.begun.elapsed().as_secs_f64();
        self.span.record("client", client).record("code", code);
        counter!("polyptych_rpcs_total", "method" => self.method.clone(), "code" => code).increment(1);
        histogram!("polyptych_rpc_seconds", "method" => self.method.clone(), "code" => code).record(seconds);
        let (method, request_id) = (&*self.method, &*self.id);
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
            Poll::Ready(Some(Ok(frame))) => frame.trailers_ref().and_then(Status::from_header_map),
            Poll::Ready(Some(Err(status))) => Some(status.clone()),
            _ => None,
        };
        if let Some(status) = ended {
            this.told.code = Some(status.code());
        }
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
            headers.insert(REQUEST_ID, http::HeaderValue::from_bytes(id).unwrap());
            request_id(&headers)
        };
        assert_eq!(given(b"order-7"), "order-7");
        for odd in [&b""[..], b"two words", "ё".as_bytes(), &[b'x'; 65]] {
            assert_eq!(given(odd).len(), 16, "{odd:?}");
        }
        assert_ne!(request_id(&http::HeaderMap::new()), request_id(&http::HeaderMap::new()));
    }
}
