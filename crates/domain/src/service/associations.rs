//! What shows the images of an album, and changing that.

use super::{Service, album, located, wrong_number};
use crate::{
    AlbumId, AlbumName, Association, AssociationChange, AssociationFilter, Confirmed, Error, LibraryId, Page,
    PageRequest, Verb,
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
    ) -> Result<(AlbumName, Vec<Result<Confirmed, Error>>), Error> {
        let library = self.library(library)?.as_ref();
        let album = album(library, album_id)?;
        let here = |error| located(error, library, &album);
        let name = AlbumName { library: library.id().clone(), album: album.clone() };
        let under_way = self.under_way(Verb::Associate, &name, changes.iter().map(|change| change.image.clone()));
        let told = library.set_associations(&album, changes).await;
        let told =
            told.and_then(|told| if told.len() == changes.len() { Ok(told) } else { Err(wrong_number("change")) });
        let told: Result<Vec<Result<Confirmed, Error>>, Error> =
            told.map_err(here).map(|told| told.into_iter().map(|outcome| outcome.map_err(here)).collect());
        let events = changes.iter().enumerate().map(|(place, change)| {
            let outcome = match &told {
                Ok(outcomes) => outcomes
                    .get(place)
                    .map_or(Ok(None), |outcome| outcome.as_ref().map(|confirmed| confirmed.request_id.as_deref())),
                Err(error) => Err(error),
            };
            self.event(Verb::Associate, &name, change.image.as_ref(), outcome, 0)
        });
        under_way.end(events.collect()).await;
        told.map(|outcomes| (name, outcomes))
    }
}
