//! What callers do to operations: ask for them, ask them to end, remove them.

use polyptych_domain::{ClientId, Error, ErrorKind, NewOperation, Operation, OperationId, Phase, Request};

use super::row::{columns, operation, phase_name};
use super::{not_found, room};
use crate::error::{Problem, unreadable};
use crate::hub::News;
use crate::json::to_json;
use crate::members::row_id;
use crate::pool::args;
use crate::store::Shared;

/// The row is the job: once it is there, it is due.
pub(super) async fn submit(shared: &Shared, new: &NewOperation) -> Result<Operation, Problem> {
    let insert = concat!(
        "INSERT INTO operations (id, client, request_id, request_digest, kind, task, phase, total, created, updated, \
         paused, due, budget) VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $8, $8, $8, $9) \
         ON CONFLICT (client, request_id) DO NOTHING RETURNING ",
        columns!()
    );
    let task = to_json(&new.task)?;
    let digest = new.request.as_ref().map(|request| request.digest.to_string());
    let request = new.request.as_ref().map(|request| request.id.as_str());
    if let Err(full) = room::take(shared, &new.client, task.len()).await? {
        let made = match &new.request {
            Some(request) => repeated(shared, &new.client, request).await?,
            None => None,
        };
        return made.ok_or(Problem::Refused(full));
    }
    let total = i64::try_from(new.task.items()).unwrap_or(i64::MAX);
    let (id, now) = (row_id()?, shared.now());
    let budget = new.budget.is_limited().then(|| to_json(&new.budget)).transpose()?;
    let (client, kind, budget) = (new.client.as_str(), new.task.as_str(), budget.as_deref());
    let args = args![&id, client, request, digest.as_deref(), kind, &task, total, now, budget];
    let mut tx = shared.db.begin().await?;
    if let Some(row) = tx.rows(insert, args).await?.first() {
        let made = operation(row)?;
        let other = "SELECT 1 FROM requests WHERE client = $1 AND id = $2";
        if request.is_some() && !tx.rows(other, args![new.client.as_str(), request]).await?.is_empty() {
            return Err(mismatch().into());
        }
        for blob in new.task.blobs() {
            let keep = "INSERT INTO operation_blobs (operation, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            tx.execute(keep, args![&id, &blob.to_string()]).await?;
        }
        tx.announce(News::Due.as_str()).await?;
        tx.commit().await?;
        shared.hub.tell(News::Due);
        return Ok(made);
    }
    drop(tx);
    let made = match &new.request {
        Some(request) => repeated(shared, &new.client, request).await?,
        None => None,
    };
    // Removed between the two statements: the caller may repeat, and makes a new one.
    made.ok_or_else(|| unreadable("the request was removed just now").into())
}

/// What a request has made.
pub(super) async fn repeated(
    shared: &Shared,
    client: &ClientId,
    request: &Request,
) -> Result<Option<Operation>, Problem> {
    let select =
        concat!("SELECT ", columns!(), ", request_digest FROM operations WHERE client = $1 AND request_id = $2");
    let rows = shared.db.read(select, args![client.as_str(), request.id.as_str()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if row.get::<Option<String>, _>("request_digest")? != Some(request.digest.to_string()) {
        return Err(mismatch().into());
    }
    Ok(Some(operation(row)?))
}

fn mismatch() -> Error {
    Error::new(ErrorKind::RequestMismatch, "this request id was used for something else")
}

/// Whoever has begun it must see to what it left half done, so only an untouched operation ends here.
pub(super) async fn cancel(shared: &Shared, id: &OperationId) -> Result<Operation, Problem> {
    let now = shared.now();
    let untouched = concat!(
        "UPDATE operations SET phase = 'cancelled', cancelling = 1, updated = $2, version = version + 1 \
         WHERE id = $1 AND phase = 'pending' AND takes = 0 RETURNING ",
        columns!()
    );
    let begun = concat!(
        "UPDATE operations SET cancelling = 1, due = $2, paused = $2, updated = $2, version = version + 1 \
         WHERE id = $1 AND cancelling = 0 AND phase IN ('pending', 'running') RETURNING ",
        columns!()
    );
    let mut tx = shared.db.begin().await?;
    for sql in [untouched, begun] {
        if let Some(row) = tx.rows(sql, args![id.as_str(), now]).await?.first() {
            let asked = operation(row)?;
            tx.announce(News::Changed(id.as_str()).as_str()).await?;
            tx.announce(News::Due.as_str()).await?;
            tx.commit().await?;
            shared.hub.tell(News::Changed(id.as_str()));
            shared.hub.tell(News::Due);
            return Ok(asked);
        }
    }
    drop(tx);
    super::read::get(shared, id).await
}

pub(super) async fn remove(shared: &Shared, id: &OperationId) -> Result<(), Problem> {
    let ended = [Phase::Succeeded, Phase::Failed, Phase::Cancelled].map(phase_name);
    let sql = "DELETE FROM operations WHERE id = $1 AND phase IN ($2, $3, $4)";
    let [one, two, three] = ended;
    if shared.db.execute(sql, args![id.as_str(), one, two, three]).await? == 1 {
        shared.hub.tell(News::Changed(id.as_str()));
        return Ok(());
    }
    let rows = shared.db.read("SELECT 1 FROM operations WHERE id = $1", args![id.as_str()]).await?;
    if rows.is_empty() {
        return Err(not_found(id));
    }
    Err(Error::new(ErrorKind::OperationRunning, format!("operation {id} has not ended")).into())
}
