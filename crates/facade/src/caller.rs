//! Who calls, and the service as that caller may use it. [`crate::auth`] puts the [`Caller`] into the extensions of each
//! request; a request without one may use nothing.

use std::sync::Arc;

use polyptych_domain::{ClientId, LibraryId, Scope, Service};

use crate::auth::{Patterns, Right, Rights};

/// The client behind a request, and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    client: ClientId,
    libraries: Arc<Patterns>,
    rights: Rights,
}

impl Caller {
    pub(crate) fn new(client: ClientId, libraries: Arc<Patterns>, rights: Rights) -> Self {
        Self { client, libraries, rights }
    }

    /// The one of a server that knows no clients: whoever reaches it may use everything.
    pub(crate) fn anybody() -> Self {
        let rights = [Right::Read, Right::Write].into_iter().collect();
        Self::new(ClientId::local(), Arc::new(Patterns::all()), rights)
    }

    /// The caller of a request. One that is not known may do nothing, under the name that no client of a table has.
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Self {
        let told = request.extensions().get::<Self>().cloned();
        told.unwrap_or_else(|| Self::new(ClientId::local(), Arc::default(), Rights::default()))
    }

    /// Its name.
    pub(crate) fn client(&self) -> ClientId {
        self.client.clone()
    }

    /// Whether it may use a library of that id, if there is one.
    pub(crate) fn may_use(&self, library: &LibraryId) -> bool {
        self.libraries.hold(library.as_str())
    }

    /// Whether it may also see what other clients do.
    pub(crate) fn oversees(&self) -> bool {
        self.rights.hold(Right::Admin)
    }
}

/// The service, which nobody gets without saying for whom.
#[derive(Debug, Clone)]
pub(crate) struct Door(Arc<Service>);

impl Door {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self(service)
    }

    /// The service as `caller` may use it.
    pub(crate) fn open(&self, caller: &Caller) -> Service {
        let libraries = Arc::clone(&caller.libraries);
        let scope = Scope::new(move |library| libraries.hold(library.as_str()));
        let caller = polyptych_domain::Caller { client: caller.client(), operation: None };
        self.0.for_caller(caller).within(scope)
    }
}

/// The client behind a request that no method has taken yet; `None` if it is not known.
pub(crate) fn client_of(extensions: &tonic::codegen::http::Extensions) -> Option<ClientId> {
    extensions.get::<Caller>().map(Caller::client)
}
