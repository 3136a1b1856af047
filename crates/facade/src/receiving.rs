//! The messages that bring an image: metadata, then chunks, each within its time and all of them fast enough. It knows no
//! library, and never reads a message before the one before it is kept, so that a caller is as fast as the spool.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use polyptych_domain::{ClientId, Content};
use polyptych_proto::v1;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use crate::Settings;
use crate::spool::{Spool, SpoolError};
use crate::status::{LATER, Reason, Refusal, SOON};

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
        let end = Instant::now() + self.settings.upload_total;
        Messages { receiver: self, client, stream, end, waited: Duration::ZERO, bytes: 0 }
    }
}

/// The messages of a stream, each within its time.
pub(crate) struct Messages<'r, P> {
    receiver: &'r Receiver,
    client: ClientId,
    stream: Streaming<P>,
    end: Instant,
    /// How long the caller was waited for.
    waited: Duration,
    /// Bytes that it has brought.
    bytes: u64,
}

/// Which limit a caller has come up against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Idle,
    Rate,
    Total,
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

    /// The next message; `None` at the end of the stream. An empty chunk is passed over and gains no time.
    async fn next(&mut self) -> Result<Option<Part<P::Metadata>>, Refusal> {
        let settings = &self.receiver.settings;
        let begun = Instant::now();
        let (end, limit) = self.limit(begun);
        loop {
            let message = match timeout_at(end, self.stream.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(status)) => return Err(broken(&status, settings.max_chunk_bytes)),
                Err(_) => return Err(stalled(settings, limit)),
            };
            match message.part() {
                // A flood of these never lets the timer have its turn.
                Some(Part::Chunk(chunk)) if chunk.is_empty() && Instant::now() >= end => {
                    return Err(stalled(settings, limit));
                }
                Some(Part::Chunk(chunk)) if chunk.is_empty() => {}
                Some(part) => {
                    self.waited += begun.elapsed();
                    if let Part::Chunk(chunk) = &part {
                        self.bytes += chunk.len() as u64;
                    }
                    return Ok(Some(part));
                }
                None => return Err(protocol("a message carries neither `metadata` nor `chunk`")),
            }
        }
    }

    /// Until when the next message has to come, and what it is late for then.
    fn limit(&self, now: Instant) -> (Instant, Limit) {
        let settings = &self.receiver.settings;
        let idle = now + settings.upload_idle;
        let first = if idle <= self.end { (idle, Limit::Idle) } else { (self.end, Limit::Total) };
        let Some(earned) = (u128::from(self.bytes) * 1000).checked_div(settings.upload_rate.into()) else {
            return first;
        };
        let earned = Duration::from_millis(u64::try_from(earned).unwrap_or(u64::MAX));
        let left = settings.upload_idle.saturating_add(earned).saturating_sub(self.waited);
        match now.checked_add(left) {
            Some(end) if end < first.0 => (end, Limit::Rate),
            _ => first,
        }
    }
}

fn stalled(settings: &Settings, limit: Limit) -> Refusal {
    let (reason, message) = match limit {
        Limit::Idle => (Reason::UploadStalled, format!("the upload sent nothing for {:?}", settings.upload_idle)),
        Limit::Total => {
            (Reason::UploadStalled, format!("the upload was not complete after {:?}", settings.upload_total))
        }
        Limit::Rate => {
            let rate = settings.upload_rate;
            (Reason::UploadTooSlow, format!("the upload brought less than {rate} bytes a second"))
        }
    };
    Refusal::new(Code::Aborted, reason, message)
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
