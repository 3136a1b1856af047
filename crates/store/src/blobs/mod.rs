//! Pictures that operations need: rows say which there are and whose room they take, objects hold the bytes. An object is
//! written before its row and removed after it, and its name is never used twice; so a row always has its bytes, and a
//! process that dies in between leaves no more than an object that nobody names, which is [swept](crate::Retention).

mod bucket;
mod place;
mod source;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use polyptych_domain::{Blobs, ClientId, Content, Error, ErrorKind, Sha256};
use sha2::{Digest, Sha256 as Hasher};

pub use bucket::{Bucket, BucketBody, BucketHttp, BucketHttpError, BucketKeySource, BucketKeys, BucketProblem};
pub use place::{BlobPlace, BlobPlaceError};

use crate::error::{Fault, LATER, internal, unreadable};
use crate::members::row_id;
use crate::patience::again;
use crate::pool::{Arg, Tx, args, composed, places};
use crate::store::Shared;
use source::BlobSource;

/// The domain's [`Blobs`] over the database and a place for bytes.
pub(crate) struct SqlBlobs {
    pub(crate) shared: Arc<Shared>,
    pub(crate) place: BlobPlace,
}

#[async_trait]
impl Blobs for SqlBlobs {
    async fn put(&self, client: &ClientId, content: &Content) -> Result<(), Error> {
        let wanted = Wanted::new(client, content)?;
        let kept = again(|| self.own(&wanted, None, None)).await?;
        // A database that was restored, or is shared without the place, names objects that are not there.
        if let Some(name) = &kept
            && self.holds(&path(name), content.len()).await?
        {
            return Ok(());
        }
        let name = format!("{}-{}", wanted.sha256, row_id().map_err(internal)?);
        let mut unnamed = Unnamed { blobs: self, name: Some(name) };
        let path = unnamed.path();
        self.write(&path, content).await?;
        let named = again(|| self.own(&wanted, unnamed.name.as_deref(), kept.as_deref())).await?;
        if named == unnamed.name {
            unnamed.name = None;
        }
        Ok(())
    }

    async fn open(&self, sha256: &Sha256) -> Result<Content, Error> {
        let sql = "SELECT place, len FROM blobs WHERE sha256 = $1";
        let rows = self.shared.db.read(sql, args![&sha256.to_string()]).await.map_err(internal)?;
        let missing = || Error::new(ErrorKind::SourceUnavailable, format!("the picture {sha256} is not kept any more"));
        let row = rows.first().ok_or_else(missing)?;
        let path = path(&row.get::<String, _>("place").map_err(internal)?);
        let len = row.get::<i64, _>("len").map_err(internal)?;
        let len = u64::try_from(len).map_err(|error| internal(unreadable(error)))?;
        let objects = Arc::clone(&self.place.objects);
        let source = BlobSource { objects, path, len, sha256: *sha256, runtime: self.shared.runtime.clone() };
        Ok(Content::new(len, *sha256, Arc::new(source)))
    }

    async fn held(&self, client: &ClientId, wanted: &[Sha256]) -> Result<Vec<Option<u64>>, Error> {
        let digests: Vec<String> = wanted.iter().map(Sha256::to_string).collect();
        let held = again(|| self.touch(client, &digests)).await.map_err(internal)?;
        Ok(digests.iter().map(|sha256| held.get(sha256).copied()).collect())
    }
}

/// Most pictures that one statement names.
const CHUNK: usize = 200;

/// What is to be kept, as the rows name it.
struct Wanted<'a> {
    client: &'a str,
    sha256: String,
    len: i64,
}

impl<'a> Wanted<'a> {
    fn new(client: &'a ClientId, content: &Content) -> Result<Self, Error> {
        let len = i64::try_from(content.len()).map_err(|_| no_room("the picture is larger than any store"))?;
        Ok(Self { client: client.as_str(), sha256: content.sha256().to_string(), len })
    }
}

