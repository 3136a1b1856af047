//! `UploadImage`: metadata, then chunks. Everything that the metadata alone can be refused for is refused before the
//! first chunk is read; nothing is sent on before the last one has come. `UploadSmallImage` brings the same in one message.

use polyptych_domain::{
    AlbumId, Animation, BatchReport, CheckCommand, Content, Fit, ImageLibrary, Service, UploadCommand, UploadPolicy,
    is_display_name,
};
use polyptych_proto::v1;
use tonic::{Status, Streaming};

use super::{Images, album, find};
use crate::caller::Caller;
use crate::progress::Progress;
use crate::repeats::Repeatable;
use crate::status::{Fields, Refusal, failed};
use crate::{convert, repeats, trial};

impl Images {
    pub(super) async fn upload(
        &self,
        progress: &Progress,
        caller: &Caller,
        stream: Streaming<v1::UploadImageRequest>,
    ) -> Result<v1::UploadImageResponse, Status> {
        let mut messages = self.receiver.receive(caller.client().clone(), stream);
        let mut metadata = messages.metadata().await?;
        let service = self.service.open(caller);
        let place = Place::new(&service, &metadata)?;
        progress.at(place.library, Some(&place.album));
        let id = std::mem::take(&mut metadata.request_id);
        // Once before the file comes, for the form of the id.
        repeats::request(REQUEST_ID, &id, METHOD, &metadata, None)?;
        let content = messages.content().await.map_err(|refusal| place.refused(refusal))?;
        self.accept(progress, caller, &service, place, Received { id, metadata, content, fields: Fields::UPLOAD }).await
    }

    pub(super) async fn upload_small(
        &self,
        progress: &Progress,
        caller: &Caller,
        request: v1::UploadSmallImageRequest,
    ) -> Result<v1::UploadImageResponse, Status> {
        let v1::UploadSmallImageRequest { metadata, content } = request;
        let mut metadata = metadata.ok_or_else(|| Refusal::argument("metadata", "say where the image goes"))?;
        let service = self.service.open(caller);
        let place = Place::new(&service, &metadata)?;
        progress.at(place.library, Some(&place.album));
        let id = std::mem::take(&mut metadata.request_id);
        let content =
            self.receiver.take(caller.client().clone(), content).await.map_err(|refusal| place.refused(refusal))?;
        let fields = Fields { content: "content", ..Fields::UPLOAD };
        self.accept(progress, caller, &service, place, Received { id, metadata, content, fields }).await
    }

    /// Carries out an upload that has wholly come, unless it was carried out before.
    async fn accept(
        &self,
        progress: &Progress,
        caller: &Caller,
        service: &Service,
        place: Place<'_>,
        received: Received,
    ) -> Result<v1::UploadImageResponse, Status> {
        let sha256 = received.content.sha256();
        let repeated = repeats::request(REQUEST_ID, &received.id, METHOD, &received.metadata, Some(sha256))?;
        if received.metadata.validate_only {
            return tried(service, place, received).await;
        }
        match Repeatable::begin(&self.work.requests, caller.client().clone(), repeated, REQUEST_ID).await? {
            Repeatable::Answered(answer) => Ok(answer),
            Repeatable::Fresh(attempt) => {
                progress.writing();
                let answer = put(service, place, received).await;
                attempt.end(&answer).await;
                answer
            }
        }
    }
}

/// What an upload would send, without sending it.
async fn tried(service: &Service, place: Place<'_>, received: Received) -> Result<v1::UploadImageResponse, Status> {
    let Received { metadata, content, fields, .. } = received;
    let command = CheckCommand {
        library: place.library.id().clone(),
        name: metadata.display_name,
        content,
        fit: place.fit,
        animation: place.animation,
        class: Some(metadata.image_class).filter(|class| !class.is_empty()),
    };
    let (library, album) = (command.library.clone(), place.album);
    let upload = UploadCommand {
        library: library.clone(),
        album: Some(album),
        name: command.name.clone(),
        content: command.content.clone(),
        fit: command.fit,
        animation: command.animation,
        class: command.class.clone(),
        replace: metadata.replace,
        policy: place.policy,
    };
    let answer = trial::of(service, command).await.map_err(|error| failed(&error, fields))?;
    let BatchReport { mut outcomes, mut costs } = service.estimate(vec![upload]).await;
    if let Some(Err(error)) = outcomes.pop() {
        return Err(failed(&error, fields));
    }
    let cost = convert::cost(service, &library, costs.remove(&library).unwrap_or_default());
    Ok(v1::UploadImageResponse { cost: Some(cost), ..answer })
}

/// An upload that has wholly come.
struct Received {
    /// What makes it safe to repeat; empty where nothing does.
    id: String,
    metadata: v1::UploadImageMetadata,
    content: Content,
    /// The fields that its failures blame.
    fields: Fields<'static>,
}

async fn put(service: &Service, place: Place<'_>, received: Received) -> Result<v1::UploadImageResponse, Status> {
    let Received { metadata, content, fields, .. } = received;
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
    let (receipt, cost) = service.upload_counted(command).await.map_err(|error| failed(&error, fields))?;
    if let Some(cause) = &receipt.unrecorded {
        tracing::error!(%cause, "the catalogue does not keep an image that was uploaded");
    }
    Ok(v1::UploadImageResponse {
        sent: Some(convert::sent(&receipt.sent)),
        reused: receipt.reused,
        found: receipt.found,
        resent: convert::count(receipt.resent),
        cost: Some(convert::cost(service, &receipt.album.library, cost)),
        image: Some(convert::image(&receipt.album.library, receipt.image)),
        check: None,
        provider_request_id: receipt.request_id.unwrap_or_default(),
    })
}

const METHOD: &str = "UploadImage";
const REQUEST_ID: &str = "metadata.request_id";

/// What the metadata means, where that can be told without the image.
struct Place<'s> {
    library: &'s dyn ImageLibrary,
    album: AlbumId,
    fit: Fit,
    animation: Animation,
    policy: UploadPolicy,
}

impl<'s> Place<'s> {
    fn new(service: &'s Service, metadata: &v1::UploadImageMetadata) -> Result<Self, Refusal> {
        let (id, named) = convert::parse_parent("metadata.parent", &metadata.parent)?;
        let library = find(service, &id)?;
        check_name("metadata.display_name", &metadata.display_name)?;
        let album = album("metadata.parent", library, named)?;
        let (fit, animation) = convert::fit("metadata.fit", metadata.fit, Fit::None)?;
        let policy = convert::policy("metadata.policy", metadata.policy)?;
        Ok(Self { library, album, fit, animation, policy })
    }

    /// A refusal of the file that was to go there.
    fn refused(&self, refusal: Refusal) -> Refusal {
        refusal.with_place(self.library.id(), Some(self.library.provider()), Some(&self.album))
    }
}

/// Refuses a name that no library could take.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), Refusal> {
    if is_display_name(name) {
        return Ok(());
    }
    let message = "give the image a name with an extension and without characters that cannot be sent: banner.png";
    Err(Refusal::argument(field, message))
}
