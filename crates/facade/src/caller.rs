//! Who calls, and the service as that caller may use it. [`crate::calls`] puts the [`Caller`] that [`crate::auth`] let in into the
//! extensions of its request; a request without one may use nothing.

use std::sync::Arc;

use polyptych_domain::{ClientId, LibraryId, Scope, Service};

use crate::auth::{Patterns, Right, Rights};

/// The client behind a request, and what it may do. A clone is the same caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Arc<Known>);

#[derive(Debug)]
struct Known {
    client: ClientId,
    libraries: Scope,
    rights: Rights,
}

impl Caller {
    pub(crate) fn new(client: ClientId, libraries: Patterns, rights: Rights) -> Self {
        let libraries = Scope::new(move |library| libraries.hold(library.as_str()));
        Self(Arc::new(Known { client, libraries, rights }))
    }

    /// The one of a server that knows no clients: whoever reaches it may use everything.
    pub(crate) fn anybody() -> Self {
        let rights = [Right::Read, Right::Write].into_iter().collect();
        Self::new(ClientId::local(), Patterns::all(), rights)
    }

    /// The caller of a request. One that is not known may do nothing, under the name that no client of a table has.
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Self {
        let told = request.extensions().get::<Self>().cloned();
        told.unwrap_or_else(|| Self::new(ClientId::local(), Patterns::default(), Rights::default()))
    }

    /// Its name.
    pub(crate) fn client(&self) -> &ClientId {
        &self.0.client
    }

    /// Whether it may use a library of that id, if there is one.
    pub(crate) fn may_use(&self, library: &LibraryId) -> bool {
        self.0.libraries.holds(library)
    }

    /// Whether it may also see what other clients do.
    pub(crate) fn oversees(&self) -> bool {
        self.0.rights.hold(Right::Admin)
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
        let libraries = caller.0.libraries.clone();
        let caller = polyptych_domain::Caller { client: caller.client().clone(), operation: None };
        self.0.for_caller(caller).within(libraries)
    }
}
