//! `polyptych get`: the picture that a library stores, into a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use polyptych::proto::v1;
use serde::Serialize;
use tempfile::NamedTempFile;
use tonic::Streaming;
use v1::download_image_response::Payload;
use v1::image_service_client::ImageServiceClient;

use super::connection::{Common, Connection};
use super::names::{Image, short};
use super::progress;
use super::report::{Report, Row, Tally};
use super::stop::Stop;
use super::told;

/// Download pictures
///
/// A file appears whole or not at all.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Images: LIBRARY/ALBUM/IMAGE
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<Image>,
    /// File; or a folder, where each gets the name that its library keeps; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = ".")]
    output: PathBuf,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A picture that was downloaded.
#[derive(Debug, Serialize)]
struct Downloaded {
    /// Resource name of the image.
    image: String,
    /// The file; `-` for standard output.
    file: String,
    bytes: u64,
}

impl Get {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let piped = self.output.as_os_str() == "-";
        let folder = self.output.is_dir();
        if self.images.len() > 1 && !folder {
            bail!("{} images need a folder: --output FOLDER", self.images.len());
        }
        if piped && self.common.json() {
            bail!("the picture goes to standard output, and so does --json");
        }
        let mut report = Report::new(self.common.format());
        for image in &self.images {
            if stop.asked() {
                break;
            }
            let mut images = ImageServiceClient::new(connection.channel());
            let request = v1::DownloadImageRequest { name: image.name() };
            let mut answer = images.download_image(request).await.map_err(told)?.into_inner();
            let Some(Payload::Metadata(found)) = answer.message().await.map_err(told)?.and_then(|first| first.payload)
            else {
                bail!("the server's first message is not the metadata");
            };
            let file = match (piped, folder) {
                (true, _) => None,
                (false, true) => Some(self.output.join(kept_name(&found)?)),
                (false, false) => Some(self.output.clone()),
            };
            let bar = progress::bytes(self.common.format(), "receiving", found.size_bytes.unsigned_abs());
            let received = tokio::select! {
                received = receive(&mut answer, file.as_deref(), self.force, &bar) => received?,
                () = stop.gently() => bail!("interrupted; nothing was written"),
            };
            bar.finish_and_clear();
            if let Some(file) = &file {
                let file = file.display().to_string();
                report.add(Downloaded { image: image.name(), file, bytes: received })?;
            }
        }
        if piped { Ok(Tally { done: 1, ..Tally::default() }) } else { Ok(report.end("downloaded", "failed")?) }
    }
}

/// The name that the library keeps, as a file of a folder: what could lead elsewhere is refused.
fn kept_name(found: &v1::DownloadImageMetadata) -> Result<String> {
    let image = found.image.clone().unwrap_or_default();
    let name = if image.display_name.is_empty() { image.uid } else { image.display_name };
    let plain = Path::new(&name).file_name().is_some_and(|last| last == name.as_str());
    if !plain || name.starts_with('.') || name.contains(['\\', '\0']) {
        bail!("the library's name `{}` is not one of a file; give one with --output", name.escape_debug());
    }
    Ok(name)
}

/// Takes the picture to `file`, or to standard output; its length.
async fn receive(
    answer: &mut Streaming<v1::DownloadImageResponse>,
    file: Option<&Path>,
    force: bool,
    bar: &indicatif::ProgressBar,
) -> Result<u64> {
    let mut length = 0;
    let Some(file) = file else {
        while let Some(chunk) = next(answer).await? {
            std::io::stdout().write_all(&chunk)?;
            length += chunk.len() as u64;
        }
        std::io::stdout().flush()?;
        return Ok(length);
    };
    let cannot = || format!("cannot write {}", file.display());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut written = new_file(folder).with_context(cannot)?;
    while let Some(chunk) = next(answer).await? {
        written.write_all(&chunk).with_context(cannot)?;
        length += chunk.len() as u64;
        bar.inc(chunk.len() as u64);
    }
    if force {
        written.persist(file).map_err(|refused| refused.error).with_context(cannot)?;
    } else {
        let kept = written.persist_noclobber(file).map_err(|refused| refused.error);
        kept.with_context(|| format!("{}; --force overwrites a file that is there", cannot()))?;
    }
    Ok(length)
}

/// A file that others may read as far as the user's mask lets them.
fn new_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

async fn next(answer: &mut Streaming<v1::DownloadImageResponse>) -> Result<Option<bytes::Bytes>> {
    match answer.message().await.map_err(told)?.map(|message| message.payload) {
        None => Ok(None),
        Some(Some(Payload::Chunk(chunk))) => Ok(Some(chunk)),
        Some(_) => bail!("the server sent something else than the next bytes"),
    }
}

impl Row for Downloaded {
    const HEAD: &'static [&'static str] = &["image", "file", "bytes"];

    fn cells(&self) -> Vec<String> {
        vec![short(&self.image), self.file.clone(), self.bytes.to_string()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_no_file() {
        let named = |name: &str| {
            let image = v1::Image { display_name: name.to_owned(), uid: "h".to_owned(), ..Default::default() };
            kept_name(&v1::DownloadImageMetadata { image: Some(image), size_bytes: 0 })
        };
        assert_eq!(named("a b.png").unwrap(), "a b.png");
        assert_eq!(named("").unwrap(), "h");
        for wrong in ["../a.png", "/etc/passwd", "..", ".bashrc", "a/b", "a\\b"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
