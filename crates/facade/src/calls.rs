//! What holds for every call: no more at once than the server may have, its deadline is kept here, and no failure leaves
//! without an `ErrorInfo`.
//!
//! The transport's own timer answers CANCELLED at the same moment. It polls this service first, and the timer here is
//! made first, so that the answer from here wins. A call that is cut off is dropped, and its work with it.
//! The deadline is kept here up to the answer's headers, which a method that answers with one message sends last; one that
//! answers with a stream finds it among the request's extensions and keeps it from there on ([`crate::answers`]).

use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::service::Routes;
use tonic::{Code, Status};

use crate::caller::client_of;
use crate::deadline::{self, Deadline};
use crate::load::{Entered, Load};
use crate::progress::Progress;
use crate::status::{Reason, Refusal};

/// All services of the server behind the rules of this module. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    /// What answers new calls; those in progress go on with what they began with.
    routes: Arc<RwLock<Routes>>,
    load: Load,
}

impl Calls {
    pub(crate) fn new(routes: Routes, load: Load) -> Self {
        Self { routes: Arc::new(RwLock::new(routes.prepare())), load }
    }

    /// Lets other services answer from now on.
    pub(crate) fn replace(&self, routes: Routes) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = routes.prepare();
    }
}

impl Service<http::Request<Body>> for Calls {
    type Response = http::Response<Body>;
    type Error = <Routes as Service<http::Request<Body>>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Service::<http::Request<Body>>::poll_ready(&mut *routes, context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let deadline = match deadline::timeout(request.headers()) {
            // One that is beyond the clock's range is none.
            Ok(timeout) => timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            Err(value) => {
                let message =
                    format!("the header grpc-timeout `{value}` is not 1 to 8 digits and one of H, M, S, m, u, n");
                let refusal = Refusal::new(Code::InvalidArgument, Reason::InvalidArgument, message);
                return Box::pin(std::future::ready(Ok(Status::from(refusal).into_http())));
            }
        };
        let client = client_of(request.extensions());
        let entered = match self.load.enter(&client, request.uri().path()) {
            Ok(place) => Entered { client, place },
            Err(refusal) => {
                let mut answer = Status::from(refusal).into_http();
                answer.extensions_mut().insert(Entered { client, place: None });
                return Box::pin(std::future::ready(Ok(answer)));
            }
        };
        let progress = Arc::new(Progress::default());
        request.extensions_mut().insert(Arc::clone(&progress));
        if let Some(end) = deadline {
            request.extensions_mut().insert(Deadline(end));
        }
        let timer = deadline.map(tokio::time::sleep_until);
        let answer = self.routes.write().unwrap_or_else(PoisonError::into_inner).call(request);
        Box::pin(async move {
            let answer = match timer {
                None => answer.await?,
                Some(timer) => tokio::select! {
                    biased;
                    answer = answer => answer?,
                    () = timer => Status::from(deadline::passed(&progress)).into_http(),
                },
            };
            let mut answer = explained(answer);
            answer.extensions_mut().insert(entered);
            Ok(answer)
        })
    }
}

/// Adds an `ErrorInfo` to a failure that does not come from a handler: an unknown method, an unreadable message.
fn explained(answer: http::Response<Body>) -> http::Response<Body> {
    if answer.headers().contains_key("grpc-status-details-bin") {
        return answer;
    }
    let Some(status) = Status::from_header_map(answer.headers()) else { return answer };
    let (reason, what) = match status.code() {
        Code::Ok => return answer,
        // Only an encoding that is not taken comes with words.
        Code::Unimplemented if !status.message().is_empty() => (Reason::MalformedMessage, "unknown encoding"),
        Code::Unimplemented => (Reason::UnknownMethod, "no such service or method"),
        Code::OutOfRange | Code::Internal | Code::InvalidArgument => (Reason::MalformedMessage, "unreadable message"),
        Code::Cancelled => (Reason::UploadInterrupted, "the call was cancelled"),
        _ => return answer,
    };
    let message = if status.message().is_empty() { what } else { status.message() };
    Status::from(Refusal::new(status.code(), reason, message)).into_http()
}
