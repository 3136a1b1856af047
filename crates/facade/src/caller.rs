//! Who calls. Whoever authenticates callers puts the [`ClientId`] into the extensions of the request; without one all callers
//! are the same, `local`.

use polyptych_domain::{Caller, ClientId, Service};

/// The client behind a request.
pub(crate) fn client<T>(request: &tonic::Request<T>) -> ClientId {
    request.extensions().get::<ClientId>().cloned().unwrap_or_else(ClientId::local)
}

/// The service on behalf of a client, for calls that change something.
pub(crate) fn on_behalf(service: &Service, client: ClientId) -> Service {
    service.for_caller(Caller { client, operation: None })
}
