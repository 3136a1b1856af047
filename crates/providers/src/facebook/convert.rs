//! Graph images as the domain's.

use polyptych_domain::{AlbumId, Image, ImageId, Pixels};
use polyptych_wire_facebook::{AdImage, CreatedAdImage, Paging};

use crate::call::BadAnswer;
use crate::time::parse_time;

/// An image of a list; it must have the hash, which was asked for.
pub(super) fn image(album: &AlbumId, item: AdImage) -> Result<Image, BadAnswer> {
    let mut image = Image::new(album.clone(), id(item.hash.as_deref())?);
    image.name = item.name;
    image.pixels = pixels(item.width, item.height);
    image.url = item.url;
    image.preview_url = item.url_128;
    image.in_use = match (item.creatives.is_empty(), item.is_associated_creatives_in_adgroups) {
        (false, _) => Some(true),
        (true, associated) => associated,
    };
    image.created = item.created_time.as_deref().and_then(parse_time);
    Ok(image)
}

/// The image that an upload made.
pub(super) fn created(album: &AlbumId, item: CreatedAdImage) -> Result<Image, BadAnswer> {
    let mut image = Image::new(album.clone(), id(item.hash.as_deref())?);
    image.name = item.name;
    image.pixels = pixels(item.width, item.height);
    image.url = item.url;
    image.preview_url = item.url_128;
    Ok(image)
}

/// The cursor of the next page; absent on the last one. Only `next` says that there is more; its address holds the token
/// and is not followed.
pub(super) fn next(paging: Option<Paging>) -> Result<Option<String>, BadAnswer> {
    let Some(paging) = paging.filter(|paging| paging.next.is_some()) else { return Ok(None) };
    let cursor = paging.cursors.and_then(|cursors| cursors.after).filter(|after| !after.is_empty());
    cursor.map(Some).ok_or_else(|| BadAnswer::from("a next page without a cursor"))
}

/// A hash as the image's id.
pub(super) fn id(hash: Option<&str>) -> Result<ImageId, BadAnswer> {
    let hash = hash.ok_or_else(|| BadAnswer::from("an image without a hash"))?;
    ImageId::new(hash).map_err(|error| BadAnswer(error.to_string()))
}

fn pixels(width: Option<u64>, height: Option<u64>) -> Option<Pixels> {
    Some(Pixels::new(width?.try_into().ok()?, height?.try_into().ok()?))
}
