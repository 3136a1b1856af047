//! Operations as rows: kept, read, and worked on by whoever holds them. A row's `member` and `token` are the lease: every
//! write of a worker locks the row, compares both, and does nothing if it has lost them.

mod items;
mod read;
mod room;
mod row;
mod submit;
mod work;

use std::sync::Arc;

use async_trait::async_trait;
use polyptych_domain::{
    ClientId, Costs, Ending, Error, ErrorKind, Failure, ItemOutcome, ItemRecord, Lease, NewOperation, Operation,
    OperationFilter, OperationId, Operations, Page, PageRequest, Request, Standing,
};

use crate::debts::Debt;
use crate::error::{Problem, internal};
use crate::patience::again;
use crate::store::Shared;

pub(crate) use room::Room;
pub(crate) use work::due;

/// The domain's [`Operations`] over the database.
pub(crate) struct SqlOperations(pub(crate) Arc<Shared>);

fn not_found(id: &OperationId) -> Problem {
    Problem::Refused(Error::new(ErrorKind::OperationNotFound, format!("there is no operation {id}")))
}

#[async_trait]
impl Operations for SqlOperations {
    async fn submit(&self, new: NewOperation) -> Result<Operation, Error> {
        again(|| async { Ok(submit::submit(&self.0, &new).await?) }).await
    }

    async fn repeated(&self, client: &ClientId, request: &Request) -> Result<Option<Operation>, Error> {
        Ok(submit::repeated(&self.0, client, request).await?)
    }

    async fn get(&self, id: &OperationId) -> Result<Operation, Error> {
        Ok(read::get(&self.0, id).await?)
    }

    async fn list(&self, filter: &OperationFilter, page: &PageRequest) -> Result<Page<Operation>, Error> {
        Ok(read::list(&self.0, filter, page).await?)
    }

    async fn items(&self, id: &OperationId, from: u64, limit: u32) -> Result<Vec<ItemRecord>, Error> {
        Ok(items::read(&self.0, id, from, limit).await?)
    }

    async fn changed(&self, id: &OperationId, seen: i64) -> Result<Operation, Error> {
        Ok(read::changed(&self.0, id, seen).await?)
    }

    async fn cancel(&self, id: &OperationId) -> Result<Operation, Error> {
        again(|| async { Ok(submit::cancel(&self.0, id).await?) }).await
    }

    async fn remove(&self, id: &OperationId) -> Result<(), Error> {
        Ok(submit::remove(&self.0, id).await?)
    }

    async fn take(&self, id: &OperationId) -> Result<Option<(Lease, Operation)>, Error> {
        again(|| work::take(&self.0, id)).await.map_err(internal)
    }

    async fn begin(&self, lease: &Lease, places: &[u64]) -> Result<Standing, Error> {
        let begun = places.iter().map(|place| (*place, None)).collect();
        again(|| items::keep(&self.0, lease, &begun, None)).await.map_err(internal)
    }

    async fn settle(&self, lease: &Lease, outcomes: &[(u64, ItemOutcome)], costs: &Costs) -> Result<Standing, Error> {
        let outcomes = outcomes.iter().map(|(place, outcome)| (*place, Some(outcome))).collect();
        again(|| items::keep(&self.0, lease, &outcomes, Some(costs))).await.map_err(internal)
    }

    async fn finish(&self, lease: &Lease, ending: Ending) -> Result<Standing, Error> {
        again(|| work::finish(&self.0, lease, &ending)).await.map_err(internal)
    }

    async fn give_back(&self, lease: &Lease, failure: &Failure) -> Result<Standing, Error> {
        again(|| work::give_back(&self.0, lease, failure)).await.map_err(internal)
    }

    async fn release(&self, lease: &Lease) -> Result<Standing, Error> {
        again(|| work::release(&self.0, lease)).await.map_err(internal)
    }

    fn abandon(&self, lease: &Lease) {
        self.0.debts.note(Debt::Operation(lease.clone()));
    }
}
