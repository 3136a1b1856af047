//! `polyptych publish`: each picture into many albums, one operation per picture.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use futures_util::{StreamExt, stream};
use polyptych::proto::v1;
use v1::publish_request::Payload;
use v1::publish_service_client::PublishServiceClient;

use super::connection::{Common, Connection};
use super::costs::Limits;
use super::files::{self, File};
use super::fitting::{Fitting, Placing};
use super::following::{Followed, follow};
use super::libraries::default_albums;
use super::names::Target;
use super::placed::{Outcome, Placed};
use super::progress;
use super::report::{Report, Tally};
use super::stop::Stop;

/// Put pictures into many albums, each fitted to its library
///
/// A picture is checked once, fitted once for each set of rules, and sent to where it is missing. Padded with white where
/// rules need it, unless --fit says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  polyptych publish banner.png --all
  polyptych publish summer/ --to facebook --to direct/self --fit cover
  convert in.psd png:- | polyptych publish - --name banner.png --all")]
pub(crate) struct Publish {
    /// Files; a folder means the files in it, `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album; repeatable
    #[arg(long, required_unless_present = "all", value_name = "TARGET")]
    to: Vec<Target>,
    /// To the default album of each library
    #[arg(long, conflicts_with = "to")]
    all: bool,
    /// Name to keep; for one picture [default: the file's]
    #[arg(long)]
    name: Option<String>,
    /// Say what would be sent; send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    placing: Placing,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Publish {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let files = files::find(&self.files, self.name.as_deref()).await?;
        let targets = match self.all {
            true => {
                let albums = stop.or(default_albums(connection)).await?;
                albums.into_iter().map(|album| Target::Default(album.library)).collect()
            }
            false => self.to.clone(),
        };
        ensure!(!targets.is_empty() || stop.asked(), "no library has a default album");
        let mut report = Report::new(self.common.format());
        let published = self.publish(connection, &files, &targets, &mut report, stop).await;
        report.close(published, if self.dry_run { "would be sent" } else { "published" }, "failed")
    }

    async fn publish(
        &self,
        connection: &Connection,
        files: &[File],
        targets: &[Target],
        report: &mut Report<Placed>,
        stop: &Stop,
    ) -> Result<()> {
        let parents: Vec<String> = targets.iter().map(Target::parent).collect();
        for file in files {
            let begun = match self.limits.left(report.spent()).filter(|_| !stop.asked()) {
                None => None,
                Some(budget) => self.one(connection, file, &parents, budget, stop).await?,
            };
            let (outcomes, costs) =
                begun.unwrap_or_else(|| (parents.iter().map(|_| Outcome::NotBegun).collect(), Vec::new()));
            report.spend(costs);
            for (target, result) in targets.iter().zip(outcomes) {
                report.add(Placed { source: file.shown.clone(), target: target.to_string(), result })?;
            }
        }
        Ok(())
    }

    /// What became of the picture in each album, and what that cost; absent if it was not begun, and empty if the user no longer
    /// waits for it.
    async fn one(
        &self,
        connection: &Connection,
        file: &File,
        parents: &[String],
        budget: v1::Budget,
        stop: &Stop,
    ) -> Result<Option<(Vec<Outcome>, Vec<v1::Cost>)>> {
        let format = self.common.format();
        let target = |parent: &String| v1::PublishTarget { parent: parent.clone(), ..Default::default() };
        let metadata = v1::PublishMetadata {
            display_name: file.name.clone(),
            targets: parents.iter().map(target).collect(),
            fit: self.fitting.message(),
            replace: self.placing.replace,
            policy: self.placing.policy(),
            validate_only: self.dry_run,
            budget: Some(budget),
            ..Default::default()
        };
        let bar = progress::bytes(format, "sending", file.length);
        let sending = file.send(bar.clone()).await?;
        let messages = stream::iter([Payload::Metadata(metadata)])
            .chain(sending.chunks.map(Payload::Chunk))
            .map(|payload| v1::PublishRequest { payload: Some(payload) });
        let mut publications = PublishServiceClient::new(connection.channel());
        let begun = tokio::select! {
            begun = publications.publish(messages) => begun,
            Ok(error) = sending.broken => return Err(error.into()),
            () = stop.gently() => return Ok(None),
        };
        bar.finish_and_clear();
        let operation = match begun {
            Ok(operation) => operation.into_inner(),
            Err(status) => {
                let failed = parents.iter().map(|_| Outcome::Failed { error: (&status).into() });
                return Ok(Some((failed.collect(), Vec::new())));
            }
        };
        match follow::<v1::PublishResponse>(connection, operation, format, stop).await? {
            Followed::Left => Ok(Some((Vec::new(), Vec::new()))),
            Followed::Ended(response, costs) => {
                let outcomes = response.outcomes;
                ensure!(outcomes.len() == parents.len(), "{} albums have {} outcomes", parents.len(), outcomes.len());
                Ok(Some((outcomes.into_iter().map(Outcome::from).collect(), costs)))
            }
        }
    }
}
