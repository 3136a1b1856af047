//! `AssociationService`: what shows the images of an album.

use std::sync::Arc;

use polyptych_domain::{AdId, AlbumName, AssociationChange, AssociationFilter, ImageId, PageRequest, Service};
use polyptych_proto::v1;
use polyptych_proto::v1::association_service_server::AssociationService;
use tonic::{Request, Response, Status};

use crate::caller::{Caller, Door};
use crate::image_service::{album, find};
use crate::progress::Progress;
use crate::status::{Fields, Refusal, as_data, failed};
use crate::{Settings, convert, page_token};

/// The most changes, and the most images or advertisements of a filter, in one request.
const MOST: usize = 1000;

pub(crate) struct Associations {
    service: Door,
    settings: Arc<Settings>,
}

impl Associations {
    pub(crate) fn new(service: Door, settings: Arc<Settings>) -> Self {
        Self { service, settings }
    }
}

/// The album that a request means.
fn meant(service: &Service, progress: &Progress, parent: &str) -> Result<AlbumName, Refusal> {
    let (id, named) = convert::parse_parent("parent", parent)?;
    let library = find(service, &id)?;
    let name = AlbumName { album: album("parent", library, named)?, library: id };
    progress.at(library, Some(&name.album));
    Ok(name)
}

/// The id of an image that has to be of the album.
fn image_of(service: &Service, field: &str, parent: &AlbumName, name: &str) -> Result<ImageId, Refusal> {
    let image = convert::parse_image(field, name)?;
    let library = find(service, &parent.library)?;
    let same = library.canonical(&image.album.album) == library.canonical(&parent.album);
    if image.album.library != parent.library || !same {
        return Err(Refusal::argument(field, format!("the image is not one of {parent}")));
    }
    Ok(image.image)
}

fn ad(field: &str, id: &str) -> Result<AdId, Refusal> {
    AdId::new(id).ok_or_else(|| Refusal::argument(field, "an advertisement is named by its number, 1 to 20 digits"))
}

fn few(field: &str, items: usize) -> Result<(), Refusal> {
    match items {
        0..=MOST => Ok(()),
        more => Err(Refusal::argument(field, format!("{more} at once; at most {MOST} are taken"))),
    }
}

#[tonic::async_trait]
impl AssociationService for Associations {
    async fn list_associations(
        &self,
        request: Request<v1::ListAssociationsRequest>,
    ) -> Result<Response<v1::ListAssociationsResponse>, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let request = request.into_inner();
        let parent = meant(&service, &progress, &request.parent)?;
        few("images", request.images.len())?;
        few("advertisements", request.advertisements.len())?;
        let images = request.images.iter().map(|name| image_of(&service, "images", &parent, name));
        let ads = request.advertisements.iter().map(|id| ad("advertisements", id));
        let filter =
            AssociationFilter { images: images.collect::<Result<_, _>>()?, ads: ads.collect::<Result<_, _>>()? };
        // A token goes on with the list that it comes from, and with its filter.
        let list = format!("{parent}/associations {:?} {:?}", request.images, request.advertisements);
        let after = page_token::after(&list, &request.page_token)?;
        let blamed = Fields::of(if after.is_some() { "page_token" } else { "parent" });
        let page = PageRequest { size: self.settings.page_of("page_size", request.page_size)?, after };
        let listed = service.associations(&parent.library, Some(&parent.album), &filter, &page).await;
        let (parent, page) = listed.map_err(|error| failed(&error, blamed))?;
        Ok(Response::new(v1::ListAssociationsResponse {
            associations: page.items.into_iter().map(|item| convert::association(&parent, item)).collect(),
            next_page_token: page.next.map(|next| page_token::seal(&list, &next)).unwrap_or_default(),
        }))
    }

    async fn set_associations(
        &self,
        request: Request<v1::SetAssociationsRequest>,
    ) -> Result<Response<v1::SetAssociationsResponse>, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let request = request.into_inner();
        let parent = meant(&service, &progress, &request.parent)?;
        few("changes", request.changes.len())?;
        if request.changes.is_empty() {
            return Err(Refusal::argument("changes", "name at least one change").into());
        }
        let mut changes = Vec::with_capacity(request.changes.len());
        for (place, change) in request.changes.iter().enumerate() {
            let image = match change.image.as_str() {
                "" => None,
                name => Some(image_of(&service, &format!("changes[{place}].image"), &parent, name)?),
            };
            let ad = ad(&format!("changes[{place}].advertisement"), &change.advertisement)?;
            changes.push(AssociationChange { ad, image });
        }
        progress.writing();
        let changed = service.set_associations(&parent.library, Some(&parent.album), &changes).await;
        let (_, outcomes) = changed.map_err(|error| failed(&error, Fields::of("changes")))?;
        let outcomes = changes.iter().zip(outcomes).map(|(change, outcome)| {
            let (provider_request_id, error) = match outcome {
                Ok(confirmed) => (confirmed.request_id.unwrap_or_default(), None),
                Err(error) => (String::new(), Some(as_data(failed(&error, Fields::of("changes"))))),
            };
            v1::AssociationOutcome { advertisement: change.ad.to_string(), error, provider_request_id }
        });
        Ok(Response::new(v1::SetAssociationsResponse { outcomes: outcomes.collect() }))
    }
}
