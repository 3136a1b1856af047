//! Who changed what, kept by the port. That an event cannot be kept undoes no change: it waits, within bounds, and goes
//! with the next one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Service;
use crate::{
    AlbumName, Applied, AuditEvent, AuditLog, ClientId, Error, ErrorKind, Failure, ImageId, OperationId, Verb,
};

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

    async fn record(&self, mut events: Vec<AuditEvent>) {
        let Some(log) = &self.log else { return };
        // Those that have to wait keep the time at which they came.
        let now = Some(log.now());
        events.iter_mut().for_each(|event| event.time = now);
        let all = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut untold = Untold { waiting: &self.waiting, events: all };
        untold.events.extend(events);
        if !untold.events.is_empty() && log.record(untold.events.make_contiguous()).await.is_ok() {
            untold.events.clear();
        }
    }
}

/// Events on their way. Those that are left wait again, also where their caller goes in between: some may be told twice then,
/// and none is lost.
struct Untold<'a> {
    waiting: &'a Mutex<VecDeque<AuditEvent>>,
    events: VecDeque<AuditEvent>,
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.events.append(&mut waiting);
        let surplus = self.events.len().saturating_sub(MOST);
        self.events.drain(..surplus);
        *waiting = std::mem::take(&mut self.events);
    }
}

/// A change under way for a caller. Dropped before its [end](Self::end), since the caller has gone, it is told as one whose outcome
/// nobody knows.
pub(super) struct UnderWay<'s> {
    service: &'s Service,
    events: Vec<AuditEvent>,
}

impl UnderWay<'_> {
    /// Tells what became of it.
    pub(super) async fn end(mut self, events: Vec<AuditEvent>) {
        self.events.clear();
        self.service.audit(events).await;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let (Some(log), false) = (&self.service.audit.log, self.events.is_empty()) {
            let now = Some(log.now());
            let events = std::mem::take(&mut self.events).into_iter();
            log.record_soon(events.map(|event| AuditEvent { time: now, ..event }).collect());
        }
    }
}

impl Service {
    /// The event of a change in an album, done or tried. Of one that was done, the id of the provider's answer is given.
    pub(super) fn event(
        &self,
        verb: Verb,
        album: &AlbumName,
        image: Option<&ImageId>,
        outcome: Result<Option<&str>, &Error>,
        points: u64,
    ) -> AuditEvent {
        let Caller { client, operation } = self.caller.clone();
        let request_id = match outcome {
            Ok(answer) => answer,
            Err(error) => error.provider_error().and_then(|said| said.request_id.as_deref()),
        };
        AuditEvent {
            time: None,
            client,
            verb,
            album: album.clone(),
            image: image.cloned(),
            operation,
            failure: outcome.err().map(Failure::from),
            request_id: request_id.map(str::to_owned),
            points,
        }
    }

    /// Begins a change of these images, known or not yet, which has to be [ended](UnderWay::end).
    pub(super) fn under_way(
        &self,
        verb: Verb,
        album: &AlbumName,
        images: impl IntoIterator<Item = Option<ImageId>>,
    ) -> UnderWay<'_> {
        let mut events = Vec::new();
        if self.is_audited() {
            let gone = Error::new(ErrorKind::ProviderTimeout, "its caller went away before it had an outcome");
            let gone = gone.with_applied(Applied::Unknown);
            let event = self.event(verb, album, None, Err(&gone), 0);
            events.extend(images.into_iter().map(|image| AuditEvent { image, ..event.clone() }));
        }
        UnderWay { service: self, events }
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
