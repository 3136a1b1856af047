//! `polyptych delete`: images out of their albums, as operations of up to 10,000.

use std::str::FromStr;

use anyhow::{Context, Result};
use clap::Args;
use polyptych::domain::NameError;
use polyptych::proto::v1;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use v1::deletion_outcome;
use v1::image_service_client::ImageServiceClient;

use super::connection::{Common, Connection};
use super::costs::Limits;
use super::failure::Failure;
use super::following::{Followed, follow};
use super::names::{Image, short};
use super::report::{Report, Row, State, Tally};
use super::stop::Stop;
use super::told;

/// Most images of one request.
const AT_ONCE: usize = 10_000;

/// Delete images
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  polyptych delete facebook/1000000001/0cc175b9c0f1b6a831c399e269772661
  polyptych list facebook --names | polyptych delete -")]
pub(crate) struct Delete {
    /// Images: LIBRARY/ALBUM/IMAGE; `-` reads them from standard input, one per line
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<Given>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What is to be deleted.
#[derive(Debug, Clone)]
enum Given {
    Image(Image),
    /// Those that standard input names.
    Listed,
}

impl FromStr for Given {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "-" { Ok(Self::Listed) } else { text.parse().map(Self::Image) }
    }
}

/// An image, and what became of it.
#[derive(Debug, Serialize)]
struct Deleted {
    /// Resource name of the image.
    image: String,
    #[serde(flatten)]
    result: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
enum Outcome {
    Deleted {
        /// The provider's id of the answer that says so.
        #[serde(skip_serializing_if = "String::is_empty")]
        provider_request_id: String,
    },
    Failed {
        error: Failure,
    },
    NotBegun,
}

impl Delete {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let names = stop.or(self.names()).await?;
        let mut report = Report::new(self.common.format());
        let deleted = self.delete(connection, &names, &mut report, stop).await;
        report.close(deleted, "deleted", "failed")
    }

    async fn delete(
        &self,
        connection: &Connection,
        names: &[String],
        report: &mut Report<Deleted>,
        stop: &Stop,
    ) -> Result<()> {
        let mut images = ImageServiceClient::new(connection.channel());
        for part in names.chunks(AT_ONCE) {
            let budget = self.limits.left(report.spent()).filter(|_| !stop.asked());
            let Some(budget) = budget else {
                for image in part {
                    report.add(Deleted { image: image.clone(), result: Outcome::NotBegun })?;
                }
                continue;
            };
            let request = v1::DeleteImagesRequest { names: part.to_vec(), budget: Some(budget), ..Default::default() };
            let operation = images.delete_images(request).await.map_err(told)?.into_inner();
            if let Followed::Ended(response, costs) =
                follow::<v1::DeleteImagesResponse>(connection, operation, self.common.format(), stop).await?
            {
                report.spend(costs);
                for (image, outcome) in part.iter().zip(response.outcomes) {
                    report.add(Deleted { image: image.clone(), result: outcome.into() })?;
                }
            }
        }
        Ok(())
    }

    async fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for image in &self.images {
            if let Given::Image(image) = image {
                names.push(image.name());
                continue;
            }
            let mut lines = BufReader::new(tokio::io::stdin()).lines();
            while let Some(line) = lines.next_line().await? {
                let line = line.trim();
                if !line.is_empty() {
                    names.push(line.parse::<Image>().with_context(|| format!("`{line}` is not an image"))?.name());
                }
            }
        }
        Ok(names)
    }
}

impl From<v1::DeletionOutcome> for Outcome {
    fn from(outcome: v1::DeletionOutcome) -> Self {
        let v1::DeletionOutcome { result, provider_request_id } = outcome;
        match result {
            Some(deletion_outcome::Result::Deleted(())) => Self::Deleted { provider_request_id },
            Some(deletion_outcome::Result::Error(status)) => Self::Failed { error: (&status).into() },
            None => Self::NotBegun,
        }
    }
}

impl Row for Deleted {
    const HEAD: &'static [&'static str] = &["image", "result"];

    fn cells(&self) -> Vec<String> {
        let result = match &self.result {
            Outcome::Deleted { .. } => "deleted",
            Outcome::Failed { error } => error.word(),
            Outcome::NotBegun => "not begun",
        };
        vec![short(&self.image), result.to_owned()]
    }

    fn state(&self) -> State<'_> {
        match &self.result {
            Outcome::Deleted { .. } => State::Done,
            Outcome::Failed { error } => State::Failed(error),
            Outcome::NotBegun => State::Left,
        }
    }
}
