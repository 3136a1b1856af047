//! Reads operations, lists them, and waits for one to change.

use std::time::Duration;

use polyptych_domain::{Error, ErrorKind, Operation, OperationFilter, OperationId, Page, PageRequest};

use super::row::{columns, operation, phase_name};
use super::{Problem, not_found};
use crate::pool::{Arg, args, composed};
use crate::store::Shared;

/// How often whoever waits looks by himself: progress of other processes is not announced.
const LOOK: Duration = Duration::from_secs(1);
const MAX_PAGE: u32 = 1000;

pub(super) async fn get(shared: &Shared, id: &OperationId) -> Result<Operation, Problem> {
    let sql = concat!("SELECT ", columns!(), " FROM operations WHERE id = $1");
    let rows = shared.db.read(sql, args![id.as_str()]).await?;
    Ok(operation(rows.first().ok_or_else(|| not_found(id))?)?)
}

/// A cursor is the number of the last operation of the page before. What a newer version has kept and this one cannot read
/// is left out.
pub(super) async fn list(
    shared: &Shared,
    filter: &OperationFilter,
    page: &PageRequest,
) -> Result<Page<Operation>, Problem> {
    let size = page.size.clamp(1, MAX_PAGE);
    let after = match &page.after {
        Some(cursor) => cursor.parse().map_err(|_| Error::new(ErrorKind::InvalidArgument, "no such page"))?,
        None => i64::MAX,
    };
    let mut args = vec![Arg::from(after), Arg::from(i64::from(size) + 1)];
    let mut sql = concat!("SELECT ", columns!(), " FROM operations WHERE seq < $1").to_owned();
    if let Some(client) = &filter.client {
        sql.push_str(" AND client = $3");
        args.push(Arg::from(client.as_str()));
    }
    if !filter.phases.is_empty() {
        let places = crate::pool::places(args.len() + 1, filter.phases.len());
        sql.push_str(&format!(" AND phase IN ({places})"));
        args.extend(filter.phases.iter().map(|phase| Arg::from(phase_name(*phase))));
    }
    sql.push_str(" ORDER BY seq DESC LIMIT $2");
    let mut rows = shared.db.read(composed(sql), &args).await?;
    let more = rows.len() > size as usize;
    rows.truncate(size as usize);
    let next = match rows.last() {
        Some(last) if more => Some(last.get::<i64, _>("seq")?.to_string()),
        _ => None,
    };
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        match operation(row) {
            Ok(operation) => items.push(operation),
            Err(fault) => tracing::warn!(error = %fault, "an operation cannot be read and is not listed"),
        }
    }
    Ok(Page { items, next })
}

pub(super) async fn changed(shared: &Shared, id: &OperationId, seen: i64) -> Result<Operation, Problem> {
    let news = shared.hub.of(id.as_str());
    loop {
        let mut told = std::pin::pin!(news.notified());
        told.as_mut().enable();
        let rows = shared.db.read("SELECT version FROM operations WHERE id = $1", args![id.as_str()]).await?;
        let version: i64 = rows.first().ok_or_else(|| not_found(id))?.get("version")?;
        if version != seen {
            return get(shared, id).await;
        }
        let _either = tokio::time::timeout(LOOK, told).await;
    }
}
