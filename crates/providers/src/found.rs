//! Images that were asked for by id, in the order in which they were: providers leave out those that they do not hold.

use std::collections::HashMap;

use polyptych_domain::{AlbumId, Error, ErrorKind, Image, ImageId};

use crate::call::Line;

/// One outcome per id, in order.
pub(crate) fn each(line: &Line, album: &AlbumId, ids: &[ImageId], images: Vec<Image>) -> Vec<Result<Image, Error>> {
    let found: HashMap<_, _> = images.into_iter().map(|image| (image.id.clone(), image)).collect();
    ids.iter().map(|id| found.get(id).cloned().ok_or_else(|| missing(line, album))).collect()
}

/// The error of an image that is not there.
pub(crate) fn missing(line: &Line, album: &AlbumId) -> Error {
    line.error(album, ErrorKind::ImageNotFound, "the album holds no such image")
}
