//! Values that are read from files, and read again when the files change: keys of tokens, certificates. A file that cannot be
//! used any more leaves the value as it was. Contents are compared, not dates, so that every way of replacing a file is seen.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Longer than any set of keys or chain of certificates.
const MAX_BYTES: u64 = 1 << 20;

/// Why files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// One cannot be read.
    #[error("the file `{path}` cannot be read")]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One is longer than any that makes sense.
    #[error("the file `{path}` is longer than {MAX_BYTES} bytes")]
    Length {
        /// Its path.
        path: PathBuf,
    },
    /// One does not hold what it should.
    #[error("the file `{path}` is of no use: {message}")]
    Content {
        /// Its path.
        path: PathBuf,
        /// Why; nothing of the content.
        message: String,
    },
}

impl FileError {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::Length { path } | Self::Content { path, .. } => path,
        }
    }

    pub(crate) fn content(path: &Path, message: impl ToString) -> Self {
        Self::Content { path: path.to_owned(), message: message.to_string() }
    }
}

/// What can be read again.
pub(crate) trait Source: Send + Sync {
    /// Looks at the files; whether there was something new. Blocks.
    fn reload(&self) -> Result<bool, FileError>;
}

type Make<T> = dyn Fn(&[Vec<u8>]) -> Result<T, FileError> + Send + Sync;

/// A value made of files.
pub(crate) struct Kept<T> {
    paths: Vec<PathBuf>,
    make: Box<Make<T>>,
    seen: RwLock<(Seen, Arc<T>)>,
}

/// Digests of what was read.
type Seen = Vec<[u8; 32]>;

impl<T> Kept<T> {
    /// Reads files and makes the value of their contents, in the same order. Blocks.
    pub(crate) fn open(
        paths: Vec<PathBuf>,
        make: impl Fn(&[Vec<u8>]) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<Self, FileError> {
        let contents = read(&paths)?;
        let value = make(&contents)?;
        let seen = RwLock::new((digests(&contents), Arc::new(value)));
        Ok(Self { paths, make: Box::new(make), seen })
    }

    /// The value as it is now.
    pub(crate) fn value(&self) -> Arc<T> {
        Arc::clone(&self.seen.read().unwrap_or_else(PoisonError::into_inner).1)
    }
}

impl<T: Send + Sync> Source for Kept<T> {
    fn reload(&self) -> Result<bool, FileError> {
        let contents = read(&self.paths)?;
        let found = digests(&contents);
        if self.seen.read().unwrap_or_else(PoisonError::into_inner).0 == found {
            return Ok(false);
        }
        let value = Arc::new((self.make)(&contents)?);
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = (found, value);
        Ok(true)
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, FileError> {
    let read = |path: &PathBuf| {
        let unreadable = |source| FileError::Read { path: path.clone(), source };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES { Err(FileError::Length { path: path.clone() }) } else { Ok(bytes) }
    };
    paths.iter().map(read).collect()
}

fn digests(contents: &[Vec<u8>]) -> Seen {
    contents.iter().map(|content| Sha256::digest(content).into()).collect()
}

/// All that a server reads again: keys of tokens, certificates. A clone is the same.
#[derive(Clone, Default)]
pub struct Files(Vec<Arc<dyn Source>>);

impl Files {
    pub(crate) fn of(source: Arc<dyn Source>) -> Self {
        Self(vec![source])
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Reads all of them now; what cannot be used any more, and stays as it was.
    pub async fn reload(&self) -> Vec<FileError> {
        let sources = self.0.clone();
        let read = tokio::task::spawn_blocking(move || sources.iter().filter_map(|one| one.reload().err()).collect());
        // A panic of a reader has been told where it was; the values are as they were.
        read.await.unwrap_or_default()
    }

    /// Reads all of them each time that `pause` has passed, for ever. What cannot be used is told once in the log until it
    /// changes.
    pub async fn watch(&self, pause: Duration) {
        let mut told = Vec::new();
        loop {
            tokio::time::sleep(pause).await;
            let failures: Vec<_> = self.reload().await.iter().map(ToString::to_string).collect();
            for failure in failures.iter().filter(|failure| !told.contains(*failure)) {
                tracing::error!(failure, "a file has changed and cannot be used; what it held before stays");
            }
            told = failures;
        }
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Files({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(folder: &Path) -> Result<Kept<u32>, FileError> {
        let path = folder.join("number");
        Kept::open(vec![path.clone()], move |contents| {
            let text = String::from_utf8_lossy(&contents[0]).into_owned();
            text.parse().map_err(|_| FileError::content(&path, "it is no number"))
        })
    }

    #[tokio::test]
    async fn a_file_that_changes_changes_the_value_and_one_that_is_spoilt_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(folder.path().join("number"), text).unwrap();
        assert!(matches!(number(folder.path()), Err(FileError::Read { .. })));
        write("1");
        let kept = Arc::new(number(folder.path()).unwrap());
        let files = Files::of(Arc::clone(&kept) as _);
        assert!(!kept.reload().unwrap());
        write("2");
        assert!(files.reload().await.is_empty());
        assert_eq!(*kept.value(), 2);
        write("two");
        assert!(matches!(files.reload().await.as_slice(), [FileError::Content { .. }]));
        assert_eq!(*kept.value(), 2);
        std::fs::remove_file(folder.path().join("number")).unwrap();
        assert!(matches!(files.reload().await.as_slice(), [FileError::Read { .. }]));
        write("3");
        assert!(files.reload().await.is_empty());
        assert_eq!(*kept.value(), 3);
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::File::create(folder.path().join("number")).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(number(folder.path()), Err(FileError::Length { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn files_are_looked_at_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("number"), "1").unwrap();
        let kept = Arc::new(number(folder.path()).unwrap());
        let files = Files::of(Arc::clone(&kept) as _);
        let watching = tokio::spawn(async move { files.watch(Duration::from_secs(10)).await });
        for value in [2, 3] {
            std::fs::write(folder.path().join("number"), value.to_string()).unwrap();
            let begun = tokio::time::Instant::now();
            while *kept.value() != value {
                assert!(begun.elapsed() < Duration::from_secs(60));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        watching.abort();
    }
}
