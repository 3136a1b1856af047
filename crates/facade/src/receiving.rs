//! The messages that bring an image: metadata, then chunks, each within its time. It knows no library.

use std::sync::Arc;

use bytes::Bytes;
use polyptych_domain::Content;
use polyptych_proto::v1;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use crate::Settings;
use crate::spool::{Spool, SpoolError};
use crate::status::{Reason, Refusal};

/// What one message brings.
pub(crate) enum Part<M> {
    /// What is said about the image.
    Metadata(M),
    /// The next bytes of it.
    Chunk(Bytes),
}

/// A message of a stream that brings an image.
pub(crate) trait Piece {
    /// What its first message says.
    type Metadata;

    /// What it brings; `None` where it says nothing.
    fn part(self) -> Option<Part<Self::Metadata>>;
}

macro_rules! piece {
    ($message:ident, $metadata:ident, $payload:ident) => {
        impl Piece for v1::$message {
            type Metadata = v1::$metadata;

            fn part(self) -> Option<Part<v1::$metadata>> {
                Some(match self.payload? {
                    v1::$payload::Payload::Metadata(metadata) => Part::Metadata(metadata),
                    v1::$payload::Payload::Chunk(chunk) => Part::Chunk(chunk),
                })
            }
        }
    };
}

piece!(UploadImageRequest, UploadImageMetadata, upload_image_request);
piece!(PublishRequest, PublishMetadata, publish_request);

/// Receives images into the spool. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    spool: Spool,
    settings: Arc<Settings>,
}

impl Receiver {
    pub(crate) fn new(spool: Spool, settings: Arc<Settings>) -> Self {
        Self { spool, settings }
    }

    /// Begins to read a stream.
    pub(crate) fn receive<P: Piece>(&self, stream: Streaming<P>) -> Messages<'_, P> {
        Messages { receiver: self, stream, end: Instant::now() + self.settings.upload_total }
    }
}

/// The messages of a stream, each within its time.
pub(crate) struct Messages<'r, P> {
    receiver: &'r Receiver,
    stream: Streaming<P>,
    end: Instant,
}

impl<P: Piece> Messages<'_, P> {
    /// The first message.
    ///
    /// # Errors
    /// If it is something else, or does not come.
    pub(crate) async fn metadata(&mut self) -> Result<P::Metadata, Refusal> {
        match self.next().await? {
            Some(Part::Metadata(metadata)) => Ok(metadata),
            Some(Part::Chunk(_)) => Err(protocol("the first message must be `metadata`, not a chunk")),
            None => Err(protocol("the stream ended before `metadata`")),
        }
    }

    /// Takes the chunks up to the end of the stream.
    ///
    /// # Errors
    /// If the stream breaks, stalls or says something else, or the file is empty or too long.
    pub(crate) async fn content(&mut self) -> Result<Content, Refusal> {
        let Receiver { spool, settings } = self.receiver;
        let mut upload = spool.upload();
        while let Some(part) = self.next().await? {
            let Part::Chunk(chunk) = part else {
                return Err(protocol("`metadata` was sent twice; after the first message only chunks may follow"));
            };
            if chunk.len() > settings.max_chunk_bytes {
                return Err(too_long(settings.max_chunk_bytes));
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
    async fn next(&mut self) -> Result<Option<Part<P::Metadata>>, Refusal> {
        let settings = &self.receiver.settings;
        let idle = Instant::now() + settings.upload_idle;
        let limit = idle.min(self.end);
        loop {
            let message = match timeout_at(limit, self.stream.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(status)) => return Err(broken(&status, settings.max_chunk_bytes)),
                Err(_) => return Err(stalled(settings, limit == idle)),
            };
            match message.part() {
                // A flood of these never lets the timer have its turn.
                Some(Part::Chunk(chunk)) if chunk.is_empty() && Instant::now() >= limit => {
                    return Err(stalled(settings, limit == idle));
                }
                Some(Part::Chunk(chunk)) if chunk.is_empty() => {}
                Some(part) => return Ok(Some(part)),
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
            let message = "a message of the stream is not one of this method";
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
