//! `ListImages`: one page per call; the token binds the provider's cursor to the album, however the album was named.

use polyptych_domain::{AlbumName, PageRequest};
use polyptych_proto::v1;
use tonic::Status;

use super::{Images, album, find};
use crate::progress::Progress;
use crate::status::{Refusal, failed};
use crate::{convert, page_token};

impl Images {
    pub(super) async fn list(
        &self,
        progress: &Progress,
        request: v1::ListImagesRequest,
    ) -> Result<v1::ListImagesResponse, Status> {
        let (id, named) = convert::parse_parent("parent", &request.parent)?;
        let library = find(&self.service, &id)?;
        let album = AlbumName { album: album("parent", library, named)?, library: id };
        progress.at(library, Some(&album.album));
        let parent = album.to_string();
        let after = match request.page_token.as_str() {
            "" => None,
            token => Some(
                page_token::open(&parent, token)
                    .ok_or_else(|| Refusal::argument("page_token", format!("this is not a token of {parent}")))?,
            ),
        };
        let page = PageRequest { size: self.settings.page_of(request.page_size)?, after };
        let listed = self.service.list(&album.library, Some(&album.album), &page).await;
        let (_, page) = listed.map_err(|error| failed(&error, "page_token"))?;
        Ok(v1::ListImagesResponse {
            images: page.items.into_iter().map(|image| convert::image(&album.library, image)).collect(),
            next_page_token: page.next.map(|next| page_token::seal(&parent, &next)).unwrap_or_default(),
        })
    }
}
