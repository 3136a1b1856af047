//! `polyptych upload`: files into albums, several at once.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use polyptych::proto::v1;
use tonic::{Code, Status};
use v1::image_service_client::ImageServiceClient;
use v1::upload_image_request::Payload;

use super::connection::{Channel, Common, Connection};
use super::files::{self, File};
use super::fitting::{Fitting, Placing};
use super::names::Target;
use super::placed::{Outcome, Placed};
use super::progress;
use super::report::{Report, Tally};
use super::stop::Stop;

/// Upload pictures, as they are unless --fit is given
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  polyptych upload *.jpg --to facebook
  polyptych upload summer/ --to direct/self --fit contain --dry-run")]
pub(crate) struct Upload {
    /// Files; a folder means the files in it, `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album; repeatable
    #[arg(long, required = true, value_name = "TARGET")]
    to: Vec<Target>,
    /// Name to keep; for one picture [default: the file's]
    #[arg(long)]
    name: Option<String>,
    /// Class that it has to be of, such as FIXED_IMAGE [default: any]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Say what would be sent; send nothing
    #[arg(long)]
    dry_run: bool,
    /// Uploads at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    #[command(flatten)]
    placing: Placing,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Upload {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let files = files::find(&self.files, self.name.as_deref()).await?;
        if self.to.len() > 1 && self.files.iter().any(|file| file.as_os_str() == "-") {
            anyhow::bail!("standard input can be read once: `polyptych publish` puts it into several albums");
        }
        let format = self.common.format();
        let length = files.iter().map(|file| file.length).sum::<u64>() * self.to.len() as u64;
        let bar = progress::bytes(format, "uploading", length);
        let mut report = Report::new(format);
        let pairs = files.iter().flat_map(|file| self.to.iter().map(move |target| (file, target)));
        let mut placed = stream::iter(pairs)
            .map(|(file, target)| {
                let bar = bar.clone();
                async move {
                    let (result, cost) = match stop.asked() {
                        true => (Outcome::NotBegun, None),
                        false => self.one(connection.channel(), file, target, bar, stop).await,
                    };
                    (Placed { source: file.shown.clone(), target: target.to_string(), result }, cost)
                }
            })
            .buffered(self.jobs.into());
        let mut warned = false;
        loop {
            tokio::select! {
                next = placed.next() => {
                    let Some((placed, cost)) = next else { break };
                    report.spend(cost.into_iter().collect());
                    report.add(placed)?;
                }
                () = stop.gently(), if !warned => {
                    warned = true;
                    bar.println("finishing the uploads under way; Ctrl-C again gives them up");
                }
            }
        }
        bar.finish_and_clear();
        Ok(report.end(if self.dry_run { "would be sent" } else { "uploaded" }, "failed")?)
    }

    /// What became of it, and what it has cost, or would, where the server tells.
    async fn one(
        &self,
        channel: Channel,
        file: &File,
        target: &Target,
        bar: ProgressBar,
        stop: &Stop,
    ) -> (Outcome, Option<v1::Cost>) {
        let failed = |status: &Status| (Outcome::Failed { error: status.into() }, None);
        let metadata = v1::UploadImageMetadata {
            parent: target.parent(),
            display_name: file.name.clone(),
            fit: self.fitting.message(),
            image_class: self.class.clone().unwrap_or_default(),
            replace: self.placing.replace,
            policy: self.placing.policy(),
            validate_only: self.dry_run,
            ..Default::default()
        };
        let sending = match file.send(bar).await {
            Ok(sending) => sending,
            Err(error) => return failed(&unreadable(&error)),
        };
        let opening = stream::iter([Payload::Metadata(metadata)]);
        let messages = opening
            .chain(sending.chunks.map(Payload::Chunk))
            .map(|payload| v1::UploadImageRequest { payload: Some(payload) });
        let mut images = ImageServiceClient::new(channel);
        tokio::select! {
            answer = images.upload_image(messages) => match answer {
                Ok(response) => {
                    let mut response = response.into_inner();
                    let cost = response.cost.take().filter(|cost| cost.calls > 0);
                    (response.into(), cost)
                }
                Err(status) => failed(&status),
            },
            Ok(error) = sending.broken => failed(&unreadable(&error)),
            () = stop.now() => failed(&given_up()),
        }
    }
}

/// A file that could not be read; the call was broken off before it was whole, so that nothing was sent on.
fn unreadable(error: &std::io::Error) -> Status {
    Status::new(Code::Aborted, format!("the file cannot be read: {error}"))
}

/// An upload that the user gave up.
fn given_up() -> Status {
    Status::new(Code::Cancelled, "given up; the provider may have it: look before repeating")
}
