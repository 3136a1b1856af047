//! The catalogue as a table. An entry that is wrong is corrected by whoever sees the album, as everywhere.

use std::sync::Arc;

use async_trait::async_trait;
use polyptych_domain::{AlbumName, Catalogue, ContentKey, Error, ImageId, Known, Sha256};

use crate::error::{Fault, internal, unreadable};
use crate::patience::again;
use crate::pool::{Arg, Row, Tx, args, composed};
use crate::store::Shared;

/// Most images that one statement names.
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

    async fn contents(&self, album: &AlbumName, images: &[ImageId]) -> Result<Vec<(Sha256, Known)>, Error> {
        let mut held = Vec::new();
        for images in images.chunks(CHUNK) {
            let sql = format!("SELECT sha256, image, name, class FROM catalogue {}", of_images(images.len()));
            let rows = self.0.db.read(composed(sql), &naming(album, images)).await.map_err(internal)?;
            for row in &rows {
                held.push((digest(row).map_err(internal)?, known(row).map_err(internal)?));
            }
        }
        Ok(held)
    }

    async fn forget(&self, album: &AlbumName, images: &[ImageId]) -> Result<(), Error> {
        for images in images.chunks(CHUNK) {
            let sql = format!("DELETE FROM catalogue {}", of_images(images.len()));
            self.0.db.execute(composed(sql), &naming(album, images)).await.map_err(internal)?;
        }
        Ok(())
    }
}

/// Which rows are about so many images of an album; [`naming`] has their arguments.
fn of_images(count: usize) -> String {
    format!("WHERE library = $1 AND album = $2 AND image IN ({})", crate::pool::places(3, count))
}

fn naming<'a>(album: &'a AlbumName, images: &'a [ImageId]) -> Vec<Arg<'a>> {
    let album = [Arg::from(album.library.as_str()), Arg::from(album.album.as_str())];
    album.into_iter().chain(images.iter().map(|image| Arg::from(image.as_str()))).collect()
}

async fn find(shared: &Shared, key: &ContentKey) -> Result<Option<Known>, Fault> {
    let sql = "SELECT image, name, class FROM catalogue WHERE library = $1 AND album = $2 AND sha256 = $3";
    let (library, album) = (key.album.library.as_str(), key.album.album.as_str());
    let rows = shared.db.read(sql, args![library, album, &key.sha256.to_string()]).await?;
    rows.first().map(known).transpose()
}

fn known(row: &Row) -> Result<Known, Fault> {
    Ok(Known { image: image(row.get("image")?)?, name: row.get("name")?, class: row.get("class")? })
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

fn digest(row: &Row) -> Result<Sha256, Fault> {
    row.get::<String, _>("sha256")?.parse().map_err(unreadable)
}

fn image(id: String) -> Result<ImageId, Fault> {
    ImageId::new(id).map_err(unreadable)
}
