//! `polyptych check`: what is wrong with pictures by the rules of libraries, and what would help. Nothing is sent on.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use polyptych::proto::v1;
use serde::Serialize;
use v1::image_service_client::ImageServiceClient;
use v1::upload_image_request::Payload;

use super::connection::{Common, Connection};
use super::failure::{Failure, Violation};
use super::files::{self, File};
use super::fitting::Fitting;
use super::names::Target;
use super::report::{Report, Row, State, Tally};
use super::stop::Stop;

/// Tell what is wrong with pictures, and what would help
///
/// Nothing is sent to a provider and nothing is spent.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files; a folder means the files in it, `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Library by whose rules; repeatable
    #[arg(long = "to", required = true, value_name = "TARGET")]
    to: Vec<Target>,
    /// Name to keep; for one picture [default: the file's]
    #[arg(long)]
    name: Option<String>,
    /// Class that it has to be of, such as FIXED_IMAGE [default: any]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A picture under the rules of a library.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    library: String,
    /// `accepted`, `fitted` (it would be, with the fit asked for), `refused` or `failed`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
    /// Classes that take it as it is.
    classes: Vec<String>,
    violations: Vec<Violation>,
    advice: Vec<Violation>,
    /// The fit asked for, else the nearest that would help, in one line.
    #[serde(skip_serializing_if = "String::is_empty")]
    plan: String,
    /// Why the fit asked for does not help.
    obstacles: Vec<Violation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Found {
    media_type: String,
    width: i32,
    height: i32,
    bytes: i64,
    sha256: String,
}

impl Check {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let files = files::find(&self.files, self.name.as_deref()).await?;
        if self.to.len() > 1 && self.files.iter().any(|file| file.as_os_str() == "-") {
            anyhow::bail!("standard input can be read once: give one --to, or a file");
        }
        let mut report = Report::new(self.common.format());
        for file in &files {
            for target in &self.to {
                if stop.asked() {
                    return Ok(report.end("accepted", "refused")?);
                }
                let told = self.one(connection, file, target).await?;
                report.add(Checked::new(
                    file.shown.clone(),
                    target.library().to_string(),
                    told,
                    self.fitting.asked(),
                ))?;
            }
        }
        Ok(report.end("accepted", "refused")?)
    }

    async fn one(
        &self,
        connection: &Connection,
        file: &File,
        target: &Target,
    ) -> Result<Result<v1::CheckImageResponse, tonic::Status>> {
        let metadata = v1::UploadImageMetadata {
            parent: target.parent(),
            display_name: file.name.clone(),
            fit: self.fitting.message(),
            image_class: self.class.clone().unwrap_or_default(),
            ..Default::default()
        };
        let sending = file.send(ProgressBar::hidden()).await?;
        let messages = stream::iter([Payload::Metadata(metadata)])
            .chain(sending.chunks.map(Payload::Chunk))
            .map(|payload| v1::UploadImageRequest { payload: Some(payload) });
        let mut images = ImageServiceClient::new(connection.channel());
        tokio::select! {
            answer = images.check_image(messages) => Ok(answer.map(tonic::Response::into_inner)),
            Ok(error) = sending.broken => Err(error.into()),
        }
    }
}

impl Checked {
    fn new(file: String, library: String, told: Result<v1::CheckImageResponse, tonic::Status>, fitted: bool) -> Self {
        let (told, error) = match told {
            Ok(told) => (told, None),
            Err(status) => (v1::CheckImageResponse::default(), Some(Failure::from(&status))),
        };
        let v1::CheckImageResponse { found, image_classes, violations, advice, plan, obstacles } = told;
        let result = match (&error, violations.is_empty(), fitted && plan.is_some()) {
            (Some(_), ..) => "failed",
            (None, true, _) => "accepted",
            (None, false, true) => "fitted",
            (None, false, false) => "refused",
        };
        let all = |violations: &[v1::RuleViolation]| violations.iter().map(Violation::from).collect();
        Self {
            file,
            library,
            result,
            found: found.map(Found::from),
            classes: image_classes,
            violations: all(&violations),
            advice: all(&advice),
            plan: plan.map(|plan| plan.summary).unwrap_or_default(),
            obstacles: all(&obstacles),
            error,
        }
    }
}

impl From<v1::FoundImage> for Found {
    fn from(found: v1::FoundImage) -> Self {
        let v1::Pixels { width, height } = found.size.unwrap_or_default();
        Self { media_type: found.media_type, width, height, bytes: found.size_bytes, sha256: found.sha256 }
    }
}

impl Row for Checked {
    const HEAD: &'static [&'static str] = &["picture", "library", "result", "why", "what would help"];

    fn cells(&self) -> Vec<String> {
        let why = match self.result {
            "accepted" => self.classes.join(", "),
            _ => {
                let one = |violation: &Violation| format!("{}: {}", violation.field, violation.description);
                self.violations.iter().chain(&self.obstacles).map(one).collect::<Vec<_>>().join("\n")
            }
        };
        vec![self.file.clone(), self.library.clone(), self.result.to_owned(), why, self.plan.clone()]
    }

    fn item(&self) -> String {
        format!("{} for {}", self.file, self.library)
    }

    fn state(&self) -> State<'_> {
        match (&self.error, self.result) {
            (Some(error), _) => State::Failed(error),
            (None, "refused") => State::Wrong,
            (None, _) => State::Done,
        }
    }
}
