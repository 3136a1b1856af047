//! The pictures of the demo: the user's files, or three that come with the program.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use polyptych::facade::Settings;
use tokio::io::AsyncReadExt;

/// A file by name.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) name: String,
    pub(super) bytes: Bytes,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

const INCLUDED: [(&str, &[u8]); 3] = [
    ("landscape.jpg", include_bytes!("../../pictures/landscape.jpg")),
    ("mark.png", include_bytes!("../../pictures/mark.png")),
    ("banner.gif", include_bytes!("../../pictures/banner.gif")),
];

/// Reads the files, or takes the included ones if none are named.
pub(super) async fn load(paths: Vec<PathBuf>) -> Result<Vec<Picture>> {
    if paths.is_empty() {
        let included =
            INCLUDED.map(|(name, bytes)| Picture { name: name.to_owned(), bytes: Bytes::from_static(bytes) });
        return Ok(included.into());
    }
    let mut pictures = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_name().with_context(|| format!("`{}` names no file", path.display()))?;
        let name = name.to_string_lossy().into_owned();
        let max = Settings::default().max_upload_bytes;
        let bytes = read(&path, max + 1).await.with_context(|| format!("cannot read `{}`", path.display()))?;
        ensure!(bytes.len() as u64 <= max, "`{}` is longer than the {max} bytes that the façade takes", path.display());
        pictures.push(Picture { name, bytes: bytes.into() });
    }
    Ok(pictures)
}

/// At most `most` bytes: the path may lead to something without an end.
async fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(most).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
