//! Where pictures go that the server gets by itself, and how: what `import` and `copy` have in common. Each is one operation
//! with one outcome per picture.

use anyhow::Result;
use clap::Args;
use polyptych::proto::longrunning::Operation;
use polyptych::proto::v1;
use prost::Message;

use super::connection::{Common, Connection};
use super::costs::Limits;
use super::fitting::{Fitting, Placing};
use super::following::{Followed, follow};
use super::names::Target;
use super::placed::{Outcome, Placed};
use super::report::{Report, Tally};
use super::stop::Stop;

/// Where pictures go, and how.
#[derive(Debug, Args)]
pub(crate) struct Placement {
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Target,
    /// Class that it has to be of, such as FIXED_IMAGE [default: any]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    #[command(flatten)]
    pub(crate) placing: Placing,
    #[command(flatten)]
    pub(crate) fitting: Fitting,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Placement {
    /// The class as the API takes it: empty for any.
    pub(crate) fn class(&self) -> String {
        self.class.clone().unwrap_or_default()
    }

    /// Waits for an operation that places `sources`, and prints what became of each: how many were `done`, too.
    ///
    /// # Errors
    /// If the server cannot be asked, or it cannot be printed.
    pub(crate) async fn follow<R: Placements>(
        &self,
        connection: &Connection,
        operation: Operation,
        sources: Vec<String>,
        done: &str,
        stop: &Stop,
    ) -> Result<Tally> {
        let format = self.common.format();
        let mut report = Report::new(format);
        if let Followed::Ended(response, costs) = follow::<R>(connection, operation, format, stop).await? {
            report.spend(costs);
            for (source, outcome) in sources.into_iter().zip(response.outcomes()) {
                report.add(Placed { source, target: self.to.to_string(), result: Outcome::from(outcome) })?;
            }
        }
        Ok(report.end(done, "failed")?)
    }
}

/// What an operation answers that places pictures.
pub(crate) trait Placements: Message + Default {
    /// One for each picture, in the order of the request.
    fn outcomes(self) -> Vec<v1::UploadOutcome>;
}

impl Placements for v1::ImportImagesResponse {
    fn outcomes(self) -> Vec<v1::UploadOutcome> {
        self.outcomes
    }
}

impl Placements for v1::CopyImagesResponse {
    fn outcomes(self) -> Vec<v1::UploadOutcome> {
        self.outcomes
    }
}
