//! The messages that bring an image: metadata, then chunks, each within its time. It knows no library.

use polyptych_domain::Content;
use polyptych_proto::v1;
use polyptych_proto::v1::upload_image_request::Payload;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use super::Images;
use crate::Settings;
use crate::spool::SpoolError;
use crate::status::{Reason, Refusal};

/// The messages of an upload, each within its time.
pub(super) struct Messages<'s> {
    images: &'s Images,
    stream: Streaming<v1::UploadImageRequest>,
    end: Instant,
}

impl<'s> Messages<'s> {
    pub(super) fn new(images: &'s Images, stream: Streaming<v1::UploadImageRequest>) -> Self {
        Self { images, stream, end: Instant::now() + images.settings.upload_total }
    }

    /// The first message.
    ///
    /// # Errors
    /// If it is something else, or does not come.
    pub(super) async fn metadata(&mut self) -> Result<v1::UploadImageMetadata, Refusal> {
        match self.next().await? {
            Some(Payload::Metadata(metadata)) => Ok(metadata),
            Some(Payload::Chunk(_)) => Err(protocol("the first message must be `metadata`, not a chunk")),
            None => Err(protocol("the stream ended before `metadata`")),
        }
    }

    /// Takes the chunks up to the end of the stream.
    ///
    /// # Errors
    /// If the stream breaks, stalls or says something else, or the file is empty or too long.
    pub(super) async fn content(&mut self) -> Result<Content, Refusal> {
        let images = self.images;
        let mut upload = images.spool.upload();
        while let Some(payload) = self.next().await? {
            let Payload::Chunk(chunk) = payload else {
                return Err(protocol("`metadata` was sent twice; after the first message only chunks may follow"));
            };
            if chunk.len() > images.settings.max_chunk_bytes {
                return Err(too_long(images.settings.max_chunk_bytes));
            }
            upload.push(&chunk).await.map_err(spooled)?;
        }
        if upload.is_empty() {
            let message = "the file is empty: the stream ended without a byte of it";
            return Err(Refusal::new(Code::InvalidArgument, Reason::EmptyImage, message));
        }
        upload.finish().await.map_err(spooled)
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
