//! What workers do to an operation: take it, end it, give it back.

use std::time::Duration;

use polyptych_domain::{
    Applied, Ending, Error, ErrorKind, Failure, Lease, MOST_TRIES, Operation, OperationId, Phase, Standing,
};

use super::row::{columns, operation, phase_name};
use crate::debts::Debt;
use crate::error::{Fault, names_no_member};
use crate::hub::News;
use crate::json::{from_json, to_json};
use crate::pool::{Tx, args};
use crate::store::Shared;

/// The longest that a provider's hint delays the next try.
const LONGEST_HINT: Duration = Duration::from_secs(15 * 60);

/// Whether nobody holds an operation that wants work. A clock that was set back ends every pause.
macro_rules! due {
    ($now:literal) => {
        concat!(
            "member IS NULL AND phase IN ('pending', 'running') AND NOT (paused <= ",
            $now,
            " AND ",
            $now,
            " < due)"
        )
    };
}
pub(crate) use due;

/// What is known of an operation that its worker holds.
pub(super) struct Held {
    /// Whether it was asked to end.
    pub(super) cancelling: bool,
    /// Tries in a row that brought it no further, with this one.
    tries: i64,
    /// Which one it is of all that ever were.
    takes: i64,
}

/// Proves that the lease is held, and keeps it so until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, shared: &Shared, lease: &Lease) -> Result<Option<Held>, Fault> {
    let sql = "SELECT cancelling, tries, takes FROM operations WHERE id = $1 AND token = $2 AND member = $3";
    let me = shared.members.me();
    let rows = tx.locked(sql, args![lease.operation.as_str(), lease.token, &*me]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let cancelling = row.get::<i64, _>("cancelling")? != 0;
    Ok(Some(Held { cancelling, tries: row.get("tries")?, takes: row.get("takes")? }))
}

pub(super) async fn take(shared: &Shared, id: &OperationId) -> Result<Option<(Lease, Operation)>, Fault> {
    let me = shared.members.me();
    match take_as(shared, &me, id).await {
        Err(fault) if names_no_member(&fault) => {
            shared.members.rejoin(&me).await?;
            take_as(shared, &shared.members.me(), id).await
        }
        taken => taken,
    }
}

async fn take_as(shared: &Shared, me: &str, id: &OperationId) -> Result<Option<(Lease, Operation)>, Fault> {
    let sql = concat!(
        "UPDATE operations SET member = $2, token = CASE WHEN $4 > token THEN $4 ELSE token + 1 END, \
         takes = takes + 1, tries = tries + 1, \
         phase = 'running', updated = $3, version = version + 1 WHERE id = $1 AND ",
        due!("$3"),
        " RETURNING token, takes, ",
        columns!()
    );
    let now = shared.now();
    let mut tx = shared.db.begin().await?;
    let rows = tx.rows(sql, args![id.as_str(), me, now, shared.next_token()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let taken = operation(row)?;
    let lease = Lease { operation: id.clone(), token: row.get("token")? };
    let poisoned = taken.tries > MOST_TRIES;
    if poisoned {
        let failure = cut_off(&mut tx, id).await?;
        end(&mut tx, id, Phase::Failed, Some(&failure), now).await?;
    } else {
        let sql = "INSERT INTO operation_tries (operation, number, worker, began) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, args![id.as_str(), row.get::<i64, _>("takes")?, shared.members.label(), now]).await?;
    }
    tx.announce(News::Changed(id.as_str()).as_str()).await?;
    // It may be ours all the same, and then nobody else takes it.
    tx.commit().await.inspect_err(|_| shared.debts.note(Debt::Operation(lease.clone())))?;
    shared.hub.tell(News::Changed(id.as_str()));
    Ok((!poisoned).then_some((lease, taken)))
}

/// What an operation fails with whose workers died one after the other.
async fn cut_off(tx: &mut Tx, id: &OperationId) -> Result<Failure, Fault> {
    let begun = "SELECT 1 FROM operation_items WHERE operation = $1 AND outcome IS NULL LIMIT 1";
    let applied = match tx.rows(begun, args![id.as_str()]).await?.is_empty() {
        true => Applied::No,
        false => Applied::Unknown,
    };
    let last =
        "SELECT failure FROM operation_tries WHERE operation = $1 AND failure IS NOT NULL ORDER BY number DESC LIMIT 1";
    let mut message = format!("{} tries in a row brought it no further, the last one was cut off", MOST_TRIES);
    if let Some(row) = tx.rows(last, args![id.as_str()]).await?.first() {
        let failure: Failure = from_json(&row.get::<String, _>("failure")?)?;
        message = format!("{message}; an earlier one failed: {}", failure.message);
    }
    Ok(Failure::from(&Error::new(ErrorKind::Internal, message).with_applied(applied)))
}

pub(super) async fn finish(shared: &Shared, lease: &Lease, ending: &Ending) -> Result<Standing, Fault> {
    let (phase, failure) = match ending {
        Ending::Succeeded => (Phase::Succeeded, None),
        Ending::Failed(failure) => (Phase::Failed, Some(&**failure)),
        Ending::Cancelled => (Phase::Cancelled, None),
    };
    let now = shared.now();
    let mut tx = shared.db.begin().await?;
    let Some(held) = hold(&mut tx, shared, lease).await? else { return Ok(Standing::Lost) };
    end_try(&mut tx, lease, &held, failure, now).await?;
    end(&mut tx, &lease.operation, phase, failure, now).await?;
    commit(shared, tx, lease, held).await
}

pub(super) async fn give_back(shared: &Shared, lease: &Lease, failure: &Failure) -> Result<Standing, Fault> {
    let now = shared.now();
    let mut tx = shared.db.begin().await?;
    let Some(held) = hold(&mut tx, shared, lease).await? else { return Ok(Standing::Lost) };
    end_try(&mut tx, lease, &held, Some(failure), now).await?;
    if held.tries >= i64::from(MOST_TRIES) {
        end(&mut tx, &lease.operation, Phase::Failed, Some(failure), now).await?;
    } else {
        let pause = match held.cancelling {
            true => Duration::ZERO,
            false => pause(shared, held.tries).max(failure.retry_after.unwrap_or_default().min(LONGEST_HINT)),
        };
        let due = now.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX));
        let sql = "UPDATE operations SET phase = 'pending', member = NULL, paused = $2, due = $3, updated = $2, \
                   version = version + 1 WHERE id = $1";
        tx.execute(sql, args![lease.operation.as_str(), now, due]).await?;
        tx.announce(News::Due.as_str()).await?;
    }
    commit(shared, tx, lease, held).await
}

