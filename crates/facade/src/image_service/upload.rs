//! `UploadImage`: metadata, then chunks. Everything that the metadata alone can be refused for is refused before the
//! first chunk is read; nothing is sent on before the last one has come.

use polyptych_domain::{AlbumId, Content, Fit, ImageLibrary, UploadCommand};
use polyptych_proto::v1;
use polyptych_proto::v1::upload_image_request::Payload;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use super::{Images, album, find};
use crate::progress::Progress;
use crate::spool::SpoolError;
use crate::status::{Reason, Refusal, failed};
use crate::{Settings, convert};

impl Images {
    pub(super) async fn upload(
        &self,
        progress: &Progress,
        stream: Streaming<v1::UploadImageRequest>,
    ) -> Result<v1::UploadImageResponse, Status> {
        let mut messages = Messages::new(self, stream);
        let metadata = match messages.next().await? {
            Some(Payload::Metadata(metadata)) => metadata,
            Some(Payload::Chunk(_)) => return Err(protocol("the first message must be `metadata`, not a chunk").into()),
            None => return Err(protocol("the stream ended before `metadata`").into()),
        };
        let place = Place::new(self, &metadata)?;
        progress.at(place.library, Some(&place.album));
        let content = match self.receive(&mut messages).await {
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
            class: Some(metadata.image_class).filter(|class| !class.is_empty()),
            replace: metadata.replace,
        };
        progress.writing();
        let receipt = self.service.upload(command).await.map_err(|error| failed(&error, "metadata"))?;
        Ok(v1::UploadImageResponse {
            sent: Some(convert::sent(&receipt.sent)),
            image: Some(convert::image(&receipt.album.library, receipt.image)),
        })
    }

    /// Takes the chunks up to the end of the stream.
    async fn receive(&self, messages: &mut Messages<'_>) -> Result<Content, Refusal> {
        let mut upload = self.spool.upload();
        while let Some(payload) = messages.next().await? {
            let Payload::Chunk(chunk) = payload else {
                return Err(protocol("`metadata` was sent twice; after the first message only chunks may follow"));
            };
            if chunk.len() > self.settings.max_chunk_bytes {
                return Err(too_long(self.settings.max_chunk_bytes));
            }
            upload.push(&chunk).await.map_err(spooled)?;
        }
        if upload.is_empty() {
            let message = "the file is empty: the stream ended without a byte of it";
            return Err(Refusal::new(Code::InvalidArgument, Reason::EmptyImage, message));
        }
        upload.finish().await.map_err(spooled)
    }
}

/// What the metadata means, where that can be told without the image.
struct Place<'s> {
    library: &'s dyn ImageLibrary,
    album: AlbumId,
    fit: Fit,
}

impl<'s> Place<'s> {
    fn new(images: &'s Images, metadata: &v1::UploadImageMetadata) -> Result<Self, Refusal> {
        let (id, named) = convert::parse_parent("metadata.parent", &metadata.parent)?;
        let library = find(&images.service, &id)?;
        let name = &metadata.display_name;
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            let message = "give the image a name with an extension and without control characters: banner.png";
            return Err(Refusal::argument("metadata.display_name", message));
        }
        let album = album("metadata.parent", library, named)?;
        Ok(Self { library, album, fit: convert::fit(metadata.fit)? })
    }
}

/// The messages of an upload, each within its time.
struct Messages<'s> {
    images: &'s Images,
    stream: Streaming<v1::UploadImageRequest>,
    end: Instant,
}

impl<'s> Messages<'s> {
    fn new(images: &'s Images, stream: Streaming<v1::UploadImageRequest>) -> Self {
        Self { images, stream, end: Instant::now() + images.settings.upload_total }
    }

    /// The next message; `None` at the end of the stream. An empty chunk is passed over and gains no time.
    async fn next(&mut self) -> Result<Option<Payload>, Refusal> {
        let settings = &self.images.settings;
        let idle = Instant::now() + settings.upload_idle;
        let limit = idle.min(self.end);
        loop {
            let message = match timeout_at(limit, self.stream.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(status)) => return Err(broken(&status, settings.max_chunk_bytes)),
                Err(_) => return Err(stalled(settings, limit == idle)),
            };
            match message.payload {
                // A flood of these never lets the timer have its turn.
                Some(Payload::Chunk(chunk)) if chunk.is_empty() && Instant::now() >= limit => {
                    return Err(stalled(settings, limit == idle));
                }
                Some(Payload::Chunk(chunk)) if chunk.is_empty() => {}
                Some(payload) => return Ok(Some(payload)),
                None => return Err(protocol("a message carries neither `metadata` nor `chunk`")),
            }
        }
    }
}

fn stalled(settings: &Settings, idle: bool) -> Refusal {
    let message = match idle {
        true => format!("the upload sent nothing for {:?}", settings.upload_idle),
        false => format!("the upload was not complete after {:?}", settings.upload_total),
    };
    Refusal::new(Code::Aborted, Reason::UploadStalled, message)
}

fn protocol(message: &str) -> Refusal {
    Refusal::new(Code::InvalidArgument, Reason::UploadProtocol, message)
}

fn too_long(max: usize) -> Refusal {
    let message = format!("a chunk is longer than {max} bytes; send 64 to 256 KiB at a time");
    Refusal::new(Code::InvalidArgument, Reason::ChunkTooLarge, message)
}

/// What a stream that cannot be read on means.
fn broken(status: &Status, max_chunk: usize) -> Refusal {
    match status.code() {
        // The decoder refuses a message by its length before it is read.
        Code::OutOfRange => too_long(max_chunk),
        Code::Internal => {
            let message = "a message of the upload is not an UploadImageRequest";
            Refusal::new(Code::InvalidArgument, Reason::MalformedMessage, message)
        }
        _ => Refusal::new(Code::Cancelled, Reason::UploadInterrupted, "the upload was broken off by the caller"),
    }
}

fn spooled(error: SpoolError) -> Refusal {
    let message = error.to_string();
    match error {
        SpoolError::UploadTooLong { .. } => Refusal::new(Code::ResourceExhausted, Reason::ImageTooLarge, message),
        SpoolError::Full => Refusal::new(Code::ResourceExhausted, Reason::SpoolFull, message),
        SpoolError::Io(cause) => {
            tracing::error!(%cause, "the spool failed");
            Refusal::new(Code::Internal, Reason::Internal, message)
        }
    }
}
