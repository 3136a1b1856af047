//! The spool as the domain knows it, for pictures of copies and imports.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use polyptych_domain::{Content, Error, ErrorKind, Pieces};

use super::{Spool, SpoolError};

#[async_trait]
impl polyptych_domain::Spool for Spool {
    async fn keep(&self, mut pieces: Pieces) -> Result<Content, Error> {
        let mut upload = self.upload(None);
        while let Some(piece) = pieces.try_next().await? {
            upload.push(piece).await.map_err(not_kept)?;
        }
        upload.finish().map_err(not_kept)
    }
}

fn not_kept(error: SpoolError) -> Error {
    let kind = match &error {
        SpoolError::UploadTooLong { .. } => ErrorKind::TooLarge,
        SpoolError::Full | SpoolError::ShareFull => ErrorKind::QuotaExhausted,
        SpoolError::Io(_) => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string()).with_source(error)
}
