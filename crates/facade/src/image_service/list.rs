//! `ListImages`: one page per call; the token binds the provider's cursor to the album, however the album was named.

use polyptych_domain::{AlbumName, PageRequest};
use polyptych_proto::v1;
use tonic::Status;

use super::{Images, album, find};
use crate::caller::Caller;
use crate::progress::Progress;
use crate::status::{Fields, failed};
use crate::{convert, page_token};

impl Images {
    pub(super) async fn list(
        &self,
        progress: &Progress,
        caller: &Caller,
        request: v1::ListImagesRequest,
    ) -> Result<v1::ListImagesResponse, Status> {
        let (id, named) = convert::parse_parent("parent", &request.parent)?;
        let service = self.service.open(caller);
        let library = find(&service, &id)?;
        let album = AlbumName { album: album("parent", library, named)?, library: id };
        progress.at(library, Some(&album.album));
        let parent = album.to_string();
        let after = page_token::after(&parent, &request.page_token)?;
        // A token was made for this album, so that it is the token that is wrong.
        let blamed = Fields::of(if after.is_some() { "page_token" } else { "parent" });
        let page = PageRequest { size: self.settings.page_of("page_size", request.page_size)?, after };
        let listed = service.list(&album.library, Some(&album.album), &page).await;
        let (_, page) = listed.map_err(|error| failed(&error, blamed))?;
        Ok(v1::ListImagesResponse {
            images: convert::images(&album.library, page.items),
            next_page_token: page.next.map(|next| page_token::seal(&parent, &next)).unwrap_or_default(),
        })
    }
}
