//! What holds for every call: no more at once than the server may have, its deadline is kept here, its request has to arrive in
//! time, and no failure leaves without an `ErrorInfo`.
//!
//! The transport's own timer answers CANCELLED at the same moment. It polls this service first, and the timer here is
//! made first, so that the answer from here wins. A call that is cut off is dropped, and its work with it.
//! The deadline is kept here up to the answer's headers, which a method that answers with one message sends last; from there on
//! [`crate::answers`] keeps it, by the terms among the answer's extensions.

use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use polyptych_domain::ClientId;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::service::Routes;
use tonic::{Code, Status};

use crate::answers::Terms;
use crate::caller::client_of;
use crate::load::{Load, Place};
use crate::lookout::Lookout;
use crate::progress::Progress;
use crate::served::Served;
use crate::status::{Reason, Refusal};
use crate::{Settings, arriving, deadline};

/// All services of the server behind the rules of this module. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct Calls(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    /// What answers new calls; those in progress go on with what they began with.
    services: RwLock<Services>,
    served: Served,
    load: Load,
    lookout: Lookout,
}

#[derive(Debug, Clone)]
struct Services {
    routes: Routes,
    settings: Arc<Settings>,
}

/// A call as it was let in, among the extensions of its answer, so that its place is held until the last byte of it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    /// Who makes it; absent if that is not known.
    pub(crate) client: Option<ClientId>,
    #[allow(dead_code, reason = "held, never read")]
    place: Option<Arc<Place>>,
    /// How long its answer may take.
    pub(crate) terms: Terms,
}

impl Calls {
    pub(crate) fn new(routes: Routes, settings: &Settings, served: Served, load: Load, lookout: Lookout) -> Self {
        let services = RwLock::new(Services::new(routes, settings));
        Self(Arc::new(Rules { services, served, load, lookout }))
    }

    /// Lets other services answer from now on, within other limits.
    pub(crate) fn replace(&self, routes: Routes, settings: &Settings) {
        *self.0.services.write().unwrap_or_else(PoisonError::into_inner) = Services::new(routes, settings);
    }
}

impl Services {
    fn new(routes: Routes, settings: &Settings) -> Self {
        Self { routes: routes.prepare(), settings: Arc::new(settings.clone()) }
    }
}

impl Rules {
    /// What answers a call that begins now.
    fn services(&self) -> Services {
        self.services.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what holds for a call.
    ///
    /// # Errors
    /// If it is not to begin.
    fn admit(&self, request: &http::Request<Body>, entered: &mut Entered) -> Result<(), Refusal> {
        let timeout = deadline::timeout(request.headers())?;
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(deadline::passed(&entered.terms.progress));
        }
        // One that is beyond the clock's range is none.
        entered.terms.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        entered.place = self.load.enter(entered.client.as_ref(), request.uri().path())?;
        Ok(())
    }
}

impl Service<http::Request<Body>> for Calls {
    type Response = http::Response<Body>;
    type Error = <Routes as Service<http::Request<Body>>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    /// Routes are always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let Services { mut routes, settings } = self.0.services();
        let progress = Arc::new(Progress::default());
        let (terms_settings, lookout) = (Arc::clone(&settings), self.0.lookout.clone());
        let terms = Terms { deadline: None, settings: terms_settings, progress: Arc::clone(&progress), lookout };
        let mut entered = Entered { client: client_of(request.extensions()), place: None, terms };
        if let Err(refusal) = self.0.admit(&request, &mut entered) {
            let mut answer = Status::from(refusal).into_http();
            answer.extensions_mut().insert(entered);
            return Box::pin(std::future::ready(Ok(answer)));
        }
        request.extensions_mut().insert(Arc::clone(&progress));
        let many = self.0.served.of(request.uri().path()).many;
        let request = request.map(|body| arriving::bounded(body, many, &settings));
        let timer = entered.terms.deadline.map(tokio::time::sleep_until);
        let answer = routes.call(request);
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
