//! The stored picture of an image, as its library serves it. It passes through and is kept nowhere.

use super::{Service, located};
use crate::{Error, Fetched, Image, ImageName};

/// The most bytes of a picture that is fetched. Libraries take 30 MB at most and may keep another file than they got.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// An image and its stored picture.
#[derive(Debug)]
pub struct Download {
    /// What the library says about the image.
    pub image: Image,
    /// Its picture, to be read in time.
    pub picture: Fetched,
}

impl Service {
    /// Reads an image and opens its stored picture, which may differ from the file that was uploaded.
    ///
    /// # Errors
    /// What [`Service::get`] and [`ImageLibrary::download`](crate::ImageLibrary::download) tell.
    pub async fn download(&self, name: &ImageName) -> Result<Download, Error> {
        let image = self.get(name).await?;
        let (library, album) = (self.library(&name.album.library)?.as_ref(), &name.album.album);
        let opened = library.download(album, &image, MOST_BYTES).await;
        let picture = opened.map_err(|error| located(error, library, album))?;
        Ok(Download { image, picture })
    }
}
