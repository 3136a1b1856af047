//! `polyptych sync`: albums brought to what a manifest wants, in two steps: a plan, and carrying out exactly that plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use futures_util::{StreamExt, stream};
use polyptych::domain::{Manifest, PictureSource, Sha256};
use polyptych::manifest::{ManifestFile, Syntax};
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{GetOperationRequest, operation};
use polyptych::proto::v1;
use prost::Message;
use serde::Serialize;
use v1::publish_service_client::PublishServiceClient;
use v1::stage_picture_request::Payload;
use v1::sync_outcome::Result as Outcome;
use v1::sync_step::Step;

use super::connection::{Common, Connection};
use super::costs::{Limits, Spent};
use super::failure::Failure;
use super::following::{Followed, follow};
use super::libraries::default_albums;
use super::names::short;
use super::report::{Format, Report, Row, State, Tally};
use super::stop::Stop;
use super::{files, operations, progress, told};
use crate::output::tell;

/// Bring albums to what a manifest wants
///
/// The manifest is described in docs/sync.md; `polyptych config schema manifest` prints its JSON Schema.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  polyptych sync plan albums.toml      tells the steps, and the plan's name
  polyptych sync apply operations/ID   does exactly these steps")]
pub(crate) struct Sync {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what has to be done; nothing is uploaded or deleted
    Plan {
        /// TOML or JSON that names pictures and albums
        #[arg(value_name = "MANIFEST")]
        manifest: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Do exactly what a plan says, or say that the world has changed since
    Apply {
        /// The plan: `operations/ID`, as `sync plan` tells it
        #[arg(value_name = "PLAN", value_parser = operations::name)]
        plan: String,
        #[command(flatten)]
        limits: Limits,
        #[command(flatten)]
        common: Common,
    },
}

/// A step of a plan, and what became of it where it was carried out.
#[derive(Debug, Serialize)]
struct Line {
    /// The plan, as `sync apply` takes it; left out where it is carried out.
    #[serde(skip_serializing_if = "String::is_empty")]
    plan: String,
    /// `upload`, `delete`, or `object` where a wish cannot be fulfilled.
    step: &'static str,
    /// As the manifest calls it; empty for what is deleted.
    #[serde(skip_serializing_if = "String::is_empty")]
    picture: String,
    /// Resource name of the album.
    #[serde(skip_serializing_if = "String::is_empty")]
    album: String,
    /// Resource name of the image that is deleted, or was uploaded.
    #[serde(skip_serializing_if = "String::is_empty")]
    image: String,
    /// `planned`, `done`, `failed` or `not_begun`.
    result: &'static str,
    /// The provider's id of the answer that says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    provider_request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

impl Sync {
    pub(crate) fn common(&self) -> &Common {
        match &self.command {
            Command::Plan { common, .. } | Command::Apply { common, .. } => common,
        }
    }

    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let format = self.common().format();
        match &self.command {
            Command::Plan { manifest, .. } => plan(connection, manifest, format, stop).await,
            Command::Apply { plan, limits, .. } => apply(connection, plan, limits, format, stop).await,
        }
    }
}

async fn plan(connection: &Connection, path: &Path, format: Format, stop: &Stop) -> Result<Tally> {
    let text = tokio::fs::read_to_string(path).await.with_context(|| format!("cannot read {}", path.display()))?;
    let wrong = |mistake: &dyn std::fmt::Display| anyhow::anyhow!("{}: {mistake}", path.display());
    let written = ManifestFile::parse(&text, Syntax::of(path)).map_err(|mistake| wrong(&mistake))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let staged = stage(connection, folder, &written, format, stop).await?;
    let albums =
        stop.or(default_albums(connection)).await?.into_iter().map(|name| (name.library, name.album)).collect();
    let manifest = written.resolve(&albums, &staged).map_err(|mistakes| {
        let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        wrong(&all.join("\n"))
    })?;
    let mut publications = PublishServiceClient::new(connection.channel());
    let request = v1::PlanSyncRequest { manifest: Some(message(manifest)?), request_id: String::new() };
    let operation = publications.plan_sync(request).await.map_err(told)?.into_inner();
    let name = operation.name.clone();
    let mut report = Report::new(format);
    let Followed::Ended(plan, _) = follow::<v1::SyncPlan>(connection, operation, format, stop).await? else {
        return Ok(report.end("steps", "cannot be done")?);
    };
    let steps = plan.steps.len();
    for step in plan.steps {
        report.add(Line { plan: name.clone(), ..Line::planned(step) })?;
    }
    for objection in plan.objections {
        report.add(Line::objection(objection))?;
    }
    report.spend(plan.costs);
    let tally = report.end("steps", "cannot be done")?;
    match steps {
        0 => tell("nothing to do"),
        _ => tell(format_args!("`polyptych sync apply {name}{}` does it", connection.same())),
    }
    Ok(tally)
}

/// Brings the files of a manifest to the façade; the digest and length of each.
async fn stage(
    connection: &Connection,
    folder: &Path,
    written: &ManifestFile,
    format: Format,
    stop: &Stop,
) -> Result<BTreeMap<PathBuf, (Sha256, u64)>> {
    let mut staged = BTreeMap::new();
    for file in written.files() {
        let found = files::find(&[folder.join(file)], None).await?;
        let [picture] = found.as_slice() else { bail!("{} is a folder", file.display()) };
        let bar = progress::bytes(format, "sending", picture.length);
        let sending = picture.send(bar.clone()).await.with_context(|| format!("cannot read {}", picture.shown))?;
        let messages = stream::iter([Payload::Metadata(v1::StagePictureMetadata::default())])
            .chain(sending.chunks.map(Payload::Chunk))
            .map(|payload| v1::StagePictureRequest { payload: Some(payload) });
        let mut publications = PublishServiceClient::new(connection.channel());
        let kept = tokio::select! {
            kept = publications.stage_picture(messages) => kept.map_err(told)?.into_inner(),
            Ok(error) = sending.broken => return Err(error).with_context(|| format!("cannot read {}", picture.shown)),
            () = stop.gently() => bail!("interrupted; nothing was planned"),
        };
        bar.finish_and_clear();
        let sha256 = kept.sha256.parse().map_err(|_| anyhow::anyhow!("the server told no digest"))?;
        staged.insert(file.to_owned(), (sha256, kept.size_bytes.unsigned_abs()));
    }
    Ok(staged)
}

/// A manifest as the API takes it.
fn message(manifest: Manifest) -> Result<v1::SyncManifest> {
    let pictures = manifest.pictures.into_iter().map(|picture| v1::SyncPicture {
        key: picture.key,
        display_name: picture.name.unwrap_or_default(),
        fit: Some(fit(picture.fit, picture.animation)),
        source: Some(match picture.source {
            PictureSource::Kept { sha256, .. } => v1::sync_picture::Source::Sha256(sha256.to_string()),
            PictureSource::Url { url } => v1::sync_picture::Source::Uri(url.as_str().to_owned()),
        }),
    });
    let pictures: Vec<_> = pictures.collect();
    ensure!(!pictures.is_empty() || !manifest.albums.is_empty(), "the manifest is empty");
    let albums = manifest.albums.into_iter().map(|album| v1::SyncAlbum {
        parent: album.album.to_string(),
        delete_others: album.delete_others,
        pictures: album
            .pictures
            .into_iter()
            .map(|wish| v1::SyncWish { key: wish.picture, image_class: wish.class.unwrap_or_default() })
            .collect(),
    });
    Ok(v1::SyncManifest { albums: albums.collect(), pictures })
}

fn fit(fit: polyptych::domain::Fit, animation: polyptych::domain::Animation) -> v1::Fit {
    use polyptych::domain::{Animation, Fit, Rgb};
    use v1::fit::{AsIs, Contain, Cover, Exact, Mode};
    let mode = match fit {
        Fit::None => Mode::AsIs(AsIs {}),
        Fit::Contain { background: Rgb([red, green, blue]) } => {
            Mode::Contain(Contain { background: Some(u32::from_be_bytes([0, red, green, blue])) })
        }
        Fit::Cover { focus } => Mode::Cover(Cover { focus_x: Some(focus.x), focus_y: Some(focus.y) }),
        Fit::Exact => Mode::Exact(Exact {}),
    };
    let animation = match animation {
        Animation::Refuse => v1::fit::Animation::Refuse,
        Animation::FirstFrame => v1::fit::Animation::FirstFrame,
    };
    v1::Fit { mode: Some(mode), animation: animation.into() }
}

async fn apply(connection: &Connection, plan: &str, limits: &Limits, format: Format, stop: &Stop) -> Result<Tally> {
    let budget = limits.left(&Spent::default());
    let request = v1::ApplySyncRequest { plan: plan.to_owned(), budget, ..Default::default() };
    let mut publications = PublishServiceClient::new(connection.channel());
    let operation = publications.apply_sync(request).await.map_err(told)?.into_inner();
    let steps = steps(connection, plan).await?;
    let mut report = Report::new(format);
    if let Followed::Ended(response, costs) = follow::<v1::SyncResponse>(connection, operation, format, stop).await? {
        report.spend(costs);
        for (step, outcome) in steps.into_iter().zip(response.outcomes) {
            report.add(Line::planned(step).with(outcome))?;
        }
    }
    Ok(report.end("done", "failed")?)
}

/// The steps of a plan.
async fn steps(connection: &Connection, plan: &str) -> Result<Vec<v1::SyncStep>> {
    let mut operations = OperationsClient::new(connection.channel());
    let request = GetOperationRequest { name: plan.to_owned() };
    match operations.get_operation(request).await.map_err(told)?.into_inner().result {
        Some(operation::Result::Response(response)) => Ok(v1::SyncPlan::decode(response.value.as_slice())?.steps),
        _ => bail!("{plan} is not a plan that was made"),
    }
}

impl Line {
    fn planned(step: v1::SyncStep) -> Self {
        let (step, picture, album, image) = match step.step {
            Some(Step::Upload(upload)) => ("upload", upload.key, upload.parent, String::new()),
            Some(Step::Deletion(deletion)) => ("delete", String::new(), String::new(), deletion.name),
            None => ("", String::new(), String::new(), String::new()),
        };
        let (plan, provider_request_id) = (String::new(), String::new());
        Self { plan, step, picture, album, image, result: "planned", provider_request_id, error: None }
    }