impl SqlBlobs {
    /// Begins the time anew for which those of these pictures are kept that are the client's; their lengths.
    async fn touch(&self, client: &ClientId, wanted: &[String]) -> Result<HashMap<String, u64>, Fault> {
        let mut held = HashMap::new();
        for wanted in wanted.chunks(CHUNK) {
            let mut args = args![client.as_str(), self.shared.now()].to_vec();
            args.extend(wanted.iter().map(|sha256| Arg::from(sha256.as_str())));
            let sql = format!(
                "UPDATE blobs SET put = $2 WHERE sha256 IN ({}) AND EXISTS (SELECT 1 FROM blob_owners \
                 WHERE blob_owners.sha256 = blobs.sha256 AND blob_owners.client = $1) RETURNING sha256, len",
                places(3, wanted.len())
            );
            let mut tx = self.shared.db.begin().await?;
            for row in tx.rows(composed(sql), &args).await? {
                let len = u64::try_from(row.get::<i64, _>("len")?).map_err(unreadable)?;
                held.insert(row.get::<String, _>("sha256")?, len);
            }
            tx.commit().await?;
        }
        Ok(held)
    }

    /// Whether an object of this length is there.
    async fn holds(&self, path: &Path, len: u64) -> Result<bool, Error> {
        match self.place.objects.head(path).await {
            Ok(meta) => Ok(meta.size == len),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unkept(error)),
        }
    }

    /// Makes the picture the client's, too, and tells the name of its object from now on: without a `name` only where it is kept
    /// already; with one it is that, unless there is another that is not the `lost` one.
    async fn own(&self, wanted: &Wanted<'_>, name: Option<&str>, lost: Option<&str>) -> Result<Option<String>, Error> {
        let mut tx = self.shared.db.begin().await.map_err(internal)?;
        self.make_room(&mut tx, wanted).await?;
        let own = async {
            let now = self.shared.now();
            let rows = match name {
                None => {
                    let again = "UPDATE blobs SET put = $2 WHERE sha256 = $1 RETURNING place";
                    tx.rows(again, args![&wanted.sha256, now]).await?
                }
                Some(name) => {
                    let keep = "INSERT INTO blobs (sha256, place, len, put) VALUES ($1, $2, $3, $4) \
                                ON CONFLICT (sha256) DO UPDATE SET put = excluded.put, \
                                place = CASE WHEN blobs.place = $5 THEN excluded.place ELSE blobs.place END \
                                RETURNING place";
                    tx.rows(keep, args![&wanted.sha256, name, wanted.len, now, lost]).await?
                }
            };
            let named = rows.first().map(|row| row.get::<String, _>("place")).transpose()?;
            if named.is_some() {
                let own = "INSERT INTO blob_owners (sha256, client) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                tx.execute(own, args![&wanted.sha256, wanted.client]).await?;
            }
            tx.commit().await?;
            Ok::<_, Fault>(named)
        };
        own.await.map_err(crate::error::unkept)
    }

    /// Proves that the client has room for it, and keeps it so until the transaction ends: whoever puts something for the
    /// same client waits for its row.
    async fn make_room(&self, tx: &mut Tx, wanted: &Wanted<'_>) -> Result<(), Error> {
        let row =
            "INSERT INTO blob_clients (client) VALUES ($1) ON CONFLICT (client) DO UPDATE SET client = excluded.client";
        tx.execute(row, args![wanted.client]).await.map_err(crate::error::unkept)?;
        let sum = "SELECT CAST(COALESCE(SUM(blobs.len), 0) AS BIGINT) AS taken FROM blob_owners \
                   JOIN blobs ON blobs.sha256 = blob_owners.sha256 \
                   WHERE blob_owners.client = $1 AND blob_owners.sha256 <> $2";
        let rows = tx.rows(sum, args![wanted.client, &wanted.sha256]).await.map_err(internal)?;
        let taken = rows.first().map_or(Ok(0), |row| row.get::<i64, _>("taken")).map_err(internal)?;
        let room = i64::try_from(self.place.bytes_per_client).unwrap_or(i64::MAX);
        if taken.saturating_add(wanted.len) <= room {
            return Ok(());
        }
        let message = format!(
            "the pictures of this client's operations take {taken} bytes, of {room} that it may; {} more do not fit in. \
             They are freed some time after the operations have ended",
            wanted.len
        );
        Err(no_room(message))
    }

    /// Writes an object, which is there as a whole or not at all.
    async fn write(&self, path: &Path, content: &Content) -> Result<(), Error> {
        let part_bytes = self.place.part_bytes;
        let mut checked = Checked { hasher: Hasher::new(), len: 0, content };
        let mut chunks = content.source().chunks();
        let mut upload = None;
        let mut part = Vec::new();
        let mut held = 0;
        let written = async {
            while let Some(chunk) = chunks.next().await {
                let mut chunk = chunk.map_err(|error| unread(&error))?;
                checked.take(&chunk)?;
                // Some servers want all parts but the last to be of one length.
                while held + chunk.len() >= part_bytes {
                    part.push(chunk.split_to(part_bytes - held));
                    let upload = match &mut upload {
                        Some(upload) => upload,
                        none => none.insert(self.place.objects.put_multipart(path).await.map_err(unkept)?),
                    };
                    upload.put_part(PutPayload::from_iter(part.drain(..))).await.map_err(unkept)?;
                    held = 0;
                }
                held += chunk.len();
                part.push(chunk);
            }
            checked.end()?;
            let rest = PutPayload::from_iter(part.drain(..));
            match &mut upload {
                None => self.place.objects.put(path, rest).await.map(drop).map_err(unkept),
                Some(upload) => {
                    if held > 0 {
                        upload.put_part(rest).await.map_err(unkept)?;
                    }
                    upload.complete().await.map(drop).map_err(unkept)
                }
            }
        };
        let written = written.await;
        if let (Err(_), Some(upload)) = (&written, &mut upload)
            && let Err(error) = upload.abort().await
        {
            tracing::warn!(%error, "a picture that was not kept left something behind; the bucket's own rules end it");
        }
        written
    }
}

