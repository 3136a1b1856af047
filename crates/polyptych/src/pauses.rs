//! Waiting, for what the domain waits for.

use std::time::Duration;

use futures_util::future::BoxFuture;
use polyptych_domain::Pauses;

/// Pauses by tokio's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioPauses;

impl Pauses for TokioPauses {
    fn pause<'s, 'f>(&'s self, time: Duration) -> BoxFuture<'f, ()>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(tokio::time::sleep(time))
    }
}
