//! One image into one album of one library.

use super::meter::{Meter, Meters};
use super::put::Ready;
use super::{PublishTarget, Service, UploadPolicy, album, located, prepare};
use crate::workers::on_workers;
use crate::{
    AlbumId, AlbumName, Animation, Content, Cost, Error, Fit, Format, Image, ImageLibrary, ImageName, LibraryId,
    Pixels, Sha256, Verb,
};

/// One image to be put into one library.
#[derive(Debug, Clone)]
pub struct UploadCommand {
    /// Where to.
    pub library: LibraryId,
    /// Which album; absent means the library's default album.
    pub album: Option<AlbumId>,
    /// Name to keep, with an extension; where fitting changes the format, the extension follows.
    pub name: String,
    /// The bytes as received.
    pub content: Content,
    /// What may be done to them.
    pub fit: Fit,
    /// What the fit does with several frames; without a fit, they are sent.
    pub animation: Animation,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
    /// Whether an image that stands in the way may be deleted first.
    pub replace: bool,
    /// How far the upload may rely on what is known of the album.
    pub policy: UploadPolicy,
}

impl UploadCommand {
    /// Puts `content` where it should go as it is, as long as the album is not known to hold it. A library alone means its
    /// default album.
    pub fn new(to: impl Into<PublishTarget>, name: impl Into<String>, content: impl Into<Content>) -> Self {
        let PublishTarget { library, album, class } = to.into();
        Self {
            library,
            album,
            name: name.into(),
            content: content.into(),
            fit: Fit::None,
            animation: Animation::default(),
            class,
            replace: false,
            policy: UploadPolicy::default(),
        }
    }

    /// Lets `fit` be done to the image so that the library accepts it.
    #[must_use]
    pub fn with_fit(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }
}

/// The file that was sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sent {
    /// Its format.
    pub format: Format,
    /// Its size as stored in the file.
    pub pixels: Pixels,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Whether it differs from what was received.
    pub fitted: bool,
}

/// A finished upload.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadReceipt {
    /// The album that holds the image.
    pub album: AlbumName,
    /// The image as far as the provider's answer or the catalogue tells; its name is the one that the provider keeps.
    pub image: Image,
    /// What was sent, or would have been.
    pub sent: Sent,
    /// Whether the provider's answer was lost and the image was found by looking.
    pub found: bool,
    /// How often the image was sent once more after a lost answer.
    pub resent: u32,
    /// Whether nothing was sent for this upload: the album was known to hold the image, or another upload of the same
    /// content put it there meanwhile.
    pub reused: bool,
    /// Of the answer that put it there, as in [`Confirmed::request_id`](crate::Confirmed::request_id).
    pub request_id: Option<String>,
    /// Why the catalogue did not keep the image, so that it may be sent again; absent where it did.
    pub unrecorded: Option<String>,
}

impl UploadReceipt {
    /// By what name the image is read, copied and deleted.
    pub fn name(&self) -> ImageName {
        ImageName { album: self.album.clone(), image: self.image.id.clone() }
    }
}

impl Service {
    /// Checks an image against the library's rules, fits it if asked to, and uploads it unless the album is known to hold
    /// it. Of several uploads of one content into one album at a time one is sent, and the others share its outcome.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotAnImage`, `CorruptImage`, `TooLarge` and `RulesViolated` before anything was sent;
    /// otherwise what [`ImageLibrary::upload`] tells. [`Error::applied`] says whether the image may have been stored.
    pub async fn upload(&self, command: UploadCommand) -> Result<UploadReceipt, Error> {
        self.upload_counted(command).await.map(|(receipt, _)| receipt)
    }

    /// Uploads as [`Service::upload`] does, and tells what it has cost.
    ///
    /// # Errors
    /// Those of [`Service::upload`].
    pub async fn upload_counted(&self, command: UploadCommand) -> Result<(UploadReceipt, Cost), Error> {
        let library = self.library(&command.library)?;
        let album = album(library.as_ref(), command.album.as_ref())?;
        let (library, meters) = (library.as_ref(), Meters::default());
        let meter = meters.of(library.id());
        let name = AlbumName { library: library.id().clone(), album: album.clone() };
        let under_way = self.under_way(Verb::Upload, &name, [None]);
        let outcome = self.upload_to(library, &album, command, &meter).await;
        let outcome = outcome.map_err(|error| located(error, library, &album));
        let mut events = Vec::new();
        if !outcome.as_ref().is_ok_and(|receipt| receipt.reused) {
            let image = outcome.as_ref().ok().map(|receipt| &receipt.image.id);
            let told = outcome.as_ref().map(|receipt| receipt.request_id.as_deref());
            events.push(self.event(Verb::Upload, &name, image, told, meter.points()));
        }
        under_way.end(events).await;
        let cost = meters.spent().remove(library.id()).unwrap_or_default();
        outcome.map(|receipt| (receipt, cost))
    }

    async fn upload_to(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        command: UploadCommand,
        meter: &Meter,
    ) -> Result<UploadReceipt, Error> {
        let (rules, replace, policy) = (library.rules(), command.replace, command.policy);
        let prepared =
            on_workers(self.workers.as_ref(), move |cancelled| prepare::prepare(rules, command, cancelled)).await??;
        let ready = Ready::new(prepared, replace, policy);
        let stored = self.put(library, album, &ready, meter).await?;
        Ok(ready.receipt(library, stored))
    }
}
