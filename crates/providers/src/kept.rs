//! Whether a picture that a provider points at is the file that was sent to it. It is read in chunks and never kept.

use polyptych_domain::{Content, Sha256};
use polyptych_transport::{DownloadError, Transport};
use sha2::{Digest, Sha256 as Hasher};

/// Whether the bytes at `url` are those of `content`.
///
/// # Errors
/// If they cannot be had.
pub(crate) async fn is_kept_at(transport: &Transport, url: &str, content: &Content) -> Result<bool, DownloadError> {
    let mut hasher = Hasher::new();
    let same_length = transport.download(url, content.len(), &mut |piece| hasher.update(piece)).await?;
    Ok(same_length && Sha256::new(hasher.finalize().into()) == content.sha256())
}
