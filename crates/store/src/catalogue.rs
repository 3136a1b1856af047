//! The catalogue as a table. An entry that is wrong is corrected by whoever sees the album, as everywhere.

use std::sync::Arc;

use async_trait::async_trait;
use polyptych_domain::{AlbumName, Catalogue, ContentKey, Error, ImageId, Known};

use crate::error::{Fault, internal, unreadable};
use crate::patience::again;
use crate::pool::{Tx, args, composed};
use crate::store::Shared;

/// Most images that one statement forgets.
const CHUNK: usize = 200;

/// The domain's [`Catalogue`] over the database.
pub(crate) struct SqlCatalogue(pub(crate) Arc<Shared>);

#[async_trait]
impl Catalogue for SqlCatalogue {
    async fn find(&self, key: &ContentKey) -> Result<Option<Known>, Error> {
        find(&self.0, key).await.map_err(internal)
    }

    async fn record(&self, key: &ContentKey, known: &Known) -> Result<(), Error> {
        let keep = || async {
            let mut tx = self.0.db.begin().await?;
            record(&mut tx, key, known, self.0.now()).await?;
            tx.commit().await
        };
        again(keep).await.map_err(internal)
    }

    async fn images(&self, album: &AlbumName) -> Result<Vec<ImageId>, Error> {
        let sql = "SELECT DISTINCT image FROM catalogue WHERE library = $1 AND album = $2";
        let read = async {
            let rows = self.0.db.read(sql, args![album.library.as_str(), album.album.as_str()]).await?;
            rows.iter().map(|row| image(row.get("image")?)).collect::<Result<_, _>>()
        };
        read.await.map_err(internal)
    }

    async fn forget(&self, album: &AlbumName, images: &[ImageId]) -> Result<(), Error> {
        for images in images.chunks(CHUNK) {
            let mut args = args![album.library.as_str(), album.album.as_str()].to_vec();
            args.extend(images.iter().map(|image| crate::pool::Arg::from(image.as_str())));
            let sql = format!(
                "DELETE FROM catalogue WHERE library = $1 AND album = $2 AND image IN ({})",
                crate::pool::places(3, images.len())
            );
            self.0.db.execute(composed(sql), &args).await.map_err(internal)?;
        }
        Ok(())
    }
}

async fn find(shared: &Shared, key: &ContentKey) -> Result<Option<Known>, Fault> {
    let sql = "SELECT image, name, class FROM catalogue WHERE library = $1 AND album = $2 AND sha256 = $3";
    let (library, album) = (key.album.library.as_str(), key.album.album.as_str());
    let rows = shared.db.read(sql, args![library, album, &key.sha256.to_string()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Known { image: image(row.get("image")?)?, name: row.get("name")?, class: row.get("class")? }))
}

/// Remembers an image within a transaction.
pub(crate) async fn record(tx: &mut Tx, key: &ContentKey, known: &Known, now: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO catalogue (library, album, sha256, image, name, class, recorded) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (library, album, sha256) DO UPDATE \
               SET image = excluded.image, name = excluded.name, class = excluded.class, recorded = excluded.recorded";
    let digest = key.sha256.to_string();
    let (library, album) = (key.album.library.as_str(), key.album.album.as_str());
    let known = args![known.image.as_str(), known.name.as_deref(), known.class.as_deref(), now].to_vec();
    let args = [args![library, album, &digest].as_slice(), &known].concat();
    tx.execute(sql, &args).await.map(drop)
}

fn image(id: String) -> Result<ImageId, Fault> {
    ImageId::new(id).map_err(unreadable)
}
