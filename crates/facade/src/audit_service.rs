//! `AuditService`: what the caller changed, or every client where the caller oversees them, read from the log.

use std::sync::Arc;

use polyptych_domain::{AuditEvent, AuditFilter, AuditLog, Error, ImageName, LibraryId, PageRequest, Verb};
use polyptych_proto::v1;
use polyptych_proto::v1::audit_service_server::AuditService;
use tonic::{Code, Request, Response, Status};

use crate::caller::Caller;
use crate::status::{Fields, Reason, Refusal, failed};
use crate::{Settings, convert, page_token};

pub(crate) struct Audit {
    log: Arc<dyn AuditLog>,
    settings: Arc<Settings>,
}

impl Audit {
    pub(crate) fn new(log: Arc<dyn AuditLog>, settings: Arc<Settings>) -> Self {
        Self { log, settings }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let library = match request.parent.as_str() {
            "" => None,
            parent => Some(permitted(&caller, convert::parse_library("parent", parent)?)?),
        };
        let since = request.start_time.map(|time| convert::parse_time("start_time", time)).transpose()?;
        let since_told = since.map(|since| since.to_string()).unwrap_or_default();
        let client = (!caller.oversees()).then(|| caller.client().clone());
        let whose = client.as_ref().map_or("all", |client| client.as_str());
        let parent = format!("events of {whose} in `{}` since `{since_told}`", request.parent);
        let after = page_token::after(&parent, &request.page_token)?;
        let page = PageRequest { size: self.settings.page_of("page_size", request.page_size)?, after };
        let filter = AuditFilter { client, library, since };
        let page = self.log.list(&filter, &page).await.map_err(|error| failed(&error, Fields::of("page_token")))?;
        Ok(Response::new(v1::ListEventsResponse {
            events: page.items.into_iter().filter(|event| sees(&caller, event)).map(event).collect(),
            next_page_token: page.next.map(|next| page_token::seal(&parent, &next)).unwrap_or_default(),
        }))
    }
}

/// A library that the caller may ask about, whether there is one or not: it may have been configured before.
fn permitted(caller: &Caller, library: LibraryId) -> Result<LibraryId, Refusal> {
    match caller.may_use(&library) {
        true => Ok(library),
        false => Err(Refusal::new(Code::PermissionDenied, Reason::Forbidden, "the client may not use this library")),
    }
}

/// A client sees what it did itself wherever it was.
fn sees(caller: &Caller, event: &AuditEvent) -> bool {
    event.client == *caller.client() || caller.may_use(&event.album.library)
}

fn event(event: AuditEvent) -> v1::AuditEvent {
    use v1::audit_event::Verb as Told;
    let verb = match event.verb {
        Verb::Upload => Told::Upload,
        Verb::Delete => Told::Delete,
        Verb::Associate => Told::Associate,
    };
    let album = event.album.to_string();
    let image = event.image.map(|image| ImageName { album: event.album, image }.to_string());
    let error = event.failure.map(|failure| Refusal::of(&Error::from(failure), Fields::of("")).into());
    v1::AuditEvent {
        event_time: event.time.map(convert::time),
        client: event.client.to_string(),
        verb: verb.into(),
        album,
        image: image.unwrap_or_default(),
        operation: event.operation.map(|id| format!("operations/{id}")).unwrap_or_default(),
        error,
        provider_request_id: event.request_id.unwrap_or_default(),
        points: convert::bytes(event.points),
    }
}
