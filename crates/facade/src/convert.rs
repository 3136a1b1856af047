//! Proto messages from domain values and back. It never decides: what a request may say beyond its form is the domain's.

use polyptych_domain::{
    Album, AlbumName, Animation, Capabilities, Capability, Fit, Focus, Image, ImageClass, ImageLibrary, ImageName,
    LibraryId, Pixels, Rgb, Rules, Sent, SizeRule, UploadPolicy,
};
use polyptych_proto::v1;

use crate::status::Refusal;

/// `libraries/{library}` -> the library.
pub(crate) fn parse_library(field: &str, name: &str) -> Result<LibraryId, Refusal> {
    let Some(id) = name.strip_prefix("libraries/") else {
        let shown: String = name.chars().take(100).collect();
        return Err(Refusal::argument(field, format!("`{shown}` does not have the form `libraries/{{library}}`")));
    };
    LibraryId::new(id).map_err(|error| Refusal::argument(field, error.to_string()))
}

/// `libraries/{library}` or `libraries/{library}/albums/{album}` -> the library, and the album if it is named.
pub(crate) fn parse_parent(
    field: &str,
    parent: &str,
) -> Result<(LibraryId, Option<polyptych_domain::AlbumId>), Refusal> {
    if parent.matches('/').count() < 2 {
        return Ok((parse_library(field, parent)?, None));
    }
    let name: AlbumName = parent.parse().map_err(|error| Refusal::argument(field, format!("{error}")))?;
    Ok((name.library, Some(name.album)))
}

/// `libraries/{library}/quota` or `libraries/{library}/albums/{album}/quota` -> the library, and the album if it is named.
pub(crate) fn parse_quota(field: &str, name: &str) -> Result<(LibraryId, Option<polyptych_domain::AlbumId>), Refusal> {
    match name.strip_suffix("/quota") {
        Some(parent) => parse_parent(field, parent),
        None => {
            let shown: String = name.chars().take(100).collect();
            let form = "libraries/{library}/albums/{album}/quota";
            Err(Refusal::argument(field, format!("`{shown}` does not have the form `{form}`")))
        }
    }
}

/// The name of an image.
pub(crate) fn parse_image(field: &str, name: &str) -> Result<ImageName, Refusal> {
    name.parse().map_err(|error| Refusal::argument(field, format!("{error}")))
}

/// What may be done to an image, in the field `at`. Absent means `default`; a fit without a mode is one that this server
/// does not know.
pub(crate) fn fit(at: &str, fit: Option<v1::Fit>, default: Fit) -> Result<(Fit, Animation), Refusal> {
    use v1::fit::{Animation as Frames, Mode};
    let Some(fit) = fit else { return Ok((default, Animation::default())) };
    let animation = match Frames::try_from(fit.animation) {
        Ok(Frames::Unspecified | Frames::Refuse) => Animation::Refuse,
        Ok(Frames::FirstFrame) => Animation::FirstFrame,
        Err(_) => {
            let message = format!("{} is no value of Animation", fit.animation);
            return Err(Refusal::argument(&format!("{at}.animation"), message));
        }
    };
    let fit = match fit.mode {
        Some(Mode::Contain(contain)) => {
            let background = contain.background.map_or(Ok(Rgb::WHITE), |value| colour(at, value))?;
            Fit::Contain { background }
        }
        Some(Mode::Cover(cover)) => {
            let x = share(at, "focus_x", cover.focus_x)?;
            let y = share(at, "focus_y", cover.focus_y)?;
            Fit::Cover { focus: Focus { x, y } }
        }
        Some(Mode::Exact(_)) => Fit::Exact,
        Some(Mode::AsIs(_)) => Fit::None,
        None => {
            let message = "choose contain, cover, exact or as_is, or leave the fit out";
            return Err(Refusal::argument(&format!("{at}.mode"), message));
        }
    };
    Ok((fit, animation))
}

/// How far an upload may rely on what is known, in `field`.
pub(crate) fn policy(field: &str, policy: i32) -> Result<UploadPolicy, Refusal> {
    use v1::UploadPolicy as Told;
    match Told::try_from(policy) {
        Ok(Told::Unspecified | Told::Reuse) => Ok(UploadPolicy::Reuse),
        Ok(Told::Verify) => Ok(UploadPolicy::Verify),
        Ok(Told::Force) => Ok(UploadPolicy::Force),
        Err(_) => Err(Refusal::argument(field, format!("{policy} is not a policy that this server knows"))),
    }
}

fn colour(at: &str, value: u32) -> Result<Rgb, Refusal> {
    match value.to_be_bytes() {
        [0, red, green, blue] => Ok(Rgb([red, green, blue])),
        _ => {
            let message = format!("{value:#x} is not a colour from 0x000000 to 0xFFFFFF");
            Err(Refusal::argument(&format!("{at}.contain.background"), message))
        }
    }
}

fn share(at: &str, focus: &str, value: Option<f32>) -> Result<f32, Refusal> {
    match value {
        None => Ok(0.5),
        Some(value) if (0.0..=1.0).contains(&value) => Ok(value),
        Some(value) => Err(Refusal::argument(&format!("{at}.cover.{focus}"), format!("{value} is not from 0 to 1"))),
    }
}

/// A library with its capabilities and rules.
pub(crate) fn library(library: &dyn ImageLibrary) -> v1::Library {
    let default_album = library.default_album();
    let album = default_album.map(|album| AlbumName { library: library.id().clone(), album: album.clone() });
    v1::Library {
        name: format!("libraries/{}", library.id()),
        provider: library.provider().to_string(),
        encoding: library.encoding().to_owned(),
        default_album: album.map(|album| album.to_string()).unwrap_or_default(),
        capabilities: Some(capabilities(library.capabilities())),
        rules: Some(rules(library.rules())),
    }
}

