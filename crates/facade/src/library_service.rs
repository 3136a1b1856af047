//! `LibraryService`: what is configured, answered from memory; the albums that a library reaches, and limits of accounts.

use std::sync::Arc;

use polyptych_domain::{AlbumQuery, LibraryId, PageRequest};
use polyptych_proto::v1;
use polyptych_proto::v1::library_service_server::LibraryService;
use tonic::{Request, Response, Status};

use crate::caller::{Caller, Door};
use crate::image_service::{album, find};
use crate::progress::Progress;
use crate::status::{Fields, Refusal, failed};
use crate::{Settings, convert, page_token};

/// The longest text that albums are searched for, in bytes.
const MAX_QUERY_BYTES: usize = 256;

/// What the page tokens of libraries belong to.
const COLLECTION: &str = "libraries";

pub(crate) struct Libraries {
    service: Door,
    settings: Arc<Settings>,
}

impl Libraries {
    pub(crate) fn new(service: Door, settings: Arc<Settings>) -> Self {
        Self { service, settings }
    }
}

#[tonic::async_trait]
impl LibraryService for Libraries {
    async fn list_libraries(
        &self,
        request: Request<v1::ListLibrariesRequest>,
    ) -> Result<Response<v1::ListLibrariesResponse>, Status> {
        let service = self.service.open(&Caller::of(&request));
        let request = request.into_inner();
        let size = self.settings.page_of("page_size", request.page_size)? as usize;
        let refused = |_| Refusal::argument("page_token", "this is not a token of this list");
        let after = page_token::after(COLLECTION, &request.page_token)?;
        let after = after.map(|id| LibraryId::new(id).map_err(refused)).transpose()?;
        let mut rest = service.libraries().filter(|library| Some(library.id()) > after.as_ref()).peekable();
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let last = page.last().filter(|_| rest.peek().is_some());
        Ok(Response::new(v1::ListLibrariesResponse {
            next_page_token: last.map(|last| page_token::seal(COLLECTION, last.id().as_str())).unwrap_or_default(),
            libraries: page.into_iter().map(|library| convert::library(library.as_ref())).collect(),
        }))
    }

    async fn get_library(&self, request: Request<v1::GetLibraryRequest>) -> Result<Response<v1::Library>, Status> {
        let service = self.service.open(&Caller::of(&request));
        let id = convert::parse_library("name", &request.into_inner().name)?;
        Ok(Response::new(convert::library(find(&service, &id)?)))
    }

    async fn list_albums(
        &self,
        request: Request<v1::ListAlbumsRequest>,
    ) -> Result<Response<v1::ListAlbumsResponse>, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let request = request.into_inner();
        let id = convert::parse_library("parent", &request.parent)?;
        progress.at(find(&service, &id)?, None);
        let query = request.query.trim();
        if query.len() > MAX_QUERY_BYTES || query.chars().any(char::is_control) {
            let message = format!("a query has at most {MAX_QUERY_BYTES} bytes and no control characters");
            return Err(Refusal::argument("query", message).into());
        }
        // A token goes on with the list that it comes from, and with its query.
        let list = format!("libraries/{id}/albums {query}");
        let after = page_token::after(&list, &request.page_token)?;
        let blamed = Fields::of(if after.is_some() { "page_token" } else { "parent" });
        let page = PageRequest { size: self.settings.page_of("page_size", request.page_size)?, after };
        let listed = service.albums(&id, &AlbumQuery::new(query), &page).await;
        let page = listed.map_err(|error| failed(&error, blamed))?;
        Ok(Response::new(v1::ListAlbumsResponse {
            next_page_token: page.next.map(|next| page_token::seal(&list, &next)).unwrap_or_default(),
            albums: page.items.into_iter().map(|album| convert::album(&id, album)).collect(),
        }))
    }

    async fn get_quota(&self, request: Request<v1::GetQuotaRequest>) -> Result<Response<v1::Quota>, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let (id, named) = convert::parse_quota("name", &request.into_inner().name)?;
        let library = find(&service, &id)?;
        let album = album("name", library, named)?;
        progress.at(library, Some(&album));
        let told = service.quota(&id, Some(&album)).await;
        let (album, quota) = told.map_err(|error| failed(&error, Fields::of("name")))?;
        Ok(Response::new(convert::quota(&album, quota)))
    }
}
