//! Where a library's token comes from. Sources are asked once per try, so that a rotated token is picked up; getting a
//! new token from a provider (OAuth refresh) is never done here.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncReadExt;

/// No token is longer; a larger file is some other file.
const MAX_BYTES: u64 = 64 * 1024;

/// Gives the credential of a library when a try starts.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// The credential as it is now.
    ///
    /// # Errors
    /// If there is none; the request is then not sent.
    async fn credential(&self) -> Result<SecretString, CredentialError>;

    /// The credential as it is after the provider refused the last one: read anew from its place, whatever is
    /// remembered. [`CredentialSource::credential`] then gives the same. A source that remembers nothing needs none.
    ///
    /// # Errors
    /// If there is none; the call then ends with the provider's refusal.
    async fn refreshed(&self) -> Result<SecretString, CredentialError> {
        self.credential().await
    }
}

/// Why there is no usable credential. Names the place, never the value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The place exists and holds nothing but white space.
    #[error("the credential is empty")]
    Empty,
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// The value is not UTF-8.
    #[error("the credential is not utf-8")]
    NotUtf8,
    /// The credential holds control characters, such as a line break within, which neither a header nor XML can carry.
    #[error("the credential holds control characters")]
    Control,
    /// The file is larger than any credential.
    #[error("the credential file is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// The file cannot be read.
    #[error("cannot read the credential file `{path}`")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A source of another crate failed. Its error must not hold the secret.
    #[error("the credential source failed")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A credential that never changes.
#[derive(Debug, Clone)]
pub struct Fixed(SecretString);

impl Fixed {
    /// Holds `secret`.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self(secret.into())
    }
}

#[async_trait]
impl CredentialSource for Fixed {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        trimmed(self.0.expose_secret())
    }
}

/// The credential is the value of an environment variable.
#[derive(Debug, Clone)]
pub struct FromEnv(String);

impl FromEnv {
    /// Names the variable, which is read at each try.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

#[async_trait]
impl CredentialSource for FromEnv {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        let value = std::env::var_os(&self.0).ok_or_else(|| CredentialError::Unset(self.0.clone()))?;
        trimmed(value.to_str().ok_or(CredentialError::NotUtf8)?)
    }
}

/// The credential is the content of a file, without surrounding white space; read again whenever the file was changed
/// or replaced (time of change, length or inode).
#[derive(Debug)]
pub struct FromFile {
    path: PathBuf,
    seen: Mutex<Option<(Stamp, SecretString)>>,
}

impl FromFile {
    /// Names the file, which is looked at in each try.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), seen: Mutex::new(None) }
    }

    /// At most one byte more than a credential may have: a device or a pipe does not tell its length.
    async fn read(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        tokio::fs::File::open(&self.path).await?.take(MAX_BYTES + 1).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    fn seen(&self) -> MutexGuard<'_, Option<(Stamp, SecretString)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, source: std::io::Error) -> CredentialError {
        CredentialError::File { path: self.path.clone(), source }
    }

    fn remembered(&self, stamp: &Stamp) -> Option<SecretString> {
        self.seen().as_ref().filter(|(known, _)| known == stamp).map(|(_, secret)| secret.clone())
    }
}

#[async_trait]
impl CredentialSource for FromFile {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        let found = tokio::fs::metadata(&self.path).await.map_err(|error| self.failed(error))?;
        let stamp = Stamp::of(&found);
        if let Some(secret) = self.remembered(&stamp) {
            return Ok(secret);
        }
        let bytes = self.read().await.map_err(|error| self.failed(error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(CredentialError::TooLarge);
        }
        let secret = trimmed(std::str::from_utf8(&bytes).map_err(|_| CredentialError::NotUtf8)?)?;
        *self.seen() = Some((stamp, secret.clone()));
        Ok(secret)
    }

    async fn refreshed(&self) -> Result<SecretString, CredentialError> {
        self.seen().take();
        self.credential().await
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    inode: u64,
}

impl Stamp {
    fn of(found: &std::fs::Metadata) -> Self {
        Self { modified: found.modified().ok(), len: found.len(), inode: inode(found) }
    }
}

#[cfg(unix)]
fn inode(found: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

fn trimmed(text: &str) -> Result<SecretString, CredentialError> {
    match text.trim() {
        "" => Err(CredentialError::Empty),
        secret => Ok(secret.into()),
    }
}
