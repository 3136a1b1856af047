//! What libraries keep together, within a process and with others: limits of calls at once, and what answers told of quotas.

#[cfg(feature = "state")]
mod of_store;

use std::fmt;
use std::sync::Arc;

use polyptych_transport::{Limits, SharedQuotas};

/// What libraries share with others. By default, with nobody outside of this process.
#[derive(Clone, Default)]
pub struct Together {
    /// Limits of calls at once.
    pub limits: Arc<Limits>,
    /// Quotas as others were told of them; absent where there are no others.
    pub quotas: Option<Arc<dyn SharedQuotas>>,
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("limits", &self.limits).finish_non_exhaustive()
    }
}
