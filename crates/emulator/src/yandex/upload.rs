//! Putting one picture into an advertiser's library: journal first, then the rules, then the library, where equal
//! contents are one image and the first name stays.

use std::sync::Arc;

use bytes::Bytes;

use super::classes::{Unfit, Wanted, classify};
use super::texts::{self, Language, Text};
use crate::digest::yandex_hash;
use crate::journal::Ticket;
use crate::library::YandexImage;
use crate::lock::hold;
use crate::state::{Examined, State};

/// Why a picture did not get into the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    details: Text,
}

impl Refusal {
    /// A refusal for a file that is no picture.
    pub(crate) const NO_PICTURE: Self = Self { code: 5004, details: texts::FILE_TYPE };

    /// The details in one language.
    pub(crate) fn details(&self, language: Language) -> &'static str {
        self.details.in_(language)
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let (code, details) = match unfit {
            Unfit::FileSize => (5010, texts::FILE_SIZE),
            Unfit::FixedFileSize => (5010, texts::FIXED_FILE_SIZE),
            Unfit::FileType => (5004, texts::FILE_TYPE),
            Unfit::PixelSize => (5004, texts::PIXEL_SIZE),
        };
        Self { code, details }
    }
}

/// Stores `bytes` under `name` and tells the hash.
///
/// # Errors
/// When a rule, the image quota or the emulator's memory refuses the picture.
pub(crate) async fn upload(
    state: &Arc<State>,
    ticket: &Ticket,
    login: &str,
    name: String,
    bytes: Vec<u8>,
    wanted: Wanted,
) -> Result<String, Refusal> {
    let examined = state.examine(Bytes::from(bytes)).await;
    let place = ticket.sent(login, &examined.sha, examined.bytes.len());
    let stored = store(state, login, name, &examined, wanted);
    match &stored {
        Ok((_, true)) => ticket.settle(place, "stored"),
        Ok((_, false)) => ticket.settle(place, "known"),
        Err(refusal) => ticket.settle(place, format!("refused:{}", refusal.code)),
    }
    stored.map(|(hash, _)| hash)
}

/// The hash, and whether it is a new image.
fn store(
    state: &State,
    login: &str,
    name: String,
    examined: &Examined,
    wanted: Wanted,
) -> Result<(String, bool), Refusal> {
    put(state, login, name, examined, wanted, state.live().yandex.image_quota)
}

/// Puts an image into a library past its quota; the hash.
///
/// # Errors
/// When a rule for pictures or the emulator's memory refuses it.
pub(crate) fn seed(state: &State, login: &str, name: String, examined: &Examined) -> Result<String, Refusal> {
    put(state, login, name, examined, Wanted::NotFixed, usize::MAX).map(|(hash, _)| hash)
}

fn put(
    state: &State,
    login: &str,
    name: String,
    examined: &Examined,
    wanted: Wanted,
    quota: usize,
) -> Result<(String, bool), Refusal> {
    let settings = state.live();
    let tolerance = settings.yandex.wide_tolerance;
    let (class, subtype) = classify(examined.bytes.len(), examined.picture, wanted, tolerance)?;
    let picture = examined.picture.map_err(|_| Refusal::NO_PICTURE)?;
    let mut library = hold(&state.library);
    let copy = if settings.deduplicate { 0 } else { library.next_copy() };
    let hash = yandex_hash(&examined.sha, copy);
    let album = library.yandex.entry(login.to_owned()).or_default();
    if album.get(&hash).is_some() {
        return Ok((hash, false));
    }
    if album.len() >= quota {
        return Err(Refusal { code: 7001, details: texts::QUOTA });
    }
    let content = library
        .keep(examined.sha, &examined.bytes, picture, settings.stored_bytes)
        .map_err(|_| Refusal { code: 7001, details: texts::MEMORY })?;
    let image = YandexImage { hash: hash.clone(), name, class, subtype, content };
    library.yandex.entry(login.to_owned()).or_default().insert(hash.clone(), image);
    Ok((hash, true))
}

/// Takes all these images out of a library, or none.
///
/// # Errors
/// A hash that no image has.
pub(crate) fn remove_all<'a>(state: &State, login: &str, hashes: &'a [String]) -> Result<(), &'a str> {
    let mut library = hold(&state.library);
    let album = library.yandex.entry(login.to_owned()).or_default();
    if let Some(hash) = hashes.iter().find(|hash| album.get(hash).is_none()) {
        return Err(hash);
    }
    let removed: Vec<YandexImage> = hashes.iter().filter_map(|hash| album.remove(hash)).collect();
    for image in removed {
        library.release(&image.content);
    }
    Ok(())
}

/// Takes an image out of a library; false when it is not there.
pub(crate) fn remove(state: &State, login: &str, hash: &str) -> bool {
    let mut library = hold(&state.library);
    let removed = library.yandex.get_mut(login).and_then(|album| album.remove(hash));
    match removed {
        Some(image) => {
            library.release(&image.content);
            true
        }
        None => false,
    }
}