pub(super) async fn release(shared: &Shared, lease: &Lease) -> Result<Standing, Fault> {
    let now = shared.now();
    let mut tx = shared.db.begin().await?;
    let Some(held) = hold(&mut tx, shared, lease).await? else { return Ok(Standing::Lost) };
    end_try(&mut tx, lease, &held, None, now).await?;
    let sql = "UPDATE operations SET phase = 'pending', member = NULL, paused = $2, due = $2, updated = $2, \
               tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END, version = version + 1 WHERE id = $1";
    tx.execute(sql, args![lease.operation.as_str(), now]).await?;
    tx.announce(News::Due.as_str()).await?;
    commit(shared, tx, lease, held).await
}

/// The pause after so many tries in a row that brought it no further.
fn pause(shared: &Shared, tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(20);
    shared.first_pause.saturating_mul(1 << doublings).min(shared.longest_pause)
}

async fn end_try(tx: &mut Tx, lease: &Lease, held: &Held, failure: Option<&Failure>, now: i64) -> Result<(), Fault> {
    let sql = "UPDATE operation_tries SET ended = $3, failure = $4 WHERE operation = $1 AND number = $2";
    let failure = failure.map(to_json).transpose()?;
    tx.execute(sql, args![lease.operation.as_str(), held.takes, now, failure.as_deref()]).await.map(drop)
}

async fn end(tx: &mut Tx, id: &OperationId, phase: Phase, failure: Option<&Failure>, now: i64) -> Result<(), Fault> {
    let sql = "UPDATE operations SET phase = $2, member = NULL, failure = $3, updated = $4, version = version + 1 \
               WHERE id = $1";
    let failure = failure.map(to_json).transpose()?;
    tx.execute(sql, args![id.as_str(), phase_name(phase), failure.as_deref(), now]).await.map(drop)
}

async fn commit(shared: &Shared, mut tx: Tx, lease: &Lease, held: Held) -> Result<Standing, Fault> {
    let id = lease.operation.as_str();
    tx.announce(News::Changed(id).as_str()).await?;
    tx.commit().await?;
    shared.hub.tell(News::Changed(id));
    shared.hub.tell(News::Due);
    Ok(Standing::Held { cancelling: held.cancelling })
}
