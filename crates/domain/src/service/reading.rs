//! What libraries tell: lists, single images, limits. What they no longer hold, the catalogue forgets.

use std::collections::HashSet;

use super::meter::Meters;
use super::{Service, album, located};
use crate::{
    Album, AlbumId, AlbumName, AlbumQuery, Error, ErrorKind, Image, ImageId, ImageLibrary, ImageName, LibraryId, Page,
    PageRequest, Quota,
};

impl Service {
    /// Lists images of an album (absent: the default album); the returned name says which. A list that is complete in
    /// one page corrects the catalogue.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::list`] tells.
    pub async fn list(
        &self,
        library: &LibraryId,
        album_id: Option<&AlbumId>,
        page: &PageRequest,
    ) -> Result<(AlbumName, Page<Image>), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let images = self.list_of(library, &album, page).await.map_err(|error| located(error, library, &album))?;
        Ok((AlbumName { library: library.id().clone(), album }, images))
    }

    async fn list_of(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        page: &PageRequest,
    ) -> Result<Page<Image>, Error> {
        if page.after.is_some() {
            return library.list(album, page).await;
        }
        // What is uploaded while the list is read may be missing in it, and is none of these.
        let name = AlbumName { library: library.id().clone(), album: library.canonical(album) };
        let known = self.catalogue.images(&name).await?;
        let images = library.list(album, page).await?;
        if images.next.is_none() && !known.is_empty() {
            let held: HashSet<&ImageId> = images.items.iter().map(|image| &image.id).collect();
            let gone: Vec<ImageId> = known.into_iter().filter(|id| !held.contains(id)).collect();
            self.catalogue.forget(&name, &gone).await?;
        }
        Ok(images)
    }

    /// What is known of the limits of an album's account (absent: the default album's); the returned name says which.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::quota`] tells.
    pub async fn quota(&self, library: &LibraryId, album_id: Option<&AlbumId>) -> Result<(AlbumName, Quota), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let quota = library.quota(&album).await.map_err(|error| located(error, library, &album))?;
        Ok((AlbumName { library: library.id().clone(), album }, quota))
    }

    /// Lists the albums of a library that a query finds.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::albums`] tells.
    pub async fn albums(
        &self,
        library: &LibraryId,
        query: &AlbumQuery,
        page: &PageRequest,
    ) -> Result<Page<Album>, Error> {
        let library = self.library(library)?;
        let listed = library.albums(query, page).await;
        listed.map_err(|error| error.with_library(library.id(), library.provider()))
    }

    /// Reads one image.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::get`] tells.
    pub async fn get(&self, name: &ImageName) -> Result<Image, Error> {
        self.get_within(name, &Meters::default()).await
    }

    /// Reads one image within these accounts.
    pub(crate) async fn get_within(&self, name: &ImageName, meters: &Meters) -> Result<Image, Error> {
        let library = self.library(&name.album.library)?.as_ref();
        let album = &name.album.album;
        let paid = meters.of(library.id()).pay_reading(album, &library.capabilities().prices).await;
        paid.map_err(|error| located(error, library, album))?;
        let found = library.get(album, &name.image).await;
        let forgotten = match &found {
            Err(error) if error.kind() == ErrorKind::ImageNotFound => {
                self.forget(library, album, std::slice::from_ref(&name.image)).await
            }
            _ => Ok(()),
        };
        forgotten.and(found).map_err(|error| located(error, library, album))
    }
}
