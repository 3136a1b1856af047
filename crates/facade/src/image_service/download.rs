//! `DownloadImage`: what the library says about an image, then its picture as it comes. Nothing of it is kept; who reads
//! slowly slows the library down, and one that stalls is cut off by the library's own limits.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use polyptych_domain::{Download, Error, Pieces};
use polyptych_proto::v1;
use polyptych_proto::v1::download_image_response::Payload;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Request, Status};

use super::{Images, find};
use crate::progress::Progress;
use crate::status::{Fields, Reason, Refusal, failed};
use crate::{convert, deadline};

/// The longest chunk in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// The messages of a download.
pub(super) type Messages = BoxStream<'static, Result<v1::DownloadImageResponse, Status>>;

impl Images {
    pub(super) async fn download(&self, request: Request<v1::DownloadImageRequest>) -> Result<Messages, Status> {
        let progress = Progress::of(&request);
        // One that is malformed was refused before; what does not fit into the clock's range is none.
        let timeout = deadline::timeout(request.metadata().as_ref()).ok().flatten();
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let name = convert::parse_image("name", &request.into_inner().name)?;
        progress.at(find(&self.service, &name.album.library)?, Some(&name.album.album));
        let download = self.service.download(&name).await.map_err(|error| failed(&error, Fields::of("name")))?;
        let Download { image, picture } = download;
        let metadata = v1::DownloadImageMetadata {
            image: Some(convert::image(&name.album.library, image)),
            size_bytes: picture.len.map_or(0, convert::bytes),
        };
        let first = v1::DownloadImageResponse { payload: Some(Payload::Metadata(metadata)) };
        let chunks = chunks(picture.pieces).map_err(|error| failed(&error, Fields::of("name")));
        let rest = chunks.map_ok(|chunk| v1::DownloadImageResponse { payload: Some(Payload::Chunk(chunk)) });
        let messages = stream::once(async { Ok(first) }).chain(rest).boxed();
        Ok(match end {
            None => messages,
            Some(end) => until(messages, end),
        })
    }
}

/// The pieces, none of them longer than a chunk.
fn chunks(pieces: Pieces) -> impl futures_util::Stream<Item = Result<Bytes, Error>> {
    pieces
        .map_ok(|mut piece| {
            let parts =
                std::iter::from_fn(move || (!piece.is_empty()).then(|| piece.split_to(piece.len().min(CHUNK_BYTES))));
            stream::iter(parts.map(Ok))
        })
        .try_flatten()
}

/// The messages up to the caller's deadline. The answer's headers are out by then, so that the stream has to end it.
fn until(messages: Messages, end: Instant) -> Messages {
    let state = Some(messages);
    stream::unfold(state, move |messages| async move {
        let mut messages = messages?;
        match timeout_at(end, messages.next()).await {
            Ok(message) => message.map(|message| (message, Some(messages))),
            Err(_) => {
                let message = "the deadline of the call has passed while the picture came";
                let refusal = Refusal::new(Code::DeadlineExceeded, Reason::DeadlineExceeded, message);
                Some((Err(refusal.into()), None))
            }
        }
    })
    .boxed()
}
