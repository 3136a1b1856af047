//! `ImageService`: uploads, checks, lists, reads, downloads and deletions of one image at a time, and of many as operations.

mod check;
mod copies;
mod deletions;
mod download;
mod import;
mod list;
mod stream;
mod upload;

use std::sync::Arc;

use polyptych_domain::{
    AlbumId, AlbumName, ErrorKind, ImageLibrary, ImageName, LibraryId, Service, TargetRecord, Work,
};
use polyptych_proto::v1::image_service_server::ImageService;
use polyptych_proto::{longrunning, v1};
use tonic::{Code, Request, Response, Status, Streaming};

pub(crate) use upload::check_name;

use crate::caller::{Caller, Door};
use crate::progress::Progress;
use crate::receiving::Receiver;
use crate::status::{Fields, Reason, Refusal, failed};
use crate::{Settings, convert, operations};

pub(crate) struct Images {
    service: Door,
    receiver: Receiver,
    work: Work,
    settings: Arc<Settings>,
}

impl Images {
    pub(crate) fn new(service: Door, receiver: Receiver, work: Work, settings: Arc<Settings>) -> Self {
        Self { service, receiver, work, settings }
    }
}

/// The library of that id.
pub(crate) fn find<'s>(service: &'s Service, id: &LibraryId) -> Result<&'s dyn ImageLibrary, Refusal> {
    match service.library(id) {
        Ok(library) => Ok(library.as_ref()),
        // Of a library that the caller may not use not even its name is told.
        Err(error) if error.kind() == ErrorKind::Forbidden => Err(Refusal::of(&error, Fields::of("name"))),
        Err(error) => Err(Refusal::of(&error, Fields::of("name")).with_place(id, None, None)),
    }
}

/// The images that a request names, each in a library that is configured.
fn named(service: &Service, names: &[String], most: usize) -> Result<Vec<ImageName>, Refusal> {
    operations::within("names", names.len(), most)?;
    let parsed = names.iter().enumerate().map(|(place, name)| {
        let name = convert::parse_image(&format!("names[{place}]"), name)?;
        find(service, &name.album.library)?;
        Ok(name)
    });
    parsed.collect()
}

/// The album that a `parent` means: the one it names, else the library's default album.
pub(crate) fn album(field: &str, library: &dyn ImageLibrary, named: Option<AlbumId>) -> Result<AlbumId, Refusal> {
    named.or_else(|| library.default_album().cloned()).ok_or_else(|| {
        let id = library.id();
        let message = format!("name an album, libraries/{id}/albums/{{album}}: the library has no default album");
        Refusal::argument(field, message).with_place(id, Some(library.provider()), None)
    })
}

/// The album that a `parent` means, in full.
pub(crate) fn target(service: &Service, field: &str, parent: &str) -> Result<AlbumName, Refusal> {
    let (library, named) = convert::parse_parent(field, parent)?;
    let album = album(field, find(service, &library)?, named)?;
    Ok(AlbumName { library, album })
}

/// The album that a `parent` means, in full, and the class that images are to have there; `class` is the field of that.
fn target_of_class(
    service: &Service,
    [parent, class]: [&str; 2],
    named: &str,
    told: String,
) -> Result<TargetRecord, Refusal> {
    let album = target(service, parent, named)?;
    if told.is_empty() {
        return Ok(TargetRecord { album, class: None });
    }
    let library = find(service, &album.library)?;
    match library.rules().check_class(&told) {
        None => Ok(TargetRecord { album, class: Some(told) }),
        Some(violation) => {
            let message = violation.to_string();
            let refusal = Refusal::new(Code::InvalidArgument, Reason::RulesViolated, message.clone());
            Err(refusal.with_field(class, message).with_place(
                library.id(),
                Some(library.provider()),
                Some(&album.album),
            ))
        }
    }
}

#[tonic::async_trait]
impl ImageService for Images {
    async fn upload_image(
        &self,
        request: Request<Streaming<v1::UploadImageRequest>>,
    ) -> Result<Response<v1::UploadImageResponse>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.upload(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn upload_small_image(
        &self,
        request: Request<v1::UploadSmallImageRequest>,
    ) -> Result<Response<v1::UploadImageResponse>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.upload_small(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn check_image(
        &self,
        request: Request<Streaming<v1::UploadImageRequest>>,
    ) -> Result<Response<v1::CheckImageResponse>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.check(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    type DownloadImageStream = download::Messages;

    async fn download_image(
        &self,
        request: Request<v1::DownloadImageRequest>,
    ) -> Result<Response<Self::DownloadImageStream>, Status> {
        self.download(request).await.map(Response::new)
    }

    async fn get_image(&self, request: Request<v1::GetImageRequest>) -> Result<Response<v1::Image>, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let name = convert::parse_image("name", &request.into_inner().name)?;
        progress.at(find(&service, &name.album.library)?, Some(&name.album.album));
        let image = service.get(&name).await.map_err(|error| failed(&error, Fields::of("name")))?;
        Ok(Response::new(convert::image(&name.album.library, image)))
    }

    async fn list_images(
        &self,
        request: Request<v1::ListImagesRequest>,
    ) -> Result<Response<v1::ListImagesResponse>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.list(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    type StreamImagesStream = stream::Batches;

    async fn stream_images(
        &self,
        request: Request<v1::StreamImagesRequest>,
    ) -> Result<Response<stream::Batches>, Status> {
        self.stream(request).map(Response::new)
    }

    async fn delete_image(&self, request: Request<v1::DeleteImageRequest>) -> Result<Response<()>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.delete(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn import_images(
        &self,
        request: Request<v1::ImportImagesRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.import(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn delete_images(
        &self,
        request: Request<v1::DeleteImagesRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.delete_many(&progress, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn copy_images(
        &self,
        request: Request<v1::CopyImagesRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let (progress, caller) = (Progress::of(&request), Caller::of(&request));
        self.copy(&progress, &caller, request.into_inner()).await.map(Response::new)
    }
}
