//! `DownloadImage`: what the library says about an image, then its picture as it comes. Nothing of it is kept, and who reads
//! slowly slows the library down. A library that stalls is cut off by its own limits, a caller that does by [`crate::answers`].

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use polyptych_domain::{Download, Error, Pieces};
use polyptych_proto::v1;
use polyptych_proto::v1::download_image_response::Payload;
use tonic::{Request, Status};

use super::{Images, find};
use crate::answers::Answers;
use crate::caller::Caller;
use crate::convert;
use crate::progress::Progress;
use crate::status::{Fields, failed};

/// The longest chunk in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// The messages of a download.
pub(super) type Messages = Answers<v1::DownloadImageResponse>;

impl Images {
    pub(super) async fn download(&self, request: Request<v1::DownloadImageRequest>) -> Result<Messages, Status> {
        let (progress, service) = (Progress::of(&request), self.service.open(&Caller::of(&request)));
        let name = convert::parse_image("name", &request.into_inner().name)?;
        progress.at(find(&service, &name.album.library)?, Some(&name.album.album));
        let download = service.download(&name).await.map_err(|error| failed(&error, Fields::of("name")))?;
        let Download { image, picture } = download;
        let metadata = v1::DownloadImageMetadata {
            image: Some(convert::image(&name.album.library, image)),
            size_bytes: picture.len.map_or(0, convert::bytes),
        };
        let first = v1::DownloadImageResponse { payload: Some(Payload::Metadata(metadata)) };
        let chunks = chunks(picture.pieces).map_err(|error| failed(&error, Fields::of("name")));
        let rest = chunks.map_ok(|chunk| v1::DownloadImageResponse { payload: Some(Payload::Chunk(chunk)) });
        Ok(stream::once(async { Ok(first) }).chain(rest).boxed())
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
