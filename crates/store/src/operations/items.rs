//! Items of an operation: begun before they are written, told about afterwards. An item that is begun again has no outcome
//! until somebody tells again.

use std::collections::{BTreeMap, HashMap};

use polyptych_domain::{Applied, Costs, ItemOutcome, ItemRecord, Lease, OperationId, Standing};

use super::not_found;
use super::work;
use crate::error::{Fault, Problem, unreadable};
use crate::hub::News;
use crate::json::{from_json, to_json};
use crate::pool::{Arg, Tx, args, composed, places};
use crate::store::Shared;

/// Most items of one statement.
const CHUNK: usize = 200;

/// How an item counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Begun,
    Succeeded,
    Failed,
    Unknown,
}

impl State {
    fn of(outcome: Option<&ItemOutcome>) -> Self {
        match outcome {
            None => Self::Begun,
            Some(ItemOutcome::Stored(_) | ItemOutcome::Deleted(_) | ItemOutcome::Planned(_)) => Self::Succeeded,
            Some(ItemOutcome::Failed(failure)) if failure.applied == Applied::Unknown => Self::Unknown,
            Some(ItemOutcome::Failed(_)) => Self::Failed,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

pub(super) async fn read(shared: &Shared, id: &OperationId, from: u64, limit: u32) -> Result<Vec<ItemRecord>, Problem> {
    let sql = "SELECT place, outcome FROM operation_items WHERE operation = $1 AND place >= $2 ORDER BY place LIMIT $3";
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let rows = shared.db.read(sql, args![id.as_str(), from, i64::from(limit)]).await?;
    if rows.is_empty() && shared.db.read("SELECT 1 FROM operations WHERE id = $1", args![id.as_str()]).await?.is_empty()
    {
        return Err(not_found(id));
    }
    let items = rows.iter().map(|row| {
        let place = u64::try_from(row.get::<i64, _>("place")?).map_err(unreadable)?;
        let outcome = row.get::<Option<String>, _>("outcome")?.map(|outcome| from_json(&outcome)).transpose()?;
        Ok(ItemRecord { place, outcome })
    });
    Ok(items.collect::<Result<_, Fault>>()?)
}

/// Keeps what is known of items and costs, in one transaction with the proof that the lease is held.
pub(super) async fn keep(
    shared: &Shared,
    lease: &Lease,
    items: &BTreeMap<u64, Option<&ItemOutcome>>,
    costs: Option<&Costs>,
) -> Result<Standing, Fault> {
    let mut tx = shared.db.begin().await?;
    let Some(held) = work::hold(&mut tx, shared, lease).await? else { return Ok(Standing::Lost) };
    if held.cancelling && costs.is_none() && items.values().all(Option::is_none) {
        // Nothing is begun any more.
        return Ok(Standing::Held { cancelling: true });
    }
    let mut counts = Counts { costs: costs.map(to_json).transpose()?, ..Counts::default() };
    let items: Vec<Item> =
        items.iter().map(|(place, outcome)| Item::new(*place, *outcome)).collect::<Result<_, _>>()?;
    for items in items.chunks(CHUNK) {
        let before = states(&mut tx, lease, items).await?;
        write(&mut tx, lease, items).await?;
        for item in items {
            counts.change(before.get(&item.place).copied(), item.state);
        }
    }
    if counts.changed || counts.costs.is_some() {
        counts.write(&mut tx, lease, shared.now()).await?;
    }
    #[cfg(feature = "failpoints")]
    if counts.told {
        polyptych_failpoint::reach("before-commit");
    }
    tx.commit().await?;
    if counts.changed || counts.costs.is_some() {
        shared.hub.tell(News::Changed(lease.operation.as_str()));
    }
    Ok(Standing::Held { cancelling: held.cancelling })
}

struct Item {
    place: i64,
    state: State,
    outcome: Option<String>,
}

impl Item {
    fn new(place: u64, outcome: Option<&ItemOutcome>) -> Result<Self, Fault> {
        let place = i64::try_from(place).map_err(|error| Fault::Encode(error.into()))?;
        Ok(Self { place, state: State::of(outcome), outcome: outcome.map(to_json).transpose()? })
    }
}

/// How each of these items that was begun counts so far.
async fn states(tx: &mut Tx, lease: &Lease, items: &[Item]) -> Result<HashMap<i64, State>, Fault> {
    let sql = format!(
        "SELECT place, state FROM operation_items WHERE operation = $1 AND place IN ({})",
        places(2, items.len())
    );
    let mut args = vec![Arg::from(lease.operation.as_str())];
    args.extend(items.iter().map(|item| Arg::from(item.place)));
    let mut states = HashMap::new();
    for row in tx.rows(composed(sql), &args).await? {
        let name: String = row.get("state")?;
        let known = [State::Begun, State::Succeeded, State::Failed, State::Unknown];
        let state = known.into_iter().find(|state| state.as_str() == name);
        states.insert(row.get("place")?, state.ok_or_else(|| unreadable("an item has no such state"))?);
    }
    Ok(states)
}

async fn write(tx: &mut Tx, lease: &Lease, items: &[Item]) -> Result<(), Fault> {
    let mut args = vec![Arg::from(lease.operation.as_str())];
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        rows.push(format!("($1, {})", places(args.len() + 1, 3)));
        args.extend([Arg::from(item.place), Arg::from(item.state.as_str()), Arg::from(item.outcome.as_deref())]);
    }
    let sql = format!(
        "INSERT INTO operation_items (operation, place, state, outcome) VALUES {} ON CONFLICT (operation, place) \
         DO UPDATE SET state = excluded.state, outcome = excluded.outcome",
        rows.join(", ")
    );
    tx.execute(composed(sql), &args).await.map(drop)
}

/// How the operation's progress changes, and what it has cost by then.
#[derive(Default)]
struct Counts {
    costs: Option<String>,
    changed: bool,
    told: bool,
    succeeded: i64,
    failed: i64,
    unknown: i64,
}

impl Counts {
    fn change(&mut self, before: Option<State>, after: State) {
        self.changed |= before.unwrap_or(State::Begun) != after;
        self.told |= matches!(before, None | Some(State::Begun)) && after != State::Begun;
        for (state, by) in [(before.unwrap_or(State::Begun), -1), (after, 1)] {
            match state {
                State::Begun => {}
                State::Succeeded => self.succeeded += by,
                State::Failed => self.failed += by,
                State::Unknown => self.unknown += by,
            }
        }
    }

    /// A try that has told of an item was not in vain.
    async fn write(&self, tx: &mut Tx, lease: &Lease, now: i64) -> Result<(), Fault> {
        let sql = "UPDATE operations SET succeeded = succeeded + $2, failed = failed + $3, unknown = unknown + $4, \
                   tries = CASE WHEN $5 = 1 THEN 0 ELSE tries END, updated = $6, costs = COALESCE($7, costs), \
                   version = version + 1 WHERE id = $1";
        let (told, costs) = (i64::from(self.told), self.costs.as_deref());
        let args = args![lease.operation.as_str(), self.succeeded, self.failed, self.unknown, told, now, costs];
        tx.execute(sql, args).await.map(drop)
    }
}
