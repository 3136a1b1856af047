//! Product images as the domain's.

use polyptych_domain::{AlbumId, Image, ImageId, Pixels};
use polyptych_wire_evotor::{ProductImage, ProductImageMeta};

use crate::call::BadAnswer;
use crate::time::parse_time;

/// A product's image; it must have an id. The provider keeps no name.
pub(super) fn image(album: &AlbumId, item: ProductImage) -> Result<Image, BadAnswer> {
    let id = item.id.ok_or_else(|| BadAnswer::from("an image without an id"))?;
    let mut image = Image::new(album.clone(), ImageId::new(id).map_err(|error| BadAnswer(error.to_string()))?);
    image.pixels = item.meta.as_ref().and_then(pixels);
    image.bytes = item.meta.as_ref().and_then(|meta| meta.file_size?.try_into().ok());
    image.url = item.url;
    image.created = item.created_at.as_deref().and_then(parse_time);
    Ok(image)
}

fn pixels(meta: &ProductImageMeta) -> Option<Pixels> {
    Some(Pixels::new(meta.width?.try_into().ok()?, meta.height?.try_into().ok()?))
}
