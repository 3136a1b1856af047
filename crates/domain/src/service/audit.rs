//! Who changed what, kept by the port. That an event cannot be kept undoes no change: it waits, within bounds, and goes
//! with the next one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Service;
use crate::{AlbumName, AuditEvent, AuditLog, ClientId, Error, Failure, ImageId, OperationId, Verb};

/// Events that wait at most; beyond them the oldest are lost.
const MOST: usize = 10_000;

/// On whose behalf a service works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who asks.
    pub client: ClientId,
    /// Within which operation; absent for a call of its own.
    pub operation: Option<OperationId>,
}

impl Default for Caller {
    /// The program itself.
    fn default() -> Self {
        Self { client: ClientId::local(), operation: None }
    }
}

/// Where events go.
#[derive(Clone, Default)]
pub(super) struct Audit {
    log: Option<Arc<dyn AuditLog>>,
    waiting: Arc<Mutex<VecDeque<AuditEvent>>>,
}

impl Audit {
    pub(super) fn new(log: Arc<dyn AuditLog>) -> Self {
        Self { log: Some(log), waiting: Arc::default() }
    }

    async fn record(&self, events: Vec<AuditEvent>) {
        let Some(log) = &self.log else { return };
        let mut all = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        all.extend(events);
        if all.is_empty() {
            return;
        }
        if log.record(all.make_contiguous()).await.is_err() {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            all.append(&mut waiting);
            let surplus = all.len().saturating_sub(MOST);
            all.drain(..surplus);
            *waiting = all;
        }
    }
}

impl Service {
    /// The event of a change in an album, done or tried.
    pub(super) fn event(
        &self,
        verb: Verb,
        album: &AlbumName,
        outcome: Result<Option<&ImageId>, &Error>,
        points: u64,
    ) -> AuditEvent {
        let Caller { client, operation } = self.caller.clone();
        let said = outcome.err().and_then(Error::provider_error);
        AuditEvent {
            time: None,
            client,
            verb,
            album: album.clone(),
            image: outcome.ok().flatten().cloned(),
            operation,
            failure: outcome.err().map(Failure::from),
            request_id: said.and_then(|said| said.request_id.clone()),
            points,
        }
    }

    /// Whether anybody wants to know.
    pub(super) fn is_audited(&self) -> bool {
        self.audit.log.is_some()
    }

    /// Keeps events.
    pub(super) async fn audit(&self, events: Vec<AuditEvent>) {
        self.audit.record(events).await;
    }
}
