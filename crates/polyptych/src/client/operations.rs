//! `polyptych operations`: long work that the server does.

use anyhow::Result;
use clap::{Args, Subcommand};
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{
    CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, Operation, operation,
};
use polyptych::proto::v1;
use serde::Serialize;
use v1::operation_metadata::State as Stage;

use super::connection::{Channel, Common, Connection};
use super::failure::Failure;
use super::following::{Followed, follow, metadata};
use super::report::{Report, Row, State, Tally};
use super::stop::Stop;
use super::{costs, time, told};

/// List, follow and cancel operations
#[derive(Debug, Args)]
pub(crate) struct Operations {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List operations, the newest first
    List {
        /// Most operations
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Tell how far an operation is, and which items failed
    Get(One),
    /// Wait until an operation ends
    Wait(One),
    /// Ask an operation to end; what was done stays done
    Cancel(One),
    /// Forget an operation that has ended
    Delete(One),
}

#[derive(Debug, Args)]
struct One {
    /// `operations/ID`, or its ID
    #[arg(value_name = "OPERATION", value_parser = name)]
    name: String,
    #[command(flatten)]
    common: Common,
}

/// An operation as users write it.
#[expect(clippy::unnecessary_wraps, reason = "as parsers of arguments are")]
pub(crate) fn name(text: &str) -> Result<String, String> {
    Ok(if text.starts_with("operations/") { text.to_owned() } else { format!("operations/{text}") })
}

/// How far an operation is.
#[derive(Debug, Serialize)]
struct Told {
    operation: String,
    /// `import`, `delete`, `copy`, `publish` or `sync`.
    verb: String,
    /// `pending`, `running`, `succeeded`, `failed` or `cancelled`.
    state: &'static str,
    created: String,
    updated: String,
    total: i64,
    succeeded: i64,
    failed: i64,
    unknown: i64,
    /// What it has cost so far, by library.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    costs: Vec<costs::Told>,
    /// The first that failed, by their place in the request from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Item {
    index: i32,
    error: Failure,
}

impl Operations {
    pub(crate) fn common(&self) -> &Common {
        match &self.command {
            Command::List { common, .. } => common,
            Command::Get(one) | Command::Wait(one) | Command::Cancel(one) | Command::Delete(one) => &one.common,
        }
    }

    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let mut operations = OperationsClient::new(connection.channel());
        let format = self.common().format();
        let get = |name: &str| GetOperationRequest { name: name.to_owned() };
        let mut report = Report::new(format);
        match &self.command {
            Command::List { limit, .. } => return stop.or(list(operations, *limit, Report::new(format))).await,
            Command::Get(One { name, .. }) => {
                report.add(Told::new(operations.get_operation(get(name)).await.map_err(told)?.into_inner())?)?;
            }
            Command::Wait(One { name, .. }) => {
                let operation = operations.get_operation(get(name)).await.map_err(told)?.into_inner();
                // Its items are of any type; how far it is stands in the metadata.
                if let Followed::Ended((), _) = follow(connection, operation, format, stop).await? {
                    report.add(Told::new(operations.get_operation(get(name)).await.map_err(told)?.into_inner())?)?;
                }
            }
            Command::Cancel(One { name, .. }) => {
                operations.cancel_operation(CancelOperationRequest { name: name.clone() }).await.map_err(told)?;
                report.add(Told::new(operations.get_operation(get(name)).await.map_err(told)?.into_inner())?)?;
            }
            Command::Delete(One { name, .. }) => {
                operations.delete_operation(DeleteOperationRequest { name: name.clone() }).await.map_err(told)?;
            }
        }
        Ok(report.end("operations", "failed")?)
    }
}

async fn list(mut operations: OperationsClient<Channel>, limit: usize, mut report: Report<Listed>) -> Result<Tally> {
    let (mut left, mut page_token) = (limit, String::new());
    let listed = async {
        while left > 0 {
            let page_size = i32::try_from(left.min(1_000))?;
            let request = ListOperationsRequest { page_size, page_token, ..Default::default() };
            let page = operations.list_operations(request).await.map_err(told)?.into_inner();
            for operation in page.operations.into_iter().take(left) {
                left -= 1;
                report.add(Listed(Told::new(operation)?))?;
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(())
    };
    let listed = listed.await;
    report.close(listed, "operations", "failed")
}

impl Told {
    fn new(operation: Operation) -> Result<Self> {
        let metadata = metadata(&operation)?;
        let state = match metadata.state() {
            Stage::Pending => "pending",
            Stage::Running => "running",
            Stage::Succeeded => "succeeded",
            Stage::Failed => "failed",
            Stage::Cancelled => "cancelled",
            Stage::Unspecified => "",
        };
        let v1::Progress { total, succeeded, failed, unknown } = metadata.progress.unwrap_or_default();
        let failure =
            |failure: v1::ItemFailure| Some(Item { index: failure.index, error: Failure::from(&failure.status?) });
        let error = match &operation.result {
            Some(operation::Result::Error(status)) => Some(Failure::from(status)),
            _ => None,
        };
        Ok(Self {
            operation: operation.name,
            verb: metadata.verb,
            state,
            created: time::told(metadata.create_time),
            updated: time::told(metadata.update_time),
            total,
            succeeded,
            failed,
            unknown,
            costs: metadata.costs.iter().map(costs::Told::from).collect(),
            failures: metadata.failures.into_iter().filter_map(failure).collect(),
            error,
        })
    }
}

impl Row for Told {
    const HEAD: &'static [&'static str] = &["operation", "what", "state", "items", "created"];

    fn cells(&self) -> Vec<String> {
        let mut items = format!("{} of {}", self.succeeded, self.total);
        for (count, what) in [(self.failed, "failed"), (self.unknown, "unknown")] {
            if count > 0 {
                items.push_str(&format!(", {count} {what}"));
            }
        }
        vec![
            self.operation.trim_start_matches("operations/").to_owned(),
            self.verb.clone(),
            self.state.to_owned(),
            items,
            time::brief(&self.created),
        ]
    }

    fn state(&self) -> State<'_> {
        match (&self.error, self.failed + self.unknown) {
            (Some(error), _) => State::Failed(error),
            (None, 0) => State::Done,
            (None, _) => State::Wrong,
        }
    }
}

/// One of a list: that it has failed is not a failure of the list.
#[derive(Serialize)]
struct Listed(Told);

impl Row for Listed {
    const HEAD: &'static [&'static str] = Told::HEAD;

    fn cells(&self) -> Vec<String> {
        self.0.cells()
    }
}
