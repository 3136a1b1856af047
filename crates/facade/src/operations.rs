//! `google.longrunning.Operations`: how far operations are, and their end. An operation that belongs to another client does
//! not exist, save for one that oversees all of its libraries.

mod describe;
mod plan;
mod start;

use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{Error, ErrorKind, Operation, OperationFilter, OperationId, PageRequest, Phase, Work};
use polyptych_proto::longrunning;
use polyptych_proto::longrunning::operations_server;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

pub(crate) use describe::pack;
pub(crate) use start::{Asked, outcome, repeated, submit, validated, within};

use crate::caller::{Caller, Door};
use crate::status::{Fields, Refusal, failed};
use crate::{Settings, page_token};

/// The name of the collection.
const COLLECTION: &str = "operations";
/// Where a request names its operation.
const NAME: &str = "name";

pub(crate) struct Watch {
    service: Door,
    work: Work,
    settings: Arc<Settings>,
}

impl Watch {
    pub(crate) fn new(service: Door, work: Work, settings: Arc<Settings>) -> Self {
        Self { service, work, settings }
    }

    async fn whole(&self, caller: &Caller, operation: Operation) -> Result<Response<longrunning::Operation>, Status> {
        let service = self.service.open(caller);
        let told = describe::whole(self.work.operations.as_ref(), &service, operation).await;
        told.map(Response::new).map_err(|error| failed(&error, Fields::of("name")))
    }
}

/// The operation of that name, if this caller may see it; `field` is where it is named. What it may not see and what is not
/// there are the same to it.
///
/// # Errors
/// If the name is malformed, there is no such operation, or the store fails.
pub(crate) async fn find(work: &Work, caller: &Caller, field: &str, name: &str) -> Result<Operation, Status> {
    let id = parse(field, name)?;
    let found = match work.operations.get(&id).await {
        Ok(operation) if sees(caller, &operation) => return Ok(operation),
        Err(error) if error.kind() != ErrorKind::OperationNotFound => error,
        _ => Error::new(ErrorKind::OperationNotFound, format!("no operation `{id}`")),
    };
    Err(failed(&found, Fields::of(field)))
}

fn sees(caller: &Caller, operation: &Operation) -> bool {
    let all = || operation.task.libraries().into_iter().all(|library| caller.may_use(library));
    operation.client == *caller.client() || caller.oversees() && all()
}

#[tonic::async_trait]
impl operations_server::Operations for Watch {
    async fn list_operations(
        &self,
        request: Request<longrunning::ListOperationsRequest>,
    ) -> Result<Response<longrunning::ListOperationsResponse>, Status> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        if !["", COLLECTION].contains(&request.name.as_str()) {
            return Err(Refusal::argument("name", "all operations are in `operations`").into());
        }
        let phases = phases(&request.filter)?;
        let client = (!caller.oversees()).then(|| caller.client().clone());
        let whose = client.as_ref().map_or("all", |client| client.as_str());
        let parent = format!("{COLLECTION} of {whose} in {phases:?}");
        let after = page_token::after(&parent, &request.page_token)?;
        let page = PageRequest { size: self.settings.page_of("page_size", request.page_size)?, after };
        let filter = OperationFilter { client, phases };
        let page = self.work.operations.list(&filter, &page).await;
        let page = page.map_err(|error| failed(&error, Fields::of("page_token")))?;
        let service = self.service.open(&caller);
        let seen = page.items.iter().filter(|item| sees(&caller, item));
        Ok(Response::new(longrunning::ListOperationsResponse {
            operations: seen.map(|operation| describe::brief(&service, operation)).collect(),
            next_page_token: page.next.map(|next| page_token::seal(&parent, &next)).unwrap_or_default(),
            unreachable: Vec::new(),
        }))
    }

    async fn get_operation(
        &self,
        request: Request<longrunning::GetOperationRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let caller = Caller::of(&request);
        let operation = find(&self.work, &caller, NAME, &request.into_inner().name).await?;
        self.whole(&caller, operation).await
    }

    async fn delete_operation(
        &self,
        request: Request<longrunning::DeleteOperationRequest>,
    ) -> Result<Response<()>, Status> {
        let caller = Caller::of(&request);
        let Operation { id, .. } = find(&self.work, &caller, NAME, &request.into_inner().name).await?;
        let removed = self.work.operations.remove(&id).await;
        removed.map(Response::new).map_err(|error| failed(&error, Fields::of("name")))
    }

    async fn cancel_operation(
        &self,
        request: Request<longrunning::CancelOperationRequest>,
    ) -> Result<Response<()>, Status> {
        let caller = Caller::of(&request);
        let Operation { id, .. } = find(&self.work, &caller, NAME, &request.into_inner().name).await?;
        let asked = self.work.operations.cancel(&id).await;
        asked.map(|_| Response::new(())).map_err(|error| failed(&error, Fields::of("name")))
    }

    async fn wait_operation(
        &self,
        request: Request<longrunning::WaitOperationRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let longest = self.settings.wait;
        let timeout = match request.timeout {
            None => longest,
            // The conversion of `prost_types` negates what is negative, which the smallest number cannot be.
            Some(told) => match (u64::try_from(told.seconds), u32::try_from(told.nanos)) {
                (Ok(seconds), Ok(nanos @ 0..1_000_000_000)) => Duration::new(seconds, nanos).min(longest),
                _ => return Err(Refusal::argument("timeout", "a timeout is not negative").into()),
            },
        };
        let end = Instant::now() + timeout;
        let mut operation = find(&self.work, &caller, NAME, &request.name).await?;
        while !operation.phase.has_ended() {
            let changed = self.work.operations.changed(&operation.id, operation.version);
            match tokio::time::timeout_at(end, changed).await {
                Ok(changed) => operation = changed.map_err(|error| failed(&error, Fields::of("name")))?,
                Err(_) => break,
            }
        }
        self.whole(&caller, operation).await
    }
}

fn parse(field: &str, name: &str) -> Result<OperationId, Refusal> {
    let id = name.strip_prefix("operations/").and_then(|id| OperationId::new(id).ok());
    id.ok_or_else(|| {
        let shown: String = name.chars().take(100).collect();
        Refusal::argument(field, format!("`{shown}` does not have the form `operations/{{operation}}`"))
    })
}

/// The phases that a filter leaves.
fn phases(filter: &str) -> Result<Vec<Phase>, Refusal> {
    let plain: String = filter.chars().filter(|char| !char.is_whitespace()).collect();
    Ok(match plain.as_str() {
        "" => Vec::new(),
        "done=true" => vec![Phase::Succeeded, Phase::Failed, Phase::Cancelled],
        "done=false" => vec![Phase::Pending, Phase::Running],
        _ => return Err(Refusal::argument("filter", "the filters are `done = true` and `done = false`")),
    })
}
