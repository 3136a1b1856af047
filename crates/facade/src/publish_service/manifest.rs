//! A manifest from its message. Everything that is wrong with it is told at once, each at its field.

use std::str::FromStr;

use polyptych_domain::{
    AlbumName, Blobs, ClientId, Manifest, ManifestAlbum, ManifestMistake, ManifestPicture, PictureSource, PictureUrl,
    PublishCommand, Service, Sha256, Wish,
};
use polyptych_proto::v1;
use tonic::{Code, Status};
use v1::sync_picture::Source;

use crate::convert;
use crate::image_service::target;
use crate::operations::within;
use crate::status::{Fields, Reason, Refusal, failed};

/// Most pictures of a manifest, and most wishes.
const MOST: usize = 10_000;

/// Mistakes that the message of a refusal tells in words.
const SPELLED: usize = 3;

/// What a manifest means, with the lengths of its staged files, which are kept for another hour from now on.
///
/// # Errors
/// If it is malformed, names a library that is not configured, or a file that this client has not staged.
pub(super) async fn read(
    service: &Service,
    blobs: &dyn Blobs,
    client: &ClientId,
    told: v1::SyncManifest,
) -> Result<Manifest, Status> {
    within("manifest.pictures", told.pictures.len(), MOST)?;
    within("manifest.albums", told.albums.len(), MOST)?;
    let wishes = told.albums.iter().map(|album| album.pictures.len()).fold(0, usize::saturating_add);
    if wishes > MOST {
        let message = format!("{wishes} pictures are wanted in all, and {MOST} are taken at most");
        return Err(Refusal::argument("manifest.albums", message).into());
    }
    let pictures = told.pictures.into_iter().enumerate().map(|(place, told)| picture(place, told));
    let albums = told.albums.into_iter().enumerate().map(|(place, told)| album(service, place, told));
    let mut manifest =
        Manifest { pictures: pictures.collect::<Result<_, _>>()?, albums: albums.collect::<Result<_, _>>()? };
    measure(blobs, client, &mut manifest).await?;
    match manifest.mistakes().as_slice() {
        [] => Ok(manifest),
        mistakes => Err(mistaken(mistakes).into()),
    }
}

fn picture(place: usize, told: v1::SyncPicture) -> Result<ManifestPicture, Refusal> {
    let field = |name: &str| format!("manifest.pictures[{place}].{name}");
    let source = match told.source {
        Some(Source::Sha256(digest)) => PictureSource::Kept { sha256: sha256(&field("sha256"), &digest)?, len: 0 },
        Some(Source::Uri(uri)) => PictureSource::Url { url: address(&field("uri"), uri)? },
        None => {
            let message = "say where the picture is: the `sha256` of a staged file, or its `uri`";
            return Err(Refusal::argument(&field("source"), message));
        }
    };
    let (fit, animation) = convert::fit(&field("fit"), told.fit, PublishCommand::FIT)?;
    let name = Some(told.display_name).filter(|name| !name.is_empty());
    Ok(ManifestPicture { key: told.key, name, source, fit, animation })
}

fn album(service: &Service, place: usize, told: v1::SyncAlbum) -> Result<ManifestAlbum, Refusal> {
    let album: AlbumName = target(service, &format!("manifest.albums[{place}].parent"), &told.parent)?;
    let class = |class: String| Some(class).filter(|class| !class.is_empty());
    let pictures = told.pictures.into_iter().map(|wish| Wish { picture: wish.key, class: class(wish.image_class) });
    Ok(ManifestAlbum { album, pictures: pictures.collect(), delete_others: told.delete_others })
}

/// 64 hex digits.
pub(super) fn sha256(field: &str, text: &str) -> Result<Sha256, Refusal> {
    Sha256::from_str(&text.to_ascii_lowercase()).map_err(|error| Refusal::argument(field, error.message()))
}

/// An address. What looks like a file is refused with the way that leads there, since the caller's files are not ours.
fn address(field: &str, uri: String) -> Result<PictureUrl, Refusal> {
    let remote = uri.split_once("://").is_some_and(|(scheme, _)| !scheme.eq_ignore_ascii_case("file"));
    PictureUrl::new(uri).map_err(|error| match remote {
        true => Refusal::argument(field, error.message()),
        false => {
            let message =
                "this server reads no files of its callers: bring the file with StagePicture and name its sha256";
            Refusal::argument(field, message)
        }
    })
}

/// Fills in the lengths of staged files.
async fn measure(blobs: &dyn Blobs, client: &ClientId, manifest: &mut Manifest) -> Result<(), Status> {
    let held = blobs.held(client, &manifest.blobs()).await;
    let mut held = held.map_err(|error| failed(&error, Fields::of("manifest.pictures")))?.into_iter();
    let mut missing = Vec::new();
    for (place, picture) in manifest.pictures.iter_mut().enumerate() {
        let PictureSource::Kept { sha256, len } = &mut picture.source else { continue };
        match held.next().flatten() {
            Some(bytes) => *len = bytes,
            None => missing.push((place, *sha256)),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} files of the manifest are not staged, or not any more; bring them with StagePicture",
        missing.len()
    );
    let refusal = Refusal::new(Code::FailedPrecondition, Reason::PictureNotStaged, message);
    let refusal = missing.into_iter().fold(refusal, |refusal, (place, sha256)| {
        refusal.with_field(&format!("manifest.pictures[{place}].sha256"), format!("{sha256} is not staged"))
    });
    Err(refusal.into())
}

fn mistaken(mistakes: &[ManifestMistake]) -> Refusal {
    let spelled: Vec<_> = mistakes.iter().take(SPELLED).map(ToString::to_string).collect();
    let more = mistakes.len().saturating_sub(SPELLED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let message = format!("the manifest is not usable: {}{more}", spelled.join("; "));
    let refusal = Refusal::new(Code::InvalidArgument, Reason::InvalidArgument, message);
    mistakes
        .iter()
        .fold(refusal, |refusal, mistake| refusal.with_field(&field(&mistake.place), mistake.message.clone()))
}

/// The field of the message for a place of the manifest.
fn field(place: &str) -> String {
    let told = match place.rsplit_once('.') {
        Some((item, "name")) => format!("{item}.display_name"),
        Some((item, "album")) => format!("{item}.parent"),
        _ => place.to_owned(),
    };
    format!("manifest.{told}")
}
