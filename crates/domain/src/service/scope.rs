//! Which libraries a service may use. It is asked before anything is looked for, so that an answer never tells what is there
//! to somebody who may not know.

use std::fmt;
use std::sync::Arc;

use crate::LibraryId;

type Holds = dyn Fn(&LibraryId) -> bool + Send + Sync;

/// A set of library ids, of libraries that exist and of others.
#[derive(Clone, Default)]
pub struct Scope(Option<Arc<Holds>>);

impl Scope {
    /// The ids for which `holds` is true.
    pub fn new(holds: impl Fn(&LibraryId) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(holds)))
    }

    /// Whether this library may be used. By default every one may.
    pub fn holds(&self, library: &LibraryId) -> bool {
        self.0.as_ref().is_none_or(|holds| holds(library))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Scope(…)" } else { "Scope(all)" })
    }
}
