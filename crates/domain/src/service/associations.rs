//! What shows the images of an album, and changing that.

use super::{Service, album, located, wrong_number};
use crate::{
    AlbumId, AlbumName, Association, AssociationChange, AssociationFilter, Error, LibraryId, Page, PageRequest,
};

impl Service {
    /// Lists what shows images of an album (absent: the default album); the returned name says which.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::associations`](crate::ImageLibrary::associations) tells.
    pub async fn associations(
        &self,
        library: &LibraryId,
        album_id: Option<&AlbumId>,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<(AlbumName, Page<Association>), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let told = library.associations(&album, filter, page).await;
        let page = told.map_err(|error| located(error, library, &album))?;
        Ok((AlbumName { library: library.id().clone(), album }, page))
    }

    /// Lets advertisements show images of an album (absent: the default album), or none: one outcome per change, in
    /// order; the returned name says which album it was.
    ///
    /// # Errors
    /// `LibraryNotFound`, and what [`ImageLibrary::set_associations`](crate::ImageLibrary::set_associations) tells.
    pub async fn set_associations(
        &self,
        library: &LibraryId,
        album_id: Option<&AlbumId>,
        changes: &[AssociationChange],
    ) -> Result<(AlbumName, Vec<Result<(), Error>>), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let here = |error| located(error, library, &album);
        let outcomes = library.set_associations(&album, changes).await.map_err(here)?;
        if outcomes.len() != changes.len() {
            return Err(here(wrong_number("change")));
        }
        let outcomes = outcomes.into_iter().map(|outcome| outcome.map_err(here)).collect();
        Ok((AlbumName { library: library.id().clone(), album }, outcomes))
    }
}
