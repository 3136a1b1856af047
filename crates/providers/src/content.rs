//! The domain's image in flight as the wire's reference to bytes; nothing is copied or read.

use polyptych_domain::Content;
use polyptych_wire::multipart::FilePart;
use polyptych_wire::{Blob, ChunkStream, Source};

use polyptych_domain::Upload;

/// A reference to the bytes of `content`.
pub(crate) fn blob(content: &Content) -> Blob {
    Blob::new(Bytes(content.clone()))
}

/// The image as a part of a form, under its name and the media type of its format.
pub(crate) fn file_part(upload: &Upload) -> FilePart {
    FilePart {
        file_name: upload.name.clone(),
        media_type: upload.format.media_type().to_owned(),
        content: blob(&upload.content),
    }
}

/// A multipart boundary that the image cannot hold: a file that holds its own digest is not known to exist.
pub(crate) fn boundary(content: &Content) -> String {
    format!("p{}", content.sha256())
}

struct Bytes(Content);

impl Source for Bytes {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn chunks(&self) -> ChunkStream {
        self.0.source().chunks()
    }
}
