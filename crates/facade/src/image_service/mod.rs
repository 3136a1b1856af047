//! `ImageService`: uploads, checks, lists, reads, downloads and deletions of one image at a time.

mod check;
mod download;
mod list;
mod messages;
mod upload;

use std::sync::Arc;

use polyptych_domain::{AlbumId, ImageLibrary, LibraryId, Service};
use polyptych_proto::v1;
use polyptych_proto::v1::image_service_server::ImageService;
use tonic::{Request, Response, Status, Streaming};

use crate::progress::Progress;
use crate::spool::Spool;
use crate::status::{Refusal, failed};
use crate::{Settings, convert};

pub(crate) struct Images {
    service: Arc<Service>,
    spool: Spool,
    settings: Arc<Settings>,
}

impl Images {
    pub(crate) fn new(service: Arc<Service>, spool: Spool, settings: Arc<Settings>) -> Self {
        Self { service, spool, settings }
    }
}

/// The library of that id.
pub(crate) fn find<'s>(service: &'s Service, id: &LibraryId) -> Result<&'s dyn ImageLibrary, Refusal> {
    match service.library(id) {
        Ok(library) => Ok(library.as_ref()),
        Err(error) => Err(Refusal::of(&error, "name").with_place(id, None, None)),
    }
}

/// The album that a `parent` means: the one it names, else the library's default album.
pub(crate) fn album(field: &str, library: &dyn ImageLibrary, named: Option<AlbumId>) -> Result<AlbumId, Refusal> {
    named.or_else(|| library.default_album().cloned()).ok_or_else(|| {
        let id = library.id();
        let message = format!("name an album, libraries/{id}/albums/{{album}}: the library has no default album");
        Refusal::argument(field, message).with_place(id, Some(library.provider()), None)
    })
}

#[tonic::async_trait]
impl ImageService for Images {
    async fn upload_image(
        &self,
        request: Request<Streaming<v1::UploadImageRequest>>,
    ) -> Result<Response<v1::UploadImageResponse>, Status> {
        let progress = Progress::of(&request);
        self.upload(&progress, request.into_inner()).await.map(Response::new)
    }

    async fn check_image(
        &self,
        request: Request<Streaming<v1::UploadImageRequest>>,
    ) -> Result<Response<v1::CheckImageResponse>, Status> {
        let progress = Progress::of(&request);
        self.check(&progress, request.into_inner()).await.map(Response::new)
    }

    type DownloadImageStream = download::Messages;

    async fn download_image(
        &self,
        request: Request<v1::DownloadImageRequest>,
    ) -> Result<Response<Self::DownloadImageStream>, Status> {
        self.download(request).await.map(Response::new)
    }

    async fn get_image(&self, request: Request<v1::GetImageRequest>) -> Result<Response<v1::Image>, Status> {
        let progress = Progress::of(&request);
        let name = convert::parse_image("name", &request.into_inner().name)?;
        progress.at(find(&self.service, &name.album.library)?, Some(&name.album.album));
        let image = self.service.get(&name).await.map_err(|error| failed(&error, "name"))?;
        Ok(Response::new(convert::image(&name.album.library, image)))
    }

    async fn list_images(
        &self,
        request: Request<v1::ListImagesRequest>,
    ) -> Result<Response<v1::ListImagesResponse>, Status> {
        let progress = Progress::of(&request);
        self.list(&progress, request.into_inner()).await.map(Response::new)
    }

    async fn delete_image(&self, request: Request<v1::DeleteImageRequest>) -> Result<Response<()>, Status> {
        let progress = Progress::of(&request);
        let name = convert::parse_image("name", &request.into_inner().name)?;
        progress.at(find(&self.service, &name.album.library)?, Some(&name.album.album));
        progress.writing();
        self.service.delete(&name).await.map_err(|error| failed(&error, "name"))?;
        Ok(Response::new(()))
    }
}
