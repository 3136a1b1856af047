//! `polyptych audit`: who changed what.

use anyhow::Result;
use clap::Args;
use polyptych::domain::LibraryId;
use polyptych::proto::v1;
use prost_types::Timestamp;
use serde::Serialize;
use v1::audit_event::Verb;
use v1::audit_service_client::AuditServiceClient;

use super::connection::{Common, Connection};
use super::failure::Failure;
use super::names::short;
use super::report::{Report, Row, Tally};
use super::{time, told};

/// List what was changed, or tried to be, the newest first
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Of this library alone
    #[arg(long, value_name = "LIBRARY", value_parser = |text: &str| LibraryId::new(text))]
    library: Option<LibraryId>,
    /// From this moment on: 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    since: Option<Timestamp>,
    /// Most events
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Serialize)]
struct Event {
    time: String,
    client: String,
    /// `upload`, `delete` or `associate`.
    verb: &'static str,
    album: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    operation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    provider_request_id: String,
    points: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

impl Audit {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<Tally> {
        let mut audit = AuditServiceClient::new(connection.channel());
        let mut report = Report::new(self.common.format());
        let parent = self.library.as_ref().map(|library| format!("libraries/{library}")).unwrap_or_default();
        let (mut left, mut page_token) = (self.limit, String::new());
        let listed = async {
            while left > 0 {
                let request = v1::ListEventsRequest {
                    parent: parent.clone(),
                    start_time: self.since,
                    page_size: i32::try_from(left.min(1_000))?,
                    page_token,
                };
                let page = audit.list_events(request).await.map_err(told)?.into_inner();
                for event in page.events.into_iter().take(left) {
                    left -= 1;
                    report.add(Event::from(event))?;
                }
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            Ok(())
        };
        let listed = listed.await;
        report.close(listed, "events", "failed")
    }
}

impl From<v1::AuditEvent> for Event {
    fn from(event: v1::AuditEvent) -> Self {
        let verb = match event.verb() {
            Verb::Upload => "upload",
            Verb::Delete => "delete",
            Verb::Associate => "associate",
            Verb::Unspecified => "",
        };
        let error = event.error.as_ref().map(Failure::from);
        let v1::AuditEvent { event_time, client, album, image, operation, provider_request_id, points, .. } = event;
        Self { time: time::told(event_time), client, verb, album, image, operation, provider_request_id, points, error }
    }
}

impl Row for Event {
    const HEAD: &'static [&'static str] = &["time", "client", "what", "where", "operation", "request", "result"];

    fn cells(&self) -> Vec<String> {
        let place = if self.image.is_empty() { &self.album } else { &self.image };
        let result = self.error.as_ref().map_or_else(|| "ok".to_owned(), |error| error.reason.clone());
        let operation = self.operation.trim_start_matches("operations/").to_owned();
        let request = self.provider_request_id.clone();
        vec![
            time::brief(&self.time),
            self.client.clone(),
            self.verb.to_owned(),
            short(place),
            operation,
            request,
            result,
        ]
    }
}
