//! `UploadImage`: metadata, then chunks. Everything that the metadata alone can be refused for is refused before the
//! first chunk is read; nothing is sent on before the last one has come.

use polyptych_domain::{AlbumId, Animation, Fit, ImageLibrary, UploadCommand, UploadPolicy};
use polyptych_proto::v1;
use tonic::{Status, Streaming};

use super::messages::Messages;
use super::{Images, album, find};
use crate::convert;
use crate::progress::Progress;
use crate::status::{Refusal, failed};

impl Images {
    pub(super) async fn upload(
        &self,
        progress: &Progress,
        stream: Streaming<v1::UploadImageRequest>,
    ) -> Result<v1::UploadImageResponse, Status> {
        let mut messages = Messages::new(self, stream);
        let metadata = messages.metadata().await?;
        let place = Place::new(self, &metadata)?;
        progress.at(place.library, Some(&place.album));
        let content = match messages.content().await {
            Ok(content) => content,
            Err(refusal) => {
                let (library, album) = (place.library, &place.album);
                return Err(refusal.with_place(library.id(), Some(library.provider()), Some(album)).into());
            }
        };
        let command = UploadCommand {
            library: place.library.id().clone(),
            album: Some(place.album),
            name: metadata.display_name,
            content,
            fit: place.fit,
            animation: place.animation,
            class: Some(metadata.image_class).filter(|class| !class.is_empty()),
            replace: metadata.replace,
            policy: place.policy,
        };
        progress.writing();
        let receipt = self.service.upload(command).await.map_err(|error| failed(&error, "metadata"))?;
        if let Some(cause) = &receipt.unrecorded {
            tracing::error!(%cause, "the catalogue does not keep an image that was uploaded");
        }
        Ok(v1::UploadImageResponse {
            sent: Some(convert::sent(&receipt.sent)),
            reused: receipt.reused,
            found: receipt.found,
            resent: convert::count(receipt.resent),
            image: Some(convert::image(&receipt.album.library, receipt.image)),
        })
    }
}

/// What the metadata means, where that can be told without the image.
struct Place<'s> {
    library: &'s dyn ImageLibrary,
    album: AlbumId,
    fit: Fit,
    animation: Animation,
    policy: UploadPolicy,
}

impl<'s> Place<'s> {
    fn new(images: &'s Images, metadata: &v1::UploadImageMetadata) -> Result<Self, Refusal> {
        let (id, named) = convert::parse_parent("metadata.parent", &metadata.parent)?;
        let library = find(&images.service, &id)?;
        check_name(&metadata.display_name)?;
        let album = album("metadata.parent", library, named)?;
        let (fit, animation) = convert::fit(metadata.fit)?;
        let policy = convert::policy(metadata.policy)?;
        Ok(Self { library, album, fit, animation, policy })
    }
}

/// Refuses a name that no library could take.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        let message = "give the image a name with an extension and without control characters: banner.png";
        return Err(Refusal::argument("metadata.display_name", message));
    }
    Ok(())
}
