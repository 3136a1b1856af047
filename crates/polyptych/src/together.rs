//! What the libraries of several processes keep together: limits of calls at once, and what answers told of quotas.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use polyptych_store::{Places, Store};
use polyptych_transport::{Limit, Limits, PlaceError, SharedLimits, SharedQuotas};

use crate::quotas;

/// What libraries share with others. By default, with nobody outside of this process.
#[derive(Clone, Default)]
pub struct Together {
    /// Limits of calls at once.
    pub limits: Arc<Limits>,
    /// Quotas as others were told of them; absent where there are no others.
    pub quotas: Option<Arc<dyn SharedQuotas>>,
}

impl Together {
    /// With all processes that work by the same store. While its database is away, calls that count under a limit are not
    /// sent.
    pub fn by(store: &Store) -> Self {
        let limits = Limits::shared(Arc::new(OfStore(store.places())));
        Self { limits: Arc::new(limits), quotas: Some(quotas::of(store)) }
    }
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("limits", &self.limits).finish_non_exhaustive()
    }
}

struct OfStore(Places);

#[async_trait]
impl SharedLimits for OfStore {
    async fn acquire(&self, limit: &Limit) -> Result<Box<dyn Send>, PlaceError> {
        Ok(Box::new(self.0.acquire(&limit.key, limit.at_once).await?))
    }
}
