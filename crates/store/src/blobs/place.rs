//! Where the bytes of pictures are: a folder, or what else keeps objects by name.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::bucket::{self, Bucket, BucketHttp, BucketKeySource, BucketProblem};

/// What a folder is given at a time.
const FOLDER_PART: usize = 1 << 20;
/// Room for each client unless told otherwise: 1 GiB.
const BYTES_PER_CLIENT: u64 = 1 << 30;

/// A place for the bytes of pictures, and how much of it each client may take. Processes that share a database share it,
/// too.
#[derive(Clone)]
pub struct BlobPlace {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) part_bytes: usize,
    pub(crate) bytes_per_client: u64,
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobPlaceError {
    /// The folder cannot be made, or not be used.
    #[error("the folder for pictures cannot be used")]
    Folder(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The bucket does not answer as it should.
    #[error("the bucket `{bucket}` at {address} cannot be used: {problem}")]
    Bucket {
        /// Its name.
        bucket: String,
        /// The address that was called.
        address: String,
        /// What stands in the way.
        problem: BucketProblem,
        /// What was answered.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BlobPlace {
    /// A folder, which is made if it is not there. A picture is there as a whole or not at all, also after a loss of power:
    /// its file gets its name once its bytes are on the disk.
    ///
    /// # Errors
    /// [`BlobPlaceError::Folder`].
    pub fn folder(path: impl AsRef<Path>) -> Result<Self, BlobPlaceError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path.as_ref()).map_err(|error| BlobPlaceError::Folder(error.into()))?;
        let folder = LocalFileSystem::new_with_prefix(path).map_err(|error| BlobPlaceError::Folder(error.into()))?;
        Ok(Self::of(Arc::new(folder.with_fsync(true)), FOLDER_PART))
    }

    /// A bucket, which is asked once whether it is there and its keys may list it.
    ///
    /// # Errors
    /// [`BlobPlaceError::Bucket`].
    pub async fn bucket(
        bucket: &Bucket,
        http: Arc<dyn BucketHttp>,
        keys: Arc<dyn BucketKeySource>,
    ) -> Result<Self, BlobPlaceError> {
        let opened = bucket.open(http, keys).await.map_err(|error| BlobPlaceError::Bucket {
            bucket: bucket.name.clone(),
            address: bucket.address(),
            problem: BucketProblem::of(&error),
            source: error.into(),
        });
        Ok(Self::of(opened?, bucket::PART))
    }

    /// Whatever keeps objects by name, written in parts of so many bytes.
    pub fn of(objects: Arc<dyn ObjectStore>, part_bytes: usize) -> Self {
        Self { objects, part_bytes: part_bytes.max(1), bytes_per_client: BYTES_PER_CLIENT }
    }

    /// What keeps the objects, for those who look at them from outside.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// Gives each client this room in bytes; 1 GiB if not told. A picture that several clients have put counts for each.
    #[must_use]
    pub fn with_bytes_per_client(mut self, bytes: u64) -> Self {
        self.bytes_per_client = bytes;
        self
    }
}

impl fmt::Debug for BlobPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobPlace").field("bytes_per_client", &self.bytes_per_client).finish_non_exhaustive()
    }
}