    fn objection(objection: v1::SyncObjection) -> Self {
        let error = objection.error.as_ref().map(Failure::from);
        let v1::SyncObjection { parent, key, .. } = objection;
        Self {
            plan: String::new(),
            step: "object",
            picture: key,
            album: parent,
            image: String::new(),
            result: "failed",
            provider_request_id: String::new(),
            error,
        }
    }

    fn with(mut self, outcome: v1::SyncOutcome) -> Self {
        match outcome.result {
            Some(Outcome::Upload(upload)) => {
                self.result = "done";
                self.provider_request_id = upload.provider_request_id;
                self.image = upload.image.unwrap_or_default().name;
            }
            Some(Outcome::Deleted(())) => {
                self.result = "done";
                self.provider_request_id = outcome.provider_request_id;
            }
            Some(Outcome::Error(status)) => {
                self.result = "failed";
                self.error = Some((&status).into());
            }
            None => self.result = "not_begun",
        }
        self
    }
}

impl Row for Line {
    const HEAD: &'static [&'static str] = &["step", "picture", "where", "result"];

    fn cells(&self) -> Vec<String> {
        let place = if self.image.is_empty() { &self.album } else { &self.image };
        let result = self.error.as_ref().map_or(self.result, Failure::word);
        vec![self.step.to_owned(), self.picture.clone(), short(place), result.to_owned()]
    }

    fn item(&self) -> String {
        format!("{} {}", self.step, if self.picture.is_empty() { short(&self.image) } else { self.picture.clone() })
    }

    fn state(&self) -> State<'_> {
        match (&self.error, self.result) {
            (Some(error), _) => State::Failed(error),
            (None, "not_begun") => State::Left,
            (None, _) => State::Done,
        }
    }

    fn help(&self) -> Option<&'static str> {
        // What would help is said in the manifest, not by an option.
        let error = self.error.as_ref().filter(|error| error.word() != "ALBUM_OCCUPIED")?;
        error.help()
    }
}