/// Bytes on their way, compared with what they are said to be.
struct Checked<'a> {
    hasher: Hasher,
    len: u64,
    content: &'a Content,
}

impl Checked<'_> {
    fn take(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.len += chunk.len() as u64;
        self.hasher.update(chunk);
        if self.len > self.content.len() { Err(changed()) } else { Ok(()) }
    }

    fn end(&self) -> Result<(), Error> {
        let digest: [u8; 32] = self.hasher.clone().finalize().into();
        let same = self.len == self.content.len() && digest == *self.content.sha256().as_bytes();
        if same { Ok(()) } else { Err(changed()) }
    }
}

/// An object that no row names yet. Dropped, it is removed.
struct Unnamed<'a> {
    blobs: &'a SqlBlobs,
    name: Option<String>,
}

impl Unnamed<'_> {
    fn path(&self) -> Path {
        path(self.name.as_deref().unwrap_or_default())
    }
}

impl Drop for Unnamed<'_> {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let shared = Arc::clone(&self.blobs.shared);
        let objects = Arc::clone(&self.blobs.place.objects);
        self.blobs.shared.runtime.spawn(async move {
            // After a commit that nobody knows the outcome of, the row may name it all the same.
            let named = shared.db.read("SELECT 1 FROM blobs WHERE place = $1", args![&name]).await;
            if !matches!(&named, Ok(rows) if rows.is_empty()) {
                return;
            }
            match objects.delete(&path(&name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => tracing::warn!(%error, "a picture that nobody needs cannot be removed now"),
            }
        });
    }
}

/// Where an object lies: folders by the first two digits, so that none grows too large.
pub(crate) fn path(name: &str) -> Path {
    Path::from(format!("{}/{name}", name.get(..2).unwrap_or_default()))
}

fn changed() -> Error {
    Error::new(ErrorKind::Internal, "the picture is not what it was when it was received")
}

fn unread(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the picture cannot be read: {error}"))
}

/// An object that cannot be written; a full disk is told apart, since something can be done about it.
fn unkept(error: object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        {
            return no_room("the place for pictures is full; try again later").with_retry_after(Some(LATER));
        }
        cause = error.source();
    }
    let message = match BucketProblem::of(&error) {
        BucketProblem::Other => "the picture cannot be kept".to_owned(),
        problem => format!("the picture cannot be kept in the bucket: {problem}"),
    };
    Error::new(ErrorKind::Internal, message).with_source(error)
}

fn no_room(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::QuotaExhausted, message)
}
