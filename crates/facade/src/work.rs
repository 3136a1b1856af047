//! The ports behind which the façade keeps what outlives a call. It hands work over and tells how far it is, and never does
//! any of it: that is for whoever takes operations from the same port.

use std::fmt;
use std::sync::Arc;

use polyptych_domain::{AuditLog, Blobs, Operations, Requests};

/// What outlives a call.
#[derive(Clone)]
pub struct Work {
    /// Long-running operations.
    pub operations: Arc<dyn Operations>,
    /// Pictures of operations.
    pub blobs: Arc<dyn Blobs>,
    /// Requests that callers may repeat.
    pub requests: Arc<dyn Requests>,
    /// Who changed what.
    pub audit: Arc<dyn AuditLog>,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").finish_non_exhaustive()
    }
}
