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
    let mut args = vec![Arg::from(window.after().unwrap_or(i64::MAX)), Arg::from(window.limit())];
    let mut all = concat!("SELECT ", columns!(), " FROM operations WHERE seq < $1").to_owned();
    if let Some(client) = &filter.client {
        all.push_str(" AND client = $3");
        args.push(Arg::from(client.as_str()));
    }
    let newest = |sql: &str| format!("{sql} ORDER BY seq DESC LIMIT $2");
    let mut of_phases = Vec::with_capacity(filter.phases.len());
    for phase in &filter.phases {
        args.push(Arg::from(phase_name(*phase)));
        let of_one = newest(&format!("{all} AND phase = ${}", args.len()));
        of_phases.push(format!("SELECT * FROM ({of_one}) AS of_one"));
    }
    // Each phase has the index in its own order; together they would have to be sorted first.
    let sql = if of_phases.is_empty() { all } else { of_phases.join(" UNION ALL ") };
    Ok(window.page(shared.db.search(composed(newest(&sql)), &args).await?, operation)?)
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
