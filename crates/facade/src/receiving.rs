//! The messages that bring an image: metadata, then chunks. It knows no library, and never reads a message before the one before
//! it is kept, so that a caller is as fast as the spool. How long a caller may take is kept by [`arriving`].

use std::sync::Arc;

use bytes::Bytes;
use polyptych_domain::{ClientId, Content};
use polyptych_proto::v1;
use tonic::{Code, Status, Streaming};

use crate::spool::{Spool, SpoolError};
use crate::status::{LATER, Reason, Refusal, SOON};
use crate::{Settings, arriving};

/// The longest file that comes in one message, in bytes; less than the longest message.
const SMALL_BYTES: usize = 2_000_000;

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
piece!(StagePictureRequest, StagePictureMetadata, stage_picture_request);

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

    /// Takes a file that came from `client` in one message.
    ///
    /// # Errors
    /// If it is empty or too long.
    pub(crate) async fn take(&self, client: ClientId, file: Bytes) -> Result<Content, Refusal> {
        if file.is_empty() {
            return Err(empty("the file is empty"));
        }
        if file.len() > SMALL_BYTES {
            let message = format!("the file is longer than the {SMALL_BYTES} bytes of one message; stream it");
            return Err(Refusal::new(Code::ResourceExhausted, Reason::ImageTooLarge, message));
        }
        let mut upload = self.spool.upload(Some(client));
        upload.push(file).await.map_err(spooled)?;
        upload.finish().map_err(spooled)
    }

    /// Begins to read a stream of `client`.
    pub(crate) fn receive<P: Piece>(&self, client: ClientId, stream: Streaming<P>) -> Messages<'_, P> {
        Messages { receiver: self, client, stream }
    }
}

/// The messages of a stream.
pub(crate) struct Messages<'r, P> {
    receiver: &'r Receiver,
    client: ClientId,
    stream: Streaming<P>,
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
        let mut upload = spool.upload(Some(self.client.clone()));
        while let Some(part) = self.next().await? {
            let Part::Chunk(chunk) = part else {
                return Err(protocol("`metadata` was sent twice; after the first message only chunks may follow"));
            };
            if chunk.len() > settings.max_chunk_bytes {
                return Err(too_long(settings.max_chunk_bytes));
            }
            upload.push(chunk).await.map_err(spooled)?;
        }
        if upload.is_empty() {
            return Err(empty("the file is empty: the stream ended without a byte of it"));
        }
        upload.finish().map_err(spooled)
    }

    /// The next message; `None` at the end of the stream. An empty chunk is passed over.
    async fn next(&mut self) -> Result<Option<Part<P::Metadata>>, Refusal> {
        loop {
            let message = self.stream.message().await;
            let message = message.map_err(|status| broken(&status, self.receiver.settings.max_chunk_bytes))?;
            let Some(message) = message else { return Ok(None) };
            match message.part() {
                Some(Part::Chunk(chunk)) if chunk.is_empty() => {}
                Some(part) => return Ok(Some(part)),
                None => return Err(protocol("a message carries neither `metadata` nor `chunk`")),
            }
        }
    }
}

fn empty(message: &str) -> Refusal {
    Refusal::new(Code::InvalidArgument, Reason::EmptyImage, message)
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
    if let Some(late) = arriving::late(status) {
        return late;
    }
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
        SpoolError::Full | SpoolError::ShareFull => {
            Refusal::new(Code::ResourceExhausted, Reason::SpoolFull, message).with_retry_after(SOON)
        }
        SpoolError::DiskFull(cause) => {
            tracing::error!(%cause, "the disk of the spool is full");
            Refusal::new(Code::ResourceExhausted, Reason::SpoolFull, message).with_retry_after(LATER)
        }
        SpoolError::Io(cause) => {
            tracing::error!(%cause, "the spool failed");
            Refusal::new(Code::Internal, Reason::Internal, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn a_full_disk_is_told_with_the_time_to_wait_and_is_no_fault_of_ours() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            let status = Status::from(spooled(io::Error::from(kind).into()));
            let details = status.get_error_details();
            let info = details.error_info().unwrap();
            assert_eq!((status.code(), &*info.reason), (Code::ResourceExhausted, "SPOOL_FULL"));
            assert_eq!(info.metadata.get("applied").map(String::as_str), Some("no"));
            assert_eq!(details.retry_info().unwrap().retry_delay, Some(LATER));
        }
        let broken = Status::from(spooled(io::Error::from(io::ErrorKind::PermissionDenied).into()));
        assert_eq!(broken.code(), Code::Internal);
    }
}
