//! Who changed what, as rows that are only ever added, and removed when they are old. They are listed by their times, and by
//! their numbers where several have the same.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use polyptych_domain::{
    AlbumName, AuditEvent, AuditFilter, AuditLog, ClientId, Error, ImageId, OperationId, Page, PageRequest, Verb,
};

use crate::error::{Fault, internal, unreadable};
use crate::json::{from_json, to_json};
use crate::paging::Window;
use crate::patience::again;
use crate::pool::{Arg, Row, composed, places};
use crate::store::Shared;

/// Most events of one statement.
const CHUNK: usize = 200;
const COLUMNS: usize = 10;

/// The domain's [`AuditLog`] over the database.
pub(crate) struct SqlAudit(pub(crate) Arc<Shared>);

#[async_trait]
impl AuditLog for SqlAudit {
    fn now(&self) -> Timestamp {
        self.0.clock.wall()
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), Error> {
        again(|| record(&self.0, events)).await.map_err(internal)
    }

    fn record_soon(&self, events: Vec<AuditEvent>) {
        let shared = Arc::clone(&self.0);
        self.0.runtime.spawn(async move {
            if let Err(fault) = again(|| record(&shared, &events)).await {
                tracing::warn!(error = %fault, events = events.len(), "changes that were cut off are not in the audit log");
            }
        });
    }

    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Error> {
        list(&self.0, filter, &Window::of(page)?).await.map_err(internal)
    }
}

async fn record(shared: &Shared, events: &[AuditEvent]) -> Result<(), Fault> {
    let now = shared.now();
    let failures: Vec<Option<String>> =
        events.iter().map(|event| event.failure.as_ref().map(to_json).transpose()).collect::<Result<_, _>>()?;
    let events: Vec<_> = events.iter().zip(&failures).collect();
    let mut tx = shared.db.begin().await?;
    for events in events.chunks(CHUNK) {
        let mut args = Vec::with_capacity(COLUMNS * events.len());
        let mut rows = Vec::with_capacity(events.len());
        for (event, failure) in events {
            rows.push(format!("({})", places(args.len() + 1, COLUMNS)));
            args.extend([
                Arg::from(event.time.map_or(now, Timestamp::as_microsecond)),
                Arg::from(event.client.as_str()),
                Arg::from(event.verb.as_str()),
                Arg::from(event.album.library.as_str()),
                Arg::from(event.album.album.as_str()),
                Arg::from(event.image.as_ref().map(ImageId::as_str)),
                Arg::from(event.operation.as_ref().map(OperationId::as_str)),
                Arg::from(failure.as_deref()),
                Arg::from(event.request_id.as_deref()),
                Arg::from(i64::try_from(event.points).unwrap_or(i64::MAX)),
            ]);
        }
        let sql = format!(
            "INSERT INTO audit (time, client, verb, library, album, image, operation, failure, request_id, points) \
             VALUES {}",
            rows.join(", ")
        );
        tx.execute(composed(sql), &args).await?;
    }
    tx.commit().await
}

async fn list(shared: &Shared, filter: &AuditFilter, window: &Window) -> Result<Page<AuditEvent>, Fault> {
    let mut args = vec![Arg::from(window.limit())];
    let mut conditions = Vec::new();
    let since = filter.since.map(Timestamp::as_microsecond);
    let wanted = [
        ("client = ", filter.client.as_ref().map(|client| Arg::from(client.as_str()))),
        ("library = ", filter.library.as_ref().map(|library| Arg::from(library.as_str()))),
        ("time >= ", since.map(Arg::from)),
    ];
    for (condition, arg) in wanted {
        if let Some(arg) = arg {
            args.push(arg);
            conditions.push(format!("{condition}${}", args.len()));
        }
    }
    if let Some(after) = window.after() {
        args.push(Arg::from(after));
        conditions.push(format!("(time, seq) < ((SELECT time FROM audit WHERE seq = ${0}), ${0})", args.len()));
    }
    let conditions = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let sql = format!(
        "SELECT seq, time, client, verb, library, album, image, operation, failure, request_id, points \
         FROM audit {conditions} ORDER BY time DESC, seq DESC LIMIT $1"
    );
    window.page(shared.db.search(composed(sql), &args).await?, event)
}

fn event(row: &Row) -> Result<AuditEvent, Fault> {
    let verb: String = row.get("verb")?;
    let verbs = [Verb::Upload, Verb::Delete, Verb::Associate];
    let verb = verbs.into_iter().find(|known| known.as_str() == verb).ok_or_else(|| unreadable("no such verb"))?;
    let text = |column: &str| row.get::<Option<String>, _>(column);
    let album = AlbumName {
        library: row.get::<String, _>("library").map(polyptych_domain::LibraryId::new)?.map_err(unreadable)?,
        album: row.get::<String, _>("album").map(polyptych_domain::AlbumId::new)?.map_err(unreadable)?,
    };
    Ok(AuditEvent {
        time: Some(Timestamp::from_microsecond(row.get("time")?).map_err(unreadable)?),
        client: ClientId::new(row.get::<String, _>("client")?).map_err(unreadable)?,
        verb,
        album,
        image: text("image")?.map(ImageId::new).transpose().map_err(unreadable)?,
        operation: text("operation")?.map(OperationId::new).transpose().map_err(unreadable)?,
        failure: text("failure")?.as_deref().map(from_json).transpose()?,
        request_id: text("request_id")?,
        points: u64::try_from(row.get::<i64, _>("points")?).unwrap_or(0),
    })
}
