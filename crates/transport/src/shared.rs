//! What processes tell each other of quotas: each knows what its own answers told, and a quota is everybody's. It is a
//! hint, which is waited for briefly and may be missing.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::Gauge;

/// Quotas as other processes were told of them.
#[async_trait]
pub trait SharedQuotas: Send + Sync {
    /// Passes on all that this process knows of the quotas that limit calls of `account`, each with the time of the answer
    /// that told it. Returns at once.
    fn tell(&self, library: &str, account: Option<&str>, known: &[(Gauge, SystemTime)]);

    /// What others passed on. What cannot be learnt is left out.
    async fn told(&self, library: &str, account: Option<&str>) -> Vec<(Gauge, SystemTime)>;
}
