//! Reads operations, lists them, and waits for one to change.

use std::time::Duration;

use polyptych_domain::{Operation, OperationFilter, OperationId, Page, PageRequest};

use super::not_found;
use super::row::{columns, operation, phase_name};
use crate::error::Problem;
use crate::paging::Window;
use crate::pool::{Arg, args, composed};
use crate::store::Shared;

/// How often whoever waits looks by himself: progress of other processes is not announced.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn get(shared: &Shared, id: &OperationId) -> Result<Operation, Problem> {
    let sql = concat!("SELECT ", columns!(), " FROM operations WHERE id = $1");
    let rows = shared.db.read(sql, args![id.as_str()]).await?;
    Ok(operation(rows.first().ok_or_else(|| not_found(id))?)?)
}

pub(super) async fn list(
    shared: &Shared,
    filter: &OperationFilter,
    page: &PageRequest,
) -> Result<Page<Operation>, Problem> {
    let window = Window::of(page)?;
    let mut args = vec![Arg::from(window.after), Arg::from(window.limit())];
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
    Ok(window.page(shared.db.read(composed(sql), &args).await?, operation)?)
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
