//! v5 items as the domain's images, and the domain's uploads as items.

use polyptych_domain::{AlbumId, Image, Pixels, Upload};
use polyptych_wire_yandex::v5::{AdImageAddItem, AdImageAddTypeEnum, AdImageGetItem, AdImageSubtypeEnum, YesNoEnum};

use crate::call::BadAnswer;
use crate::content::blob;
use crate::yandex::items::id;
use crate::yandex::picture_url;

/// An upload as an item of `add`. Without a class the provider chooses the type.
pub(super) fn item(upload: &Upload) -> AdImageAddItem {
    let class = upload.class.as_deref().map_or(AdImageAddTypeEnum::Auto, AdImageAddTypeEnum::from);
    AdImageAddItem::new(blob(&upload.content), upload.name.as_str()).with_type(class)
}

/// An item of `get` as an image; it must have the hash, which was asked for.
pub(super) fn image(album: &AlbumId, item: AdImageGetItem) -> Result<Image, BadAnswer> {
    let mut image = Image::new(album.clone(), id(item.ad_image_hash.as_deref())?);
    image.name = item.name;
    image.class = item.r#type.map(|class| class.as_str().to_owned());
    image.pixels = item.subtype.as_ref().and_then(pixels);
    image.url = item.original_url.map(picture_url);
    image.preview_url = item.preview_url.map(picture_url);
    image.in_use = item.associated.and_then(|associated| match associated {
        YesNoEnum::Yes => Some(true),
        YesNoEnum::No => Some(false),
        YesNoEnum::Unknown(_) => None,
    });
    Ok(image)
}

/// The size that a subtype names: `IMG_{width}_{height}`. Other subtypes (`NONE`) name none.
fn pixels(subtype: &AdImageSubtypeEnum) -> Option<Pixels> {
    let (width, height) = subtype.as_str().strip_prefix("IMG_")?.split_once('_')?;
    Some(Pixels::new(width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subtype_tells_the_size() {
        for (subtype, expected) in
            [("IMG_240_400", Some((240, 400))), ("NONE", None), ("IMG_1", None), ("IMG_a_b", None)]
        {
            let pixels = pixels(&AdImageSubtypeEnum::from(subtype));
            assert_eq!(pixels.map(|pixels| (pixels.width, pixels.height)), expected, "{subtype}");
        }
    }
}
