//! `CheckImage`: the messages of an upload, compared with the library's rules. No provider is asked anything.

use polyptych_domain::{CheckCommand, Fit};
use polyptych_proto::v1;
use tonic::{Status, Streaming};

use super::{Images, check_name, find};
use crate::caller::Caller;
use crate::convert;
use crate::progress::Progress;
use crate::status::{Fields, failed};

impl Images {
    pub(super) async fn check(
        &self,
        progress: &Progress,
        caller: &Caller,
        stream: Streaming<v1::UploadImageRequest>,
    ) -> Result<v1::CheckImageResponse, Status> {
        let mut messages = self.receiver.receive(caller.client().clone(), stream);
        let metadata = messages.metadata().await?;
        let (id, album) = convert::parse_parent("metadata.parent", &metadata.parent)?;
        let service = self.service.open(caller);
        let library = find(&service, &id)?;
        check_name("metadata.display_name", &metadata.display_name)?;
        let (fit, animation) = convert::fit("metadata.fit", metadata.fit, Fit::None)?;
        progress.at(library, album.as_ref());
        let placed = |refusal: crate::status::Refusal| {
            refusal.with_place(library.id(), Some(library.provider()), album.as_ref())
        };
        let content = messages.content().await.map_err(placed)?;
        let sha256 = content.sha256();
        let command = CheckCommand {
            library: id.clone(),
            name: metadata.display_name,
            content,
            fit,
            animation,
            class: Some(metadata.image_class).filter(|class| !class.is_empty()),
        };
        let report = service.check(command).await.map_err(|error| failed(&error, Fields::UPLOAD))?;
        Ok(convert::report(report, sha256))
    }
}
