//! What holds for every call: no more at once than the server may have, its deadline is kept here, its request has to arrive in
//! time, and no failure leaves without an `ErrorInfo`.
//!
//! A call that is cut off is dropped, and its work with it. The deadline is kept here up to the answer's headers, which a
//! method that answers with one message sends last; from there on [`crate::answers`] keeps it, by the terms that come with the
//! answer.

use std::future::{Future, ready};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use futures_util::future::Either;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Code, Status};

use crate::answers::Terms;
use crate::arriving::Arriving;
use crate::auth::Admitted;
use crate::caller::Caller;
use crate::load::Load;
use crate::lookout::Lookout;
use crate::patience::Patience;
use crate::progress::Progress;
use crate::routes::Routes;
use crate::served::Method;
use crate::status::{Reason, Refusal};
use crate::{Settings, auth, deadline, load};

/// Where the details of a failure are.
const DETAILS: &str = "grpc-status-details-bin";

/// All services of the server behind the rules of this module. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct Calls(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    /// What answers new calls; those in progress go on with what they began with.
    services: RwLock<Services>,
    load: Load,
    lookout: Lookout,
}

#[derive(Debug)]
struct Services {
    routes: Routes,
    settings: Settings,
}

/// What a call is answered.
pub(crate) struct Answered {
    pub(crate) answer: http::Response<Body>,
    /// Absent of a call that was refused at the door.
    pub(crate) entered: Option<(Entered, Terms)>,
}

/// A call as it was let in. Its places are held until the last byte of its answer is sent.
pub(crate) struct Entered {
    /// Who makes it; absent if that is not known.
    pub(crate) caller: Option<Caller>,
    /// How far it has got.
    pub(crate) progress: Arc<Progress>,
    #[allow(dead_code, reason = "held, never read")]
    place_of_client: Option<auth::Place>,
    #[allow(dead_code, reason = "held, never read")]
    place: Option<load::Place>,
}

impl Calls {
    pub(crate) fn new(routes: Routes, settings: &Settings, load: Load, lookout: Lookout) -> Self {
        let services = RwLock::new(Services { routes, settings: settings.clone() });
        Self(Arc::new(Rules { services, load, lookout }))
    }

    /// Lets other services answer from now on, within other limits.
    pub(crate) fn replace(&self, routes: Routes, settings: &Settings) {
        let services = Services { routes, settings: settings.clone() };
        *self.0.services.write().unwrap_or_else(PoisonError::into_inner) = services;
    }

    /// Answers a call of `method`, whose caller was admitted, or is not known and need not be.
    pub(crate) fn call(
        &self,
        method: &Method,
        admitted: Option<Admitted>,
        mut request: http::Request<Body>,
    ) -> impl Future<Output = Answered> + Send + use<> {
        let services = self.0.services();
        let progress = Arc::new(Progress::default());
        let (caller, place_of_client) = admitted.map(|Admitted { caller, place }| (caller, place)).unzip();
        let mut terms = Terms {
            deadline: None,
            patience: Patience::of_answer(&services.settings),
            progress: Arc::clone(&progress),
            lookout: self.0.lookout.clone(),
        };
        let mut entered = Entered { caller, progress, place_of_client: place_of_client.flatten(), place: None };
        if let Err(refusal) = self.0.admit(&request, &mut entered, &mut terms) {
            let answer = Status::from(refusal).into_http();
            return Either::Left(ready(Answered { answer, entered: Some((entered, terms)) }));
        }
        let extensions = request.extensions_mut();
        extensions.insert(Arc::clone(&entered.progress));
        if let Some(caller) = &entered.caller {
            extensions.insert(caller.clone());
        }
        let timer = terms.deadline.map(tokio::time::sleep_until);
        let request = request.map(|body| Arriving::new(body, method.takes_many, &services.settings));
        let answer = services.routes.call(request);
        Either::Right(async move {
            let Ok(answer) = match timer {
                None => answer.await,
                Some(timer) => tokio::select! {
                    biased;
                    answer = answer => answer,
                    () = timer => Ok(Status::from(deadline::passed(&entered.progress)).into_http()),
                },
            };
            Answered { answer: explained(answer), entered: Some((entered, terms)) }
        })
    }
}

impl Rules {
    /// What answers a call that begins now. It is not held for longer than that takes.
    fn services(&self) -> RwLockReadGuard<'_, Services> {
        self.services.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what holds for a call.
    ///
    /// # Errors
    /// If it is not to begin.
    fn admit(&self, request: &http::Request<Body>, entered: &mut Entered, terms: &mut Terms) -> Result<(), Refusal> {
        let timeout = deadline::timeout(request.headers())?;
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(deadline::passed(&entered.progress));
        }
        // One that is beyond the clock's range is none.
        terms.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        entered.place = self.load.enter(entered.caller.as_ref().map(Caller::client), request.uri().path())?;
        Ok(())
    }
}

/// Adds an `ErrorInfo` to a failure that does not come from a handler: an unknown method, an unreadable message.
fn explained(answer: http::Response<Body>) -> http::Response<Body> {
    let headers = answer.headers();
    // That of most comes behind their messages.
    if !headers.contains_key(Status::GRPC_STATUS) || headers.contains_key(DETAILS) {
        return answer;
    }
    let Some(status) = Status::from_header_map(headers) else { return answer };
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
