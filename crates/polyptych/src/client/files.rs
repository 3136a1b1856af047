//! Pictures of the command line: files, the files of a folder, or standard input.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use indicatif::ProgressBar;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::oneshot;

/// Bytes of one message.
const CHUNK: usize = 256 << 10;

/// A picture to be read.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// As the user knows it.
    pub(crate) shown: String,
    /// The name that the picture is to have.
    pub(crate) name: String,
    /// Absent for standard input.
    path: Option<PathBuf>,
    /// In bytes; 0 for standard input, which does not tell.
    pub(crate) length: u64,
}

/// The files that `paths` mean: a folder means those in it that are not hidden, by name; `-` is standard input.
///
/// # Errors
/// If there is no such file, a folder holds none, standard input is meant twice or has no `name`, or `name` is to be that
/// of several files.
pub(crate) async fn find(paths: &[PathBuf], name: Option<&str>) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            if files.iter().any(|file: &File| file.path.is_none()) {
                bail!("standard input can be read once");
            }
            let name = name.context("a picture from standard input needs a name: --name banner.png")?;
            files.push(File { shown: "-".to_owned(), name: name.to_owned(), path: None, length: 0 });
            continue;
        }
        let metadata = tokio::fs::metadata(path).await.with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            files.extend(folder(path).await?);
        } else {
            files.push(file(path.clone(), metadata.len())?);
        }
    }
    match (name, files.as_mut_slice()) {
        (Some(name), [only]) => name.clone_into(&mut only.name),
        (Some(_), _) => bail!("--name is for one picture, and there are {}", files.len()),
        (None, _) => {}
    }
    Ok(files)
}

fn file(path: PathBuf, length: u64) -> Result<File> {
    let name = path.file_name().with_context(|| format!("{} is not a file", path.display()))?;
    let name = name.to_str().with_context(|| format!("the name of {} is not UTF-8", path.display()))?.to_owned();
    Ok(File { shown: path.display().to_string(), name, path: Some(path), length })
}

async fn folder(path: &Path) -> Result<Vec<File>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut entries = tokio::fs::read_dir(path).await.with_context(cannot)?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await.with_context(cannot)? {
        let metadata = tokio::fs::metadata(entry.path()).await.with_context(cannot)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if metadata.is_file() && !hidden {
            files.push(file(entry.path(), metadata.len())?);
        }
    }
    if files.is_empty() {
        bail!("{} holds no files", path.display());
    }
    files.sort_by(|one, other| one.shown.cmp(&other.shown));
    Ok(files)
}

/// A file that is being sent.
pub(crate) struct Sending<S> {
    /// Its bytes. If it cannot be read on, they neither end nor go on: a file must not look whole that is not.
    pub(crate) chunks: S,
    /// Why it cannot be read on.
    pub(crate) broken: oneshot::Receiver<std::io::Error>,
}

impl File {
    /// Begins to read; `bar` advances with every chunk.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) async fn send(
        &self,
        bar: ProgressBar,
    ) -> std::io::Result<Sending<impl Stream<Item = Bytes> + Send + use<>>> {
        let reader: Box<dyn AsyncRead + Send + Unpin> = match &self.path {
            Some(path) => Box::new(tokio::fs::File::open(path).await?),
            None => Box::new(tokio::io::stdin()),
        };
        let (breaks, broken) = oneshot::channel();
        let chunks = stream::unfold((reader, breaks), move |(mut reader, breaks)| {
            let bar = bar.clone();
            async move {
                match chunk(&mut reader).await {
                    Ok(chunk) if chunk.is_empty() => None,
                    Ok(chunk) => {
                        bar.inc(chunk.len() as u64);
                        Some((chunk, (reader, breaks)))
                    }
                    Err(error) => {
                        // Whoever has gone does not need to know.
                        let _ = breaks.send(error);
                        std::future::pending().await
                    }
                }
            }
        });
        Ok(Sending { chunks, broken })
    }
}

/// The next bytes, as many as fit, until there are no more.
async fn chunk(reader: &mut (dyn AsyncRead + Send + Unpin)) -> std::io::Result<Bytes> {
    let mut chunk = BytesMut::with_capacity(CHUNK);
    while chunk.len() < CHUNK {
        if (&mut *reader).take((CHUNK - chunk.len()) as u64).read_buf(&mut chunk).await? == 0 {
            break;
        }
    }
    Ok(chunk.freeze())
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_folder_means_its_files_and_each_is_sent_whole() {
        let folder = tempfile::tempdir().unwrap();
        let long: Vec<u8> = (0..600_000_u32).map(|at| (at % 251) as u8).collect();
        for (name, bytes) in [("b.png", long.as_slice()), ("a.png", b"a".as_slice()), (".hidden", b"h".as_slice())] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        std::fs::create_dir(folder.path().join("deeper")).unwrap();
        let files = find(&[folder.path().to_owned()], None).await.unwrap();
        let names: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.length)).collect();
        assert_eq!(names, [("a.png", 1), ("b.png", 600_000)]);
        let bar = ProgressBar::hidden();
        let chunks: Vec<Bytes> = files[1].send(bar.clone()).await.unwrap().chunks.collect().await;
        assert_eq!((chunks.len(), chunks.concat(), bar.position()), (3, long, 600_000));
    }

    #[tokio::test]
    async fn names_are_asked_for_where_they_are_missing_and_refused_where_they_are_ambiguous() {
        let folder = tempfile::tempdir().unwrap();
        let told = |paths: Vec<PathBuf>, name: Option<&'static str>| async move {
            format!("{:#}", find(&paths, name).await.unwrap_err())
        };
        assert!(told(vec!["-".into()], None).await.contains("--name"));
        assert!(told(vec!["-".into(), "-".into()], Some("x.png")).await.contains("once"));
        assert!(told(vec![folder.path().to_owned()], None).await.contains("holds no files"));
        assert!(told(vec![folder.path().join("absent.png")], None).await.contains("cannot read"));
        let file = folder.path().join("a.png");
        std::fs::write(&file, b"a").unwrap();
        assert!(told(vec![file.clone(), file.clone()], Some("x.png")).await.contains("there are 2"));
        assert_eq!(find(&[file], Some("x.png")).await.unwrap()[0].name, "x.png");
    }
}
