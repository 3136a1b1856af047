//! The spool as the domain knows it, for pictures of copies and imports.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use polyptych_domain::{Content, Error, ErrorKind, Pieces};

use super::{Spool, SpoolError};
use crate::status::{LATER, SOON};

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
    let (kind, wait) = match &error {
        SpoolError::UploadTooLong { .. } => (ErrorKind::TooLarge, None),
        SpoolError::Full | SpoolError::ShareFull => (ErrorKind::QuotaExhausted, Some(SOON)),
        SpoolError::DiskFull(_) => (ErrorKind::QuotaExhausted, Some(LATER)),
        SpoolError::Io(_) => (ErrorKind::Internal, None),
    };
    Error::new(kind, error.to_string()).with_retry_after(wait).with_source(error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_a_full_disk_does_not_take_is_worth_another_try() {
        let full = not_kept(io::Error::from(io::ErrorKind::StorageFull).into());
        assert_eq!((full.kind(), full.retry_after()), (ErrorKind::QuotaExhausted, Some(LATER)));
        let broken = not_kept(io::Error::from(io::ErrorKind::PermissionDenied).into());
        assert_eq!((broken.kind(), broken.retry_after()), (ErrorKind::Internal, None));
    }
}
