//! Live 4 items as the domain's images, and the domain's questions as parameters.

use polyptych_domain::{AlbumId, Image, Upload};
use polyptych_wire_yandex::live4::{AdImage, AdImageRaw, AdImageSelectionCriteria};

use crate::call::BadAnswer;
use crate::content::blob;
use crate::yandex::items::id;
use crate::yandex::{login, picture_url};

/// An upload as an item of `UploadRawData`, which has no type.
pub(super) fn item(album: &AlbumId, upload: &Upload) -> AdImageRaw {
    let item = AdImageRaw::new(blob(&upload.content), upload.name.as_str());
    match login(album) {
        Some(login) => item.with_login(login),
        None => item,
    }
}

/// The images of the advertiser that `album` names. Advertisers need not name themselves.
pub(super) fn criteria(album: &AlbumId) -> AdImageSelectionCriteria {
    AdImageSelectionCriteria::default().with_logins(login(album))
}

/// An item of `Get` as an image.
pub(super) fn image(album: &AlbumId, item: AdImage) -> Result<Image, BadAnswer> {
    let mut image = Image::new(album.clone(), id(item.ad_image_hash.as_deref())?);
    image.name = item.name;
    image.url = item.ad_image_url.map(picture_url);
    image.in_use = match item.assigned.as_deref() {
        Some("Yes") => Some(true),
        Some("No") => Some(false),
        _ => None,
    };
    Ok(image)
}
