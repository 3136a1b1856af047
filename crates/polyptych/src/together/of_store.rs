//! What is kept together with the processes that work by the same store.

use std::sync::Arc;

use async_trait::async_trait;
use polyptych_store::{Places, Store};
use polyptych_transport::{Limit, Limits, PlaceError, SharedLimits};

use super::Together;
use crate::quotas;

impl Together {
    /// With all processes that work by the same store. While its database is away, calls that count under a limit are not
    /// sent.
    pub fn by(store: &Store) -> Self {
        let limits = Limits::shared(Arc::new(OfStore(store.places())));
        Self { limits: Arc::new(limits), quotas: Some(quotas::of(store)) }
    }
}

struct OfStore(Places);

#[async_trait]
impl SharedLimits for OfStore {
    async fn acquire(&self, limit: &Limit) -> Result<Box<dyn Send>, PlaceError> {
        Ok(Box::new(self.0.acquire(&limit.key, limit.at_once).await?))
    }
}
