//! The ports of durable work together. Whoever takes orders hands work over here and tells how far it is; whoever carries it
//! out takes it from the same ports.

use std::fmt;
use std::sync::Arc;

use super::{AuditLog, Blobs, Operations, Requests};

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
