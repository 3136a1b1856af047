//! Which service answers a call: each by its name, with which the paths of its methods begin. Which methods it has is for the
//! service to know.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use futures_util::future::BoxFuture;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;

use crate::arriving::Arriving;

/// The answer of a service, to come.
pub(crate) type Answer = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

type Answering = dyn Fn(http::Request<Arriving>) -> Answer + Send + Sync;

/// The services of a server.
#[derive(Default)]
pub(crate) struct Routes(HashMap<&'static str, Box<Answering>>);

impl Routes {
    /// With one more service, of those that are generated: they are always ready.
    #[must_use]
    pub(crate) fn with<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Arriving>, Response = http::Response<Body>, Error = Infallible, Future = Answer>,
        S: NamedService + Clone + Send + Sync + 'static,
    {
        self.0.insert(S::NAME, Box::new(move |request| service.clone().call(request)));
        self
    }

    /// The answer of the service that `path` names, or that there is none.
    pub(crate) fn call(&self, request: http::Request<Arriving>) -> Answer {
        let named = request.uri().path().strip_prefix('/').and_then(|path| path.split_once('/'));
        match named.and_then(|(name, _)| self.0.get(name)) {
            Some(answering) => answering(request),
            None => Box::pin(std::future::ready(Ok(Status::unimplemented("").into_http()))),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