fn capabilities(capabilities: &Capabilities) -> v1::Capabilities {
    let support = |capability| {
        use v1::capabilities::Support;
        i32::from(match capability {
            Capability::Native => Support::Native,
            Capability::Emulated => Support::Emulated,
            Capability::Absent => Support::Absent,
        })
    };
    v1::Capabilities {
        deduplicates: support(capabilities.deduplicates),
        replace: support(capabilities.replace),
        download: support(capabilities.download),
        copy: support(capabilities.copy),
        associations: support(capabilities.associations),
        associate: support(capabilities.associate),
        albums: support(capabilities.albums),
        room: support(capabilities.room),
        import_uri: support(capabilities.import_url),
        uploads_per_call: count(capabilities.uploads_per_call),
        deletes_per_call: count(capabilities.deletes_per_call),
        page_size: count(capabilities.page_size),
    }
}

fn rules(rules: &Rules) -> v1::Rules {
    v1::Rules {
        classes: rules.classes.iter().map(class).collect(),
        max_name_chars: count(rules.name.max_chars),
        name_extension_required: rules.name.extension_required,
        max_images_per_album: rules.images_per_album.map_or(0, count),
    }
}

fn class(class: &ImageClass) -> v1::ImageClass {
    let plain = v1::ImageClass {
        display_name: class.name.to_owned(),
        media_types: class.formats.iter().map(|format| format.media_type().to_owned()).collect(),
        max_bytes: bytes(class.max_bytes),
        automatic: class.automatic,
        evidence: cost::evidence(class.evidence).into(),
        ..v1::ImageClass::default()
    };
    match &class.size {
        SizeRule::Any => plain,
        SizeRule::Exact(sizes) => v1::ImageClass { exact_sizes: sizes.iter().copied().map(pixels).collect(), ..plain },
        SizeRule::Range { min, max, min_ratio, max_ratio } => v1::ImageClass {
            min_size: Some(pixels(*min)),
            max_size: Some(pixels(*max)),
            min_ratio: *min_ratio,
            max_ratio: *max_ratio,
            ..plain
        },
    }
}

/// An album of `library`.
pub(crate) fn album(library: &LibraryId, album: Album) -> v1::Album {
    let name = AlbumName { library: library.clone(), album: album.id };
    v1::Album {
        name: name.to_string(),
        uid: name.album.to_string(),
        display_name: album.name.unwrap_or_default(),
        owner: album.owner.unwrap_or_default(),
        codes: album.codes,
        barcodes: album.barcodes,
        active: album.active,
    }
}

/// An image in `library`.
pub(crate) fn image(library: &LibraryId, image: Image) -> v1::Image {
    let album = AlbumName { library: library.clone(), album: image.album.clone() };
    named(album.images()(&image.id), image)
}

/// Images in `library`, in their order; what the names of an album's images share is made once for those in a row.
pub(crate) fn images(library: &LibraryId, images: Vec<Image>) -> Vec<v1::Image> {
    let mut shown = Vec::with_capacity(images.len());
    let mut images = images.into_iter().peekable();
    while let Some(first) = images.next() {
        let album = AlbumName { library: library.clone(), album: first.album.clone() };
        let name = album.images();
        shown.push(named(name(&first.id), first));
        while let Some(image) = images.next_if(|image| image.album == album.album) {
            shown.push(named(name(&image.id), image));
        }
    }
    shown
}

fn named(name: String, image: Image) -> v1::Image {
    v1::Image {
        name,
        uid: image.id.into(),
        display_name: image.name.unwrap_or_default(),
        image_class: image.class.unwrap_or_default(),
        size: image.pixels.map(pixels),
        size_bytes: image.bytes.map_or(0, bytes),
        uri: image.url.unwrap_or_default(),
        preview_uri: image.preview_url.unwrap_or_default(),
        in_use: image.in_use,
        create_time: image.created.map(time),
    }
}

/// A point in time.
pub(crate) fn time(time: jiff::Timestamp) -> prost_types::Timestamp {
    // The domain's fraction has the sign of the whole; a protobuf fraction always counts forwards.
    let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
    let (seconds, nanos) = if nanos < 0 { (seconds - 1, nanos + 1_000_000_000) } else { (seconds, nanos) };
    prost_types::Timestamp { seconds, nanos }
}

/// A point in time of a request.
pub(crate) fn parse_time(field: &str, told: prost_types::Timestamp) -> Result<jiff::Timestamp, Refusal> {
    let time = (0..1_000_000_000).contains(&told.nanos).then(|| jiff::Timestamp::new(told.seconds, told.nanos));
    let refused = || Refusal::argument(field, "it is not a point in time from year 1 to 9999");
    time.and_then(Result::ok).ok_or_else(refused)
}

/// The file that was sent.
pub(crate) fn sent(sent: &Sent) -> v1::SentImage {
    v1::SentImage {
        media_type: sent.format.media_type().to_owned(),
        size: Some(pixels(sent.pixels)),
        size_bytes: bytes(sent.bytes),
        sha256: sent.sha256.to_string(),
        fitted: sent.fitted,
    }
}

fn pixels(pixels: Pixels) -> v1::Pixels {
    v1::Pixels { width: count(pixels.width), height: count(pixels.height) }
}

/// Nothing that is counted here comes near the end of the range; saturating keeps the sign right all the same.
pub(crate) fn count(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(crate) fn bytes(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

mod account;
mod check;
mod cost;

pub(crate) use account::{association, quota};
pub(crate) use check::report;
pub(crate) use cost::{budget, cost, costs, parse_budget};

#[cfg(test)]
mod tests;
