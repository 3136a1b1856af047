//! `StreamImages`: the pages of an album, one after the other, without the caller asking for each.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use polyptych_domain::{AlbumName, PageRequest};
use polyptych_proto::v1;
use tonic::{Request, Status};

use super::{Images, album, find};
use crate::answers::Answers;
use crate::caller::Caller;
use crate::progress::Progress;
use crate::status::{Fields, failed};
use crate::{convert, page_token};

/// Images of a batch where the request does not say.
const BATCH: i32 = 500;

/// The batches of one call.
pub(super) type Batches = Answers<v1::StreamImagesResponse>;

impl Images {
    pub(super) fn stream(&self, request: Request<v1::StreamImagesRequest>) -> Result<Batches, Status> {
        let progress = Progress::of(&request);
        let service = Arc::new(self.service.open(&Caller::of(&request)));
        let request = request.into_inner();
        let (id, named) = convert::parse_parent("parent", &request.parent)?;
        let library = find(&service, &id)?;
        let album = AlbumName { album: album("parent", library, named)?, library: id };
        progress.at(library, Some(&album.album));
        let parent = album.to_string();
        let after = page_token::after(&parent, &request.page_token)?;
        let asked = if request.batch_size == 0 { BATCH } else { request.batch_size };
        let size = self.settings.page_of("batch_size", asked)?;
        let first = PageRequest { size, after };
        let batches = stream::try_unfold(Some(first), move |page| {
            let (service, album, parent) = (Arc::clone(&service), album.clone(), parent.clone());
            async move {
                let Some(page) = page else { return Ok(None) };
                let blamed = Fields::of(if page.after.is_some() { "page_token" } else { "parent" });
                let listed = service.list(&album.library, Some(&album.album), &page).await;
                let (_, listed) = listed.map_err(|error| failed(&error, blamed))?;
                let batch = v1::StreamImagesResponse {
                    images: convert::images(&album.library, listed.items),
                    next_page_token: listed
                        .next
                        .as_ref()
                        .map(|next| page_token::seal(&parent, next))
                        .unwrap_or_default(),
                };
                let next = listed.next.map(|next| PageRequest { size: page.size, after: Some(next) });
                Ok(Some((batch, next)))
            }
        });
        Ok(batches.boxed())
    }
}
