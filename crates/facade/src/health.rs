//! Health as a caller may see it: that of the server and its services for everybody, that of a library for who may use it. To
//! all others a library that is there is as one that is not.

use polyptych_domain::LibraryId;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_server;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::server::HealthService;

use crate::caller::Caller;

/// What nothing is ever called, since no library can be.
const NOTHING: &str = "libraries/";

pub(crate) struct Health(HealthService);

impl Health {
    pub(crate) fn new(service: HealthService) -> Self {
        Self(service)
    }
}

/// The request, about nothing where the caller may not know about it.
fn seen(mut request: Request<HealthCheckRequest>) -> Request<HealthCheckRequest> {
    let named = request.get_ref().service.strip_prefix(NOTHING).map(LibraryId::new);
    let hidden = named.is_some_and(|id| id.is_ok_and(|id| !Caller::of(&request).may_use(&id)));
    if hidden {
        request.get_mut().service = NOTHING.to_owned();
    }
    request
}

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.0.check(seen(request)).await
    }

    type WatchStream = <HealthService as health_server::Health>::WatchStream;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.0.watch(seen(request)).await
    }
}
